"""The owner portal over HTTP."""

import re

import pytest

from api.desk import CHECK_WORDS


@pytest.fixture
def reference(server):
    server.sign_in()
    server.decide(1, "confirm", checked=list(CHECK_WORDS))
    found = re.search(r"ETLE-[0-9A-Z]{5}-[0-9A-Z]{5}", server.client.get("/desk/cases/1").text)
    server.client.cookies.clear()
    return found[0]


def look_up(server, reference, plate):
    form = {"reference": reference, "plate": plate, "token": server.token("/")}
    return server.client.post("/", data=form)


def test_an_owner_finds_the_notice_with_its_picture_and_nobodys_name(server, reference):
    answer = look_up(server, reference.lower(), "b1234abc")
    assert answer.status_code == 200
    assert "Melebihi batas kecepatan" in answer.text and "Rp500.000" in answer.text
    assert "Siti" not in answer.text and "Melati" not in answer.text
    link = re.search(r"/bukti/[\w.-]+", answer.text)[0]
    assert server.client.get(link).headers["content-type"] == "image/jpeg"


def test_a_wrong_plate_and_no_such_notice_get_the_same_answer(server, reference):
    def told(answer):
        page = re.sub(r'(name="(token|reference|plate)" value=)"[^"]*"', r"\1", answer.text)
        return answer.status_code, page

    wrong = told(look_up(server, reference, "B 9999 ZZ"))
    none = told(look_up(server, "ETLE-00000-00000", "B 1234 ABC"))
    assert wrong == none
    assert wrong[0] == 404


def test_an_unconfirmed_case_cannot_be_found(server):
    assert look_up(server, "", "B 1234 ABC").status_code in (404, 422)


def test_a_letters_qr_code_leads_to_the_form_with_the_reference(server, reference):
    assert f'value="{reference}"' in server.client.get(f"/t/{reference}").text


def test_look_ups_are_limited_per_address(server, reference):
    codes = [look_up(server, "ETLE-00000-00000", f"B {n} X").status_code for n in range(1, 8)]
    assert codes == [404] * 5 + [429] * 2


def test_a_picture_link_that_was_not_signed_here_gives_nothing(server, reference):
    link = re.search(r"/bukti/[\w.-]+", look_up(server, reference, "B 1234 ABC").text)[0]
    assert server.client.get(link[:-3] + "abc").status_code == 404
    assert server.client.get("/bukti/v-1").status_code == 404


def test_every_page_forbids_frames_and_foreign_sources(server):
    headers = server.client.get("/").headers
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
