"""Who may sign in at the desk; and the demonstration's officer."""

from datetime import UTC, datetime, timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy.orm import Session

from ticketing import audit, officers
from ticketing.demonstration import demonstrate
from ticketing.errors import LoginError
from ticketing.models import AuditRow, CaseRow, OfficerRow
from ticketing.officers import add_officer, check_login
from ticketing.owner import look_up

NOON = datetime(2026, 8, 19, 5, 0, tzinfo=UTC)
PASSWORD = "kata sandi panjang"


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch):
    # What makes a password hard to guess makes a test slow.
    monkeypatch.setattr(officers, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    officers._nobodys_hash.cache_clear()
    yield
    officers._nobodys_hash.cache_clear()


@pytest.fixture
def ani(session):
    officer = add_officer(session, "ani", "Ani Wijaya", PASSWORD, now=NOON)
    session.commit()
    return officer


def refused(engine, login, password, now):
    """Sign in the way a request does: what raises is rolled back."""
    with pytest.raises(LoginError) as caught, Session(engine) as own, own.begin():
        check_login(own, login, password, now=now)
    return str(caught.value)


def test_an_officer_signs_in_and_the_password_is_stored_hashed_only(session, ani):
    assert check_login(session, " Ani ", PASSWORD, now=NOON) == ani
    stored = session.get(OfficerRow, "ani").password_hash
    assert stored.startswith("$argon2id$")
    assert session.query(AuditRow).filter_by(what="signed in").count() == 1


def test_an_unknown_login_and_a_wrong_password_are_told_the_same(engine, ani):
    assert refused(engine, "ani", "wrong", NOON) == refused(engine, "nobody", "wrong", NOON)
    assert refused(engine, "x' OR '1'='1", PASSWORD, NOON) == refused(engine, "", "", NOON)


def test_five_wrong_tries_lock_the_login_for_fifteen_minutes_though_each_was_rolled_back(
    engine, session, ani
):
    for _ in range(5):
        refused(engine, "ani", "wrong", NOON)
    refused(engine, "ani", PASSWORD, NOON + timedelta(minutes=14))
    assert check_login(session, "ani", PASSWORD, now=NOON + timedelta(minutes=15)) == ani
    assert audit.verify(session) == []
    assert [r.detail["locked"] for r in session.query(AuditRow).filter_by(what="login refused")] == [
        False, False, False, False, True, True,
    ]  # fmt: skip


def test_a_right_password_forgets_the_wrong_ones(engine, session, ani):
    for _ in range(2):
        for _ in range(4):
            refused(engine, "ani", "wrong", NOON)
        check_login(session, "ani", PASSWORD, now=NOON)
        session.commit()


@pytest.mark.parametrize(
    ("login", "name", "password", "role", "why"),
    [
        ("ani", "Ani", PASSWORD, "reviewer", "taken"),
        ("a b", "Ani", PASSWORD, "reviewer", "not a login"),
        ("budi", "Budi", "short", "reviewer", "at least 8"),
        ("budi", "Budi", PASSWORD, "king", "no role"),
        ("budi", " ", PASSWORD, "reviewer", "name"),
    ],
)
def test_an_officer_who_cannot_be_added_is_told_why(session, ani, login, name, password, role, why):
    with pytest.raises(LoginError, match=why):
        add_officer(session, login, name, password, role, now=NOON)


def test_the_demonstration_confirms_the_oldest_case_that_passes_the_gate(session, flag, register):
    register()
    register("D1A", vehicle_class="mobil penumpang")
    flag(plate_text="D1A", occurred_at=datetime(2026, 8, 17, 3, 0, tzinfo=UTC))
    flag(plate_accepted=False, occurred_at=datetime(2026, 8, 17, 4, 0, tzinfo=UTC))
    passing = flag()
    logins, password, plate, reference = demonstrate(session)
    session.commit()
    assert session.get(CaseRow, passing).state == "confirmed"
    assert session.query(CaseRow).filter_by(state="flagged").count() == 2
    assert look_up(session, reference, plate, now=NOON).case_id == passing
    assert [check_login(session, login, password, now=NOON).role for login in logins] == list(officers.ROLES)
    assert audit.verify(session) == []


def test_the_demonstration_confirms_nothing_where_nothing_passes(session, flag):
    flag()
    assert demonstrate(session) is None
    assert session.query(OfficerRow).count() == 0
