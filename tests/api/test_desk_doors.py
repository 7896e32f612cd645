"""Who gets in at the desk, and where: log-in in two steps, sessions, roles, forms."""

import re
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api.office import now
from ticketing import audit, second_factor
from ticketing.desk_models import DeskSessionRow
from ticketing.models import AuditRow, CaseRow

PASSWORD = "kata-sandi-uji"
WRONG = "salah-sekali"
# Each page and what may be done, with the roles that may; everything else below /desk is tested to need a log-in.
DESK, OVERSEE, SUPERVISE, ADMIN = (
    {"reviewer", "supervisor"},
    {"supervisor", "auditor"},
    {"supervisor"},
    {"admin"},
)
READ, ALL = DESK | {"auditor"}, {"reviewer", "supervisor", "auditor", "admin"}
PAGES = {
    "/desk/next": DESK, "/desk/cases/1": READ, "/desk/office": READ, "/desk/office/1": READ, "/desk/wall": ALL,
    "/desk/figures": ALL, "/desk/quality": OVERSEE, "/desk/deliveries": OVERSEE, "/desk/audit": OVERSEE,
    "/desk/admin/officers": ADMIN,    "/desk/admin/rules": ADMIN, "/desk/admin/gateways": ADMIN,
}  # fmt: skip
ACTS = {
    **{f"/desk/cases/1/{act}": DESK for act in ("confirm", "reject", "ask", "plate", "vehicle", "alerts/1")},
    **{f"/desk/office/1/{act}": DESK for act in ("send", "returned", "notice")},
    **{f"/desk/office/1/{act}": SUPERVISE for act in (
        "decide", "issue", "withdraw", "hearing", "verdict", "block", "refund")},
    **{f"/desk/deliveries/{what}/1": SUPERVISE for what in ("letters", "orders")},
    **{f"/desk/admin/{act}": ADMIN for act in (
        "officers", "officers/petugas/disable", "officers/petugas/reset", "sessions/end", "exempt", "exempt/1/end",
        "law", "gateways")},
}  # fmt: skip
FORM = {
    "reason": "no_violation", "text": "B 1 A", "vehicle_class": "mobil bus", "note": "-", "why": "-", "kind": "tilang",
    "decision": "accept", "day": "2030-01-07", "place": "PN", "fine": 1, "costs": 0, "number": "1", "ground": "-",
    "amount": 1, "reference": "1", "login": "baru", "name": "Baru", "role": "admin", "session_id": "-",
    "plate": "B 9 A", "valid_from": "2030-01-01", "last_day": "2030-01-01", "table": "deadlines", "key": "default",
    "values": '{"answer": 1}', "source": "-", "cameras": "cam", "happened": "yes",
}  # fmt: skip
ROLES = {"petugas": "reviewer", "penyelia": "supervisor", "auditor": "auditor", "admin": "admin"}


def rows(server, what):
    with Session(server.engine) as session:
        return list(session.scalars(select(AuditRow).where(AuditRow.what == what)))


def log_in(server):
    form = {"login": "petugas", "password": PASSWORD, "token": server.token("/desk/login")}
    return server.client.post("/desk/login", data=form, follow_redirects=False)


def give_code(server, code):
    form = {"code": code, "token": server.token("/desk/login/code")}
    return server.client.post("/desk/login/code", data=form, follow_redirects=False)


