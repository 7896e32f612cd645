"""The contact centre over HTTP: the public door, and the desk."""

import re

import pytest
from owners import confirm, owner_opens
from sqlalchemy.orm import Session
from test_owner_answers import photo

from ticketing import audit, contact, contact_office
from ticketing.contact_models import ContactRow


def begin(server, kind="lapor", files=(), **fields):
    form = {"topic": "accident", "text": "Dua motor bertabrakan", "place": "Simpang Karet", "website": "",
            "token": server.token(f"/kontak/{kind}"), **fields}  # fmt: skip
    sent = [("files", (name, data)) for name, data in files]
    return server.client.post(f"/kontak/{kind}", data=form, files=sent or None)


def keys_of(page):
    shown = dict(re.findall(r'<b id="(nomor|kunci)">([\w-]+)</b>', page.text))
    return shown["nomor"], shown["kunci"]


def follow(server, number, secret):
    form = {"reference": number, "secret": secret, "token": server.token("/kontak")}
    return server.client.post("/kontak/ikuti", data=form)


def act(server, number, what, **form):
    form["token"] = server.token(f"/desk/kontak/{number}")
    return server.client.post(f"/desk/kontak/{number}/{what}", data=form)


def test_a_report_is_begun_sent_a_unit_closed_and_followed(server):
    begun = begin(server, files=[("kejadian.jpg", photo())], latitude="-6.2", longitude="106.8")
    assert begun.status_code == 201
    number, secret = keys_of(begun)
    server.client.cookies.clear()
    server.sign_in()
    assert number in server.client.get("/desk/kontak").text
    page = server.client.get("/desk/kontak/1").text
    assert "Dua motor" in page and "-6.20000, 106.80000" in page
    picture = server.client.get("/desk/kontak/1/berkas/0")
    assert (
        picture.headers["content-type"] == "image/jpeg"
        and "sandbox" in picture.headers["content-security-policy"]
    )
    assert "PJR-12" in act(server, 1, "satuan", unit="PJR-12").text
    assert act(server, 1, "tutup", outcome="resolved", text="Jalan sudah bersih.").status_code == 200
    server.client.cookies.clear()
    seen = follow(server, number, secret).text
    assert (
        "PJR-12" in seen
        and "Selesai ditangani" in seen
        and "Jalan sudah bersih." in seen
        and "petugas" not in seen
    )
    assert server.client.get("/kontak/milik-saya/berkas/0").status_code == 200
    assert server.client.get("/kontak/milik-saya/berkas/1").status_code == 404
    with Session(server.engine) as session:
        assert audit.verify(session) == []


def test_a_conversation_about_the_owners_own_case_shows_it_at_the_desk(server):
    owner_opens(server, confirm(server))
    begin(server, "tanya", topic="case", text="Kapan sidangnya?", about="case")
    with Session(server.engine) as session:
        assert session.get(ContactRow, 1).case_id == 1
    server.client.cookies.clear()
    begin(server, "tanya", topic="case", text="Kapan sidangnya?", about="case")
    with Session(server.engine) as session:
        assert session.get(ContactRow, 2).case_id is None
    server.sign_in()
    assert "/desk/cases/1" in server.client.get("/desk/kontak/1").text


def test_a_wrong_secret_and_no_such_number_get_the_same_answer_and_are_limited(server, caplog):
    number, _ = keys_of(begin(server))
    server.client.cookies.clear()
    strip = lambda page: re.sub(r'value="[^"]*"', "", page.text)  # noqa: E731
    wrong, none = follow(server, number, "AAAA-AAAA"), follow(server, "ETLE-00000-00000", "AAAA-AAAA")
    assert wrong.status_code == none.status_code == 404 and strip(wrong) == strip(none)
    codes = [follow(server, f"ETLE-0000{n}-00000", "A").status_code for n in range(6)]
    assert codes[-1] == 429 and "contact not found" in caplog.text
    assert server.client.get("/kontak/milik-saya").status_code == 403


@pytest.mark.parametrize(
    ("fields", "code"),
    [({"text": " "}, 422), ({"place": " "}, 422), ({"topic": "x"}, 422), ({"latitude": "utara", "longitude": "1"}, 422),
     ({"website": "http://spam"}, 422), ({"token": "made-up"}, 403), ({"latitude": "nan", "longitude": "1"}, 422)],
)  # fmt: skip
def test_what_is_no_report_is_refused_and_nothing_is_kept(server, fields, code):
    assert begin(server, **fields).status_code == code
    with Session(server.engine) as session:
        assert session.query(ContactRow).count() == 0


def test_a_refused_form_keeps_what_was_typed(server):
    page = begin(server, files=[("x.exe", b"MZ")], text="kata kata saya", place="Jl. Panjang")
    assert page.status_code == 422 and "kata kata saya" in page.text and "Jl. Panjang" in page.text


def test_one_address_begins_only_so_many(server):
    codes = [begin(server).status_code for _ in range(6)]
    assert codes == [201] * 5 + [429]


def test_the_desks_pages_are_for_officers_only(server):
    begin(server)
    for path in ("/desk/kontak", "/desk/kontak/1", "/desk/kontak/1/berkas/0"):
        assert server.client.get(path, follow_redirects=False).status_code == 303
    assert (
        server.client.post(
            "/desk/kontak/1/satuan", data={"unit": "x", "token": "y"}, follow_redirects=False
        ).status_code
        == 303
    )


def test_a_form_of_another_site_sends_no_unit_and_is_logged(server, caplog):
    begin(server)
    server.sign_in()
    answer = server.client.post("/desk/kontak/1/satuan", data={"unit": "PJR-1", "token": "made-up"})
    assert answer.status_code == 403
    assert "form of no page of this session: POST /desk/kontak/1/satuan" in caplog.text
    with Session(server.engine) as session:
        assert session.get(ContactRow, 1).status == contact.WAITING


def test_what_somebody_writes_is_text_and_never_markup(server):
    begin(server, text="<script>alert(1)</script>", place='"><img src=x onerror=alert(1)>')
    server.sign_in()
    for path in ("/desk/kontak", "/desk/kontak/1"):
        page = server.client.get(path).text
        assert "<script>alert" not in page and "<img src=x" not in page


def test_an_escalated_report_stands_first_and_is_told(server):
    from datetime import UTC, datetime, timedelta

    begin(server, "tanya", topic="payment", text="Halo")
    begin(server)
    contact_office.escalate_due(server.engine, datetime.now(UTC) + timedelta(minutes=11))
    server.sign_in()
    page = server.client.get("/desk/kontak").text
    assert "melewati janji" in page and page.index("/desk/kontak/2") < page.index("/desk/kontak/1")


def test_reading_is_on_the_trail(server):
    from ticketing.models import AuditRow

    begin(server)
    server.sign_in()
    server.client.get("/desk/kontak/1")
    with Session(server.engine) as session:
        assert session.query(AuditRow).filter_by(what="contact read").one().who == "petugas"
    assert server.client.get("/desk/kontak/99").status_code == 404
