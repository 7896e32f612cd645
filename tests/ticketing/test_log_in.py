"""Second factor, sessions, and what an administrator does with logins."""

from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from case_ways import NOON
from sqlalchemy.orm import Session

from ticketing import administration, audit, desk_sessions, officers, second_factor, trail
from ticketing.desk_models import DeskSessionRow
from ticketing.errors import LoginError, NotFoundError
from ticketing.models import AuditRow, OfficerRow

PASSWORD = "kata sandi panjang"
LIMITS = desk_sessions.Limits(timedelta(minutes=30), timedelta(hours=8))
HERE, THERE = "10.0.0.1", "10.0.0.2"


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch):
    monkeypatch.setattr(officers, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    officers._nobodys_hash.cache_clear()
    yield
    officers._nobodys_hash.cache_clear()


@pytest.fixture
def ani(session):
    officers.add_officer(session, "ani", "Ani", PASSWORD, "admin", now=NOON)
    officers.add_officer(session, "budi", "Budi", PASSWORD, now=NOON)
    session.commit()
    return "ani"


def give(engine, code, now, login="ani"):
    """Give a code the way a request does; tell whether it was taken."""
    with Session(engine) as own, own.begin():
        try:
            second_factor.check(own, login, code, HERE, now=now)
        except LoginError:
            return False
    return True


@pytest.fixture
def secret(session, ani):
    offered = second_factor.offer(session, ani)
    session.commit()
    return offered.secret


def test_the_secret_is_offered_until_its_first_code_and_kept_as_ciphertext(engine, session, ani, secret):
    assert second_factor.offer(session, ani).secret == secret
    assert secret not in session.get(OfficerRow, ani).totp_sealed
    assert f"secret={secret}" in second_factor.offer(session, ani).uri
    assert not second_factor.is_on(session, ani)
    session.commit()
    assert give(engine, second_factor.code_at(secret, NOON), NOON)
    assert second_factor.is_on(session, ani)
    with pytest.raises(LoginError, match="administrator"):
        second_factor.offer(session, ani)


def test_a_code_is_good_once_and_half_a_minute_early_or_late(engine, secret):
    at = [NOON + timedelta(seconds=30 * i) for i in range(8)]
    codes = [second_factor.code_at(secret, when) for when in at]
    assert give(engine, codes[1], at[0])
    assert not give(engine, codes[1], at[0]) and not give(engine, codes[0], at[0])
    assert give(engine, f" {codes[2][:3]} {codes[2][3:]} ", at[3])
    assert not give(engine, codes[4], at[6])
    assert give(engine, codes[6], at[6])


def test_the_code_follows_rfc_6238():
    # RFC 6238, appendix B, SHA-1: the last six of the eight digits at 59 s and at 1111111109 s.
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    epoch = NOON - timedelta(seconds=NOON.timestamp())
    assert second_factor.code_at(secret, epoch + timedelta(seconds=59)) == "287082"
    assert second_factor.code_at(secret, epoch + timedelta(seconds=1111111109)) == "081804"


def test_five_wrong_codes_lock_the_login_like_five_wrong_passwords(engine, session, secret):
    for _ in range(5):
        assert not give(engine, "000000", NOON)
    assert not give(engine, second_factor.code_at(secret, NOON), NOON)
    with pytest.raises(LoginError):
        officers.check_login(session, "ani", PASSWORD, now=NOON)
    session.rollback()
    later = NOON + timedelta(minutes=16)
    assert give(engine, second_factor.code_at(secret, later), later)
    refused = session.query(AuditRow).filter_by(what="login refused").all()
    assert len(refused) == 7 and refused[0].detail == {"address": HERE, "locked": False}


@pytest.mark.parametrize("code", ["", "12345", "1234567", "ⅧⅧⅧⅧⅧⅧ", "' OR 1=1", "-00001"])
def test_what_is_no_code_is_a_wrong_one(engine, secret, code):
    assert not give(engine, code, NOON)


def resume(session, token, address=HERE, now=NOON):
    return desk_sessions.resume(session, token, address, LIMITS, now=now)


def test_a_session_is_kept_as_a_hash_and_gives_its_officer(session, ani):
    token = desk_sessions.begin(session, ani, HERE, passed=True, now=NOON)
    assert session.query(DeskSessionRow).one().id != token
    held = resume(session, token)
    assert (held.officer.login, held.officer.role, held.passed) == ("ani", "admin", True)
    assert resume(session, "made up") is None and resume(session, "") is None


def test_a_stolen_session_is_refused_on_another_address_ended_and_on_record(session, ani):
    token = desk_sessions.begin(session, ani, HERE, passed=True, now=NOON)
    assert resume(session, token, THERE) == desk_sessions.STOLEN
    assert resume(session, token) == desk_sessions.STOLEN
    (row,) = session.query(AuditRow).filter_by(what="session refused")
    assert (row.subject, row.detail["session of"], row.detail["came from"]) == ("officer ani", HERE, THERE)


def test_a_session_ends_idle_and_ends_old_however_busy(session, ani):
    idle = desk_sessions.begin(session, ani, HERE, passed=True, now=NOON)
    busy = desk_sessions.begin(session, ani, HERE, passed=True, now=NOON)
    assert resume(session, idle, now=NOON + timedelta(minutes=31)) == desk_sessions.IDLE
    at = NOON
    while at < NOON + timedelta(hours=8):
        assert isinstance(resume(session, busy, now=at), desk_sessions.Held), at
        at += timedelta(minutes=29)
    assert resume(session, busy, now=NOON + timedelta(hours=8, seconds=1)) == desk_sessions.OLD


def test_whoever_gave_only_the_password_has_five_minutes(session, ani):
    token = desk_sessions.begin(session, ani, HERE, passed=False, now=NOON)
    assert not resume(session, token, now=NOON + timedelta(minutes=4)).passed
    assert resume(session, token, now=NOON + timedelta(minutes=6)) == desk_sessions.OLD


def test_an_administrator_resets_what_a_lost_telephone_held_and_its_sessions_end(engine, session, secret):
    give(engine, second_factor.code_at(secret, NOON), NOON)
    token = desk_sessions.begin(session, "ani", HERE, passed=True, now=NOON)
    administration.reset_second_factor(session, "ani", "budi", now=NOON)
    assert resume(session, token) == desk_sessions.ENDED
    assert second_factor.offer(session, "ani").secret != secret


def test_a_disabled_login_is_refused_with_the_right_password(session, ani):
    token = desk_sessions.begin(session, "budi", HERE, passed=True, now=NOON)
    administration.disable(session, "budi", ani, now=NOON)
    session.commit()
    with pytest.raises(LoginError):
        officers.check_login(session, "budi", PASSWORD, now=NOON)
    session.rollback()
    assert resume(session, token) == desk_sessions.ENDED
    administration.enable(session, "budi", ani, now=NOON)
    session.commit()
    assert officers.check_login(session, "budi", PASSWORD, now=NOON).login == "budi"


def test_the_last_administrator_stays(session, ani):
    for act in (
        administration.disable,
        lambda s, *a, now: administration.set_role(s, a[0], "auditor", a[1], now=now),
    ):
        with pytest.raises(LoginError, match="last administrator"):
            act(session, ani, "budi", now=NOON)
    administration.set_role(session, "budi", "admin", ani, now=NOON)
    administration.disable(session, ani, "budi", now=NOON)
    assert [o.login for o in administration.officers(session, now=NOON) if o.disabled] == ["ani"]


def test_a_new_password_opens_a_locked_login(engine, session, ani):
    for _ in range(5):
        with pytest.raises(LoginError), Session(engine) as own, own.begin():
            officers.check_login(own, "budi", "wrong wrong", now=NOON)
    session.expire_all()
    assert next(o for o in administration.officers(session, now=NOON) if o.login == "budi").locked
    password = administration.give_password(session, "budi", ani, now=NOON)
    session.commit()
    assert officers.check_login(session, "budi", password, now=NOON).login == "budi"
    with pytest.raises(NotFoundError):
        administration.give_password(session, "nobody", ani, now=NOON)
    with pytest.raises(LoginError, match="no role"):
        administration.set_role(session, "budi", "king", ani, now=NOON)


def test_the_trail_is_read_by_who_what_and_subject_and_its_reading_is_on_it(session, ani):
    for case in (1, 2, 12):
        audit.record(session, NOON, "budi", "opened", f"case {case}")
    found = trail.read(session, trail.Asked(who="budi", what="opened"), 1, ani, now=NOON)
    assert [e.subject for e in found.entries] == ["case 12", "case 2", "case 1"]
    assert [e.id for e in trail.read(session, trail.Asked(subject="case 1"), 1, ani, now=NOON).entries] == [
        found.entries[2].id
    ]
    assert trail.read(session, trail.Asked(subject="case"), 1, ani, now=NOON).found == 3
    assert trail.read(session, trail.Asked(since=NOON + timedelta(days=1)), 1, ani, now=NOON).found == 0
    assert "trail read" in trail.kinds(session)
    assert trail.has_opened(session, 12, "budi", NOON) and not trail.has_opened(session, 12, "ani", NOON)
    assert not trail.has_opened(session, 12, "budi", NOON + timedelta(seconds=1))