class TestSecondFactor:
    @pytest.fixture
    def settings(self):
        return {"second_factor": True}

    def test_the_password_alone_opens_nothing_but_the_set_up(self, server):
        assert log_in(server).headers["location"] == "/desk/login/code"
        for path in PAGES:
            answer = server.client.get(path, follow_redirects=False)
            assert (answer.status_code, answer.headers["location"]) == (303, "/desk/login/code"), path
        page = server.client.get("/desk/login/code")
        assert "<svg" in page.text and page.url.path == "/desk/login/setup"

    def test_an_officer_sets_it_up_and_signs_in_with_it_from_then_on(self, server):
        log_in(server)
        page = server.client.get("/desk/login/setup").text
        secret = re.search(r'class="secret">([A-Z2-7 ]+)<', page)[1].replace(" ", "")
        assert give_code(server, "000000").status_code == 401
        done = give_code(server, second_factor.code_at(secret, now()))
        assert (done.status_code, done.headers["location"]) == (303, "/desk")
        assert server.client.get("/desk", follow_redirects=False).status_code == 200
        form = {"token": server.token("/desk")}
        assert server.client.post("/desk/logout", data=form, follow_redirects=False).status_code == 303
        log_in(server)
        page = server.client.get("/desk/login/setup")
        assert secret[:4] not in page.text and page.url.path == "/desk/login/code"
        # The code of the set-up was used; the next one is let in.
        assert give_code(server, second_factor.code_at(secret, now())).status_code == 401
        later = second_factor.code_at(secret, now() + timedelta(seconds=30))
        assert give_code(server, later).headers["location"] == "/desk"

    def test_the_session_of_the_password_is_another_one_than_that_of_the_code(self, server):
        log_in(server)
        half = server.client.cookies["etle_desk"]
        page = server.client.get("/desk/login/setup").text
        secret = re.search(r'class="secret">([A-Z2-7 ]+)<', page)[1].replace(" ", "")
        give_code(server, second_factor.code_at(secret, now()))
        assert server.client.cookies["etle_desk"] != half
        server.client.cookies.set("etle_desk", half, path="/desk")
        assert server.client.get("/desk", follow_redirects=False).status_code == 303


def test_a_trial_without_the_second_factor_says_so_on_the_log_in_page(server):
    assert "PERCOBAAN" in server.client.get("/desk/login").text


class TestAThousandWrongLogIns:
    @pytest.fixture
    def settings(self):
        return {"log_ins_per_minute": 40}

    def test_each_is_refused_the_address_is_held_off_and_what_reached_the_door_is_on_record(
        self, server, caplog
    ):
        form = {"password": WRONG, "token": server.token("/desk/login")}
        codes = [
            server.client.post("/desk/login", data=form | {"login": f"petugas{i % 7 or ''}"}).status_code
            for i in range(1000)
        ]
        assert codes[:40] == [401] * 40 and set(codes[40:]) == {429}
        refused = rows(server, "login refused")
        assert len(refused) == 40
        assert {row.subject for row in refused} == {"officer petugas", "officer unknown"}
        assert any(row.detail["locked"] for row in refused if row.subject == "officer petugas")
        assert all(row.detail["address"] == "testclient" for row in refused)
        assert caplog.text.count("log-in refused: POST /desk/login from testclient") == 40
        assert caplog.text.count("too many tries: POST /desk/login from testclient") == 960

    def test_the_network_of_an_ipv6_address_is_held_off_whole(self, server, caplog):
        form = {"login": "petugas", "password": WRONG}
        codes = []
        for i in range(42):
            with server.from_address(f"2001:db8:0:7::{i:x}") as client:
                page = client.get("/desk/login").text
                form["token"] = page.split('name="token" value="')[1].split('"')[0]
                codes.append(client.post("/desk/login", data=form).status_code)
        assert codes == [401] * 40 + [429] * 2
        assert "too many tries: POST /desk/login from 2001:db8:0:7::/64" in caplog.text

    def test_from_as_many_addresses_the_login_is_locked_and_the_right_password_refused(self, server):
        codes, form = [], {"login": "petugas", "password": WRONG, "token": server.token("/desk/login")}
        for i in range(200):
            client = TestClient(
                server.client.app, client=(f"10.0.0.{i + 1}", 50000), cookies=server.client.cookies
            )
            codes += [client.post("/desk/login", data=form).status_code for _ in range(5)]
        assert codes == [401] * 1000
        assert log_in(server).status_code == 401
        assert len(rows(server, "login refused")) == 1001
        with Session(server.engine) as session:
            assert audit.verify(session) == []


