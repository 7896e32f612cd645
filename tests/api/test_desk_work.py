"""What supervisors, auditors and administrators do at the desk, and that all of it is on the trail."""

import re
from datetime import UTC, datetime

import numpy as np
import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api.desk import CHECK_WORDS
from api.office import now
from pipeline.health import PAUSED, CameraHealth, write_health, write_picture
from pipeline.images import encode_jpeg
from ticketing import answers, desk, letters
from ticketing.models import AuditRow, CaseRow
from ticketing.types import Checklist

ALL = list(CHECK_WORDS)


def post(server, path, **form):
    form["token"] = server.token("/desk/wall")
    return server.client.post(path, data=form, follow_redirects=False)


@pytest.fixture
def admitted(server):
    """Case 1, confirmed, its letter sent, and its owner has said that they drove."""
    with Session(server.engine) as session, session.begin():
        desk.open_case(session, 1, "petugas", now=now())
        desk.confirm(session, 1, "petugas", Checklist(True, True, True, True), now=now())
        letters.send_letter(session, 1, "petugas", now=now())
        answers.answer(session, 1, "admit", answers.Statement("saya", sim_number="123456789"), now=now())
    return 1


def test_a_supervisor_issues_the_ticket_and_takes_it_to_court(server, admitted):
    server.sign_in("penyelia")
    assert 'href="/desk/office/1"' in server.client.get("/desk/office").text
    assert post(server, "/desk/office/1/issue").status_code == 303
    page = server.client.get("/desk/office/1").text
    assert "Tilang diterbitkan" in page and "tilang" in page and re.search(r"77777\d+", page)
    early = post(server, "/desk/office/1/verdict", fine=100, costs=0, number="1")
    assert early.status_code == 409 and 'role="alert"' in early.text
    assert post(server, "/desk/office/1/hearing", day="2031-01-07", place="PN Jakarta").status_code == 303
    assert "PN Jakarta" in server.client.get("/desk/office/1").text
    sunday = post(server, "/desk/office/1/hearing", day="2031-01-05", place="PN Jakarta")
    assert sunday.status_code == 409


def test_what_an_answer_says_is_read_on_record(server, admitted):
    server.sign_in("auditor")
    page = server.client.get("/desk/office/1").text
    assert "Saya yang mengemudi" in page and "Terbitkan" not in page
    with Session(server.engine) as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.what == "answers read")).all()
    assert [(row.who, row.subject) for row in rows] == [("auditor", "case 1")]


def test_no_picture_of_a_case_is_given_to_whom_the_trail_has_not_as_having_opened_it(server):
    server.sign_in()
    assert server.client.get("/desk/cases/2/evidence/offence").status_code == 403
    server.client.get("/desk/cases/2")
    answer = server.client.get("/desk/cases/2/evidence/offence")
    assert answer.status_code == 200 and answer.headers["cache-control"] == "private, max-age=600"


def test_the_wall_shows_each_cameras_last_picture_and_no_other(server):
    server.sign_in("admin")
    page = server.client.get("/desk/wall")
    assert "/desk/wall/simpang-1.jpg" in page.text and page.headers["refresh"] == "30"
    assert "refresh" not in server.client.get("/desk/wall?live=false").headers
    last = server.client.get("/desk/wall/simpang-1.jpg")
    assert last.headers["content-type"] == "image/jpeg"
    assert server.client.get("/desk/wall/v-1.jpg").status_code == 404
    frame = encode_jpeg(np.full((36, 64, 3), 90, np.uint8))
    write_picture(server.data, "simpang-1", frame)
    write_health(
        server.data, CameraHealth("simpang-1", PAUSED, ("blurred",), last_frame_at=datetime.now(UTC))
    )
    assert server.client.get("/desk/wall/simpang-1.jpg").content == frame != last.content
    assert "Penegakan dijeda" in (wall := server.client.get("/desk/wall").text) and "kabur" in wall


def test_a_supervisor_sees_what_an_officer_opened_and_whether_the_trail_is_whole(server):
    server.sign_in()
    server.client.get("/desk/cases/2")
    server.sign_in("penyelia")
    page = server.client.get("/desk/audit?by=petugas&what=opened&verify=true").text
    assert "case 2" in page and "utuh dari awal" in page
    with Session(server.engine) as session, session.begin():
        session.execute(update(AuditRow).where(AuditRow.what == "opened").values(who="orang lain"))
    page = server.client.get("/desk/audit?verify=true").text
    assert "was altered" in page and "utuh dari awal" not in page


def test_an_administrator_adds_an_officer_whose_password_is_shown_once(server):
    server.sign_in("admin")
    page = post(server, "/desk/admin/officers", login="baru", name="Baru", role="auditor").text
    password = re.search(r'class="secret">([^<]+)<', page)[1]
    assert password not in server.client.get("/desk/admin/officers").text
    assert post(server, "/desk/admin/officers", login="baru", name="Baru", role="auditor").status_code == 409
    form = {"login": "baru", "password": password, "token": server.token("/desk/login")}
    answer = server.client.post("/desk/login", data=form, follow_redirects=True)
    assert answer.url.path == "/desk/audit"


def test_a_disabled_officer_is_out_at_the_next_page(server):
    server.sign_in()
    petugas = server.client.cookies["etle_desk"]
    server.sign_in("admin")
    assert post(server, "/desk/admin/officers/petugas/disable").status_code == 303
    server.client.cookies.set("etle_desk", petugas, path="/desk")
    assert "/desk/login" in server.client.get("/desk", follow_redirects=False).headers["location"]


def test_an_administrator_keeps_exempt_plates_rows_of_law_and_gateways(server):
    server.sign_in("admin")
    added = {"plate": "B 1 AMB", "kind": "ambulans", "valid_from": "2026-01-01"}
    assert post(server, "/desk/admin/exempt", **added).status_code == 303
    row = {"table": "deadlines", "key": "default", "valid_from": "2030-01-01", "source": "Perkap contoh"}
    assert post(server, "/desk/admin/law", **row, values='{"answer": 12}').status_code == 303
    page = server.client.get("/desk/admin/rules").text
    assert "B1AMB" in page and "answer = 12" in page and "Perkap contoh" in page
    for values in ('{"answr": 12}', "[]", "not JSON"):
        assert post(server, "/desk/admin/law", **row, values=values).status_code == 409
    key = post(server, "/desk/admin/gateways", name="gw-1", cameras="cam-1, cam-2").text
    assert "etle_" in key and "etle_" not in server.client.get("/desk/admin/gateways").text.split("<main")[1]


class TestBlindSecondOfficer:
    @pytest.fixture
    def settings(self):
        return {"second_share": 1.0}

    def test_the_second_decides_without_knowing_of_the_first(self, server):
        server.sign_in()
        first = server.decide(1, "confirm", checked=ALL, then="next")
        assert "passed" in first.headers["location"]
        assert server.client.get("/desk/cases/1").status_code == 409
        server.sign_in("kedua")
        page = server.client.get("/desk/cases/1").text
        assert "mengonfirmasi" not in page.split("<main")[1].split("<dialog")[0]
        server.decide(1, "confirm", checked=ALL)
        with Session(server.engine) as session:
            assert session.get(CaseRow, 1).state == "confirmed"
        server.sign_in("penyelia")
        page = server.client.get("/desk/quality").text
        assert "petugas" in page and "100 % (1/1)" in page