def test_a_stolen_session_on_another_address_is_refused_ended_on_record_and_logged(server, caplog):
    server.sign_in()
    stolen = server.client.cookies["etle_desk"]
    thief = TestClient(server.client.app, client=("203.0.113.9", 50000))
    thief.cookies.set("etle_desk", stolen, path="/desk")
    for path in ("/desk", "/desk/cases/1", "/desk/cases/1/evidence/offence"):
        assert thief.get(path, follow_redirects=False).status_code == 403, path
    assert caplog.text.count("from 203.0.113.9") == 3 and "session from another address" in caplog.text
    (row, *_) = rows(server, "session refused")
    assert row.detail["came from"] == "203.0.113.9" and row.subject == "officer petugas"
    # Its officer is told at the next page, and signs in again.
    assert server.client.get("/desk", follow_redirects=False).status_code == 403
    server.sign_in()
    assert server.client.get("/desk").status_code == 200


def test_the_session_is_out_of_reach_of_scripts_other_sites_and_the_portal(server):
    answer = log_in(server)
    cookie = next(c for c in answer.headers.get_list("set-cookie") if c.startswith("etle_desk="))
    assert {"HttpOnly", "Path=/desk", "SameSite=strict"} <= set(cookie.split("; "))
    assert server.client.cookies["etle_desk"] not in server.client.get("/desk").text


@pytest.mark.parametrize(("column", "hours"), [("seen_at", 1), ("started_at", 9)])
def test_a_session_that_is_over_leads_to_the_log_in_which_says_why(server, column, hours):
    server.sign_in()
    with Session(server.engine) as session, session.begin():
        session.execute(update(DeskSessionRow).values({column: now() - timedelta(hours=hours)}))
    answer = server.client.get("/desk", follow_redirects=False)
    assert answer.headers["location"].startswith("/desk/login?over=")
    assert 'role="alert"' in server.client.get(answer.headers["location"]).text


@pytest.mark.parametrize("login", ROLES)
def test_each_role_opens_its_own_pages_and_is_refused_every_other_on_record(server, login):
    server.sign_in(login)
    role = ROLES[login]
    refused = 0
    for path, roles in PAGES.items():
        status = server.client.get(path, follow_redirects=False).status_code
        assert (status == 403) == (role not in roles), (path, status)
        assert status < 400 or role not in roles, (path, status)
        refused += status == 403
    token = server.token("/desk/wall")
    for path, roles in ACTS.items():
        if role in roles:
            continue
        answer = server.client.post(path, data=FORM | {"token": token}, follow_redirects=False)
        assert answer.status_code == 403, path
        refused += 1
    records = rows(server, "refused")
    assert len(records) == refused > 0
    assert {(row.who, row.detail["role"]) for row in records} == {(login, role)}
    with Session(server.engine) as session:
        assert set(session.scalars(select(CaseRow.state))) <= {"flagged", "under_review"}


@pytest.mark.parametrize("login", ROLES)
def test_no_form_from_elsewhere_does_anything_and_each_is_logged(server, caplog, login):
    server.sign_in(login)
    server.client.get("/desk/cases/1")
    for path, roles in ACTS.items():
        if ROLES[login] not in roles:
            continue
        for token in ({}, {"token": ""}, {"token": "made-up"}):
            answer = server.client.post(path, data=FORM | token, follow_redirects=False)
            assert answer.status_code in (403, 422), (path, token)
            assert token != {"token": "made-up"} or answer.status_code == 403, path
        assert f"form of no page of this session: POST {path} from" in caplog.text
    done = {
        "confirmed",
        "rejected",
        "plate corrected",
        "added officer",
        "law amended",
        "plate exempt",
        "login disabled",
    }
    with Session(server.engine) as session:
        assert not set(session.scalars(select(AuditRow.what))) & done


def test_everything_below_desk_needs_a_log_in(server):
    routes = [route for route in routes_of(server.client.app) if route.path.startswith("/desk")]
    assert len(routes) > 30
    for route in routes:
        path = re.sub(r"{[^}]*}", "1", route.path)
        for method in sorted(route.methods - {"HEAD"}):
            if path == "/desk/login":
                continue
            form = FORM if method == "POST" else None
            answer = server.client.request(method, path, data=form, follow_redirects=False)
            assert answer.status_code == 303, (method, path)
            assert answer.headers["location"] == "/desk/login", (method, path)


def routes_of(app):
    found, waiting = [], list(app.routes)
    while waiting:
        route = waiting.pop()
        if getattr(route, "methods", None):
            found.append(route)
        waiting += getattr(getattr(route, "original_router", route), "routes", None) or []
    return found
