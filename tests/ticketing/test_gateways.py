"""Gateways, their keys and what each opens when."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import inspect, select, text
from sqlalchemy.orm import Session

from ticketing import audit, gateways
from ticketing.db import make_engine, migrate
from ticketing.errors import GatewayError
from ticketing.models import AuditRow

NOW = datetime(2026, 8, 18, 3, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def add(session, name="gerbang-1", cameras=("simpang-1",)):
    return gateways.add_gateway(session, name, list(cameras), who="admin", now=NOW)


def opens(session, key, at=NOW):
    found = gateways.gateway_of_key(session, key, at)
    return None if found is None else found.name


def test_a_key_opens_for_its_gateway_and_only_its_hash_is_kept(session):
    key = add(session)
    assert opens(session, key) == "gerbang-1"
    assert opens(session, key + "x") is None
    kept = session.execute(text("SELECT * FROM gateway_keys")).all()
    assert key not in str(kept) and len(kept) == 1


def test_a_rotated_key_overlaps_with_the_one_before_and_then_ends(session):
    first = add(session)
    second = gateways.rotate_key(session, "gerbang-1", overlap=HOUR, who="admin", now=NOW)
    assert opens(session, first, NOW + HOUR / 2) == opens(session, second, NOW + HOUR / 2) == "gerbang-1"
    assert opens(session, first, NOW + HOUR) is None
    assert opens(session, second, NOW + HOUR) == "gerbang-1"


def test_never_more_than_two_keys_are_valid_and_a_rotation_prolongs_none(session):
    first = add(session)
    second = gateways.rotate_key(session, "gerbang-1", overlap=HOUR, who="admin", now=NOW)
    third = gateways.rotate_key(session, "gerbang-1", overlap=24 * HOUR, who="admin", now=NOW)
    assert [opens(session, key) for key in (first, second, third)] == [None, "gerbang-1", "gerbang-1"]


def test_a_revoked_key_ends_at_once_and_the_others_stay(session):
    first = add(session)
    second = gateways.rotate_key(session, "gerbang-1", who="admin", now=NOW)
    (one, _) = gateways.gateways(session, NOW)[0].keys
    assert gateways.revoke_key(session, "gerbang-1", one.id, who="admin", now=NOW) == 1
    assert (opens(session, first), opens(session, second)) == (None, "gerbang-1")
    gateways.revoke_key(session, "gerbang-1", who="admin", now=NOW)
    assert opens(session, second) is None


@pytest.mark.parametrize("camera", ["../etc", "", "a/b", "Simpang 1", "x" * 64])
def test_what_is_no_cameras_id_is_refused(session, camera):
    with pytest.raises(GatewayError, match="camera's id"):
        add(session, cameras=[camera])


def test_a_name_is_registered_once_and_an_unknown_one_has_nothing(session):
    add(session)
    with pytest.raises(GatewayError, match="registered"):
        add(session)
    with pytest.raises(GatewayError, match="no gateway"):
        gateways.rotate_key(session, "gerbang-9", who="admin", now=NOW)
    with pytest.raises(GatewayError, match="no key 77"):
        gateways.revoke_key(session, "gerbang-1", 77, who="admin", now=NOW)


def test_signing_keys_are_one_gateways_own_and_end_with_a_revocation(session):
    add(session)
    add(session, "gerbang-2")
    gateways.add_signing_key(session, "gerbang-1", b"k" * 32, who="admin", now=NOW)
    assert gateways.gateways(session, NOW)[0].signing_keys == ((b"k" * 32).hex(),)
    with pytest.raises(GatewayError, match="one of its own"):
        gateways.add_signing_key(session, "gerbang-2", b"k" * 32, who="admin", now=NOW)
    with pytest.raises(GatewayError, match="32 bytes"):
        gateways.add_signing_key(session, "gerbang-2", b"k", who="admin", now=NOW)
    gateways.revoke_key(session, "gerbang-1", who="admin", now=NOW)
    assert gateways.gateways(session, NOW)[0].signing_keys == ()


def test_a_signing_key_that_was_revoked_is_valid_again_for_its_own_gateway_only(session):
    add(session), add(session, "gerbang-2")
    gateways.add_signing_key(session, "gerbang-1", b"k" * 32, who="admin", now=NOW)
    gateways.revoke_key(session, "gerbang-1", who="admin", now=NOW)
    with pytest.raises(GatewayError, match="registered already"):
        gateways.add_signing_key(session, "gerbang-2", b"k" * 32, who="admin", now=NOW + HOUR)
    gateways.add_signing_key(session, "gerbang-1", b"k" * 32, who="admin", now=NOW + HOUR)
    first, second = gateways.gateways(session, NOW + HOUR)
    assert (first.signing_keys, second.signing_keys) == (((b"k" * 32).hex(),), ())
    assert len([key for key in first.keys if key.kind == "ed25519"]) == 1
    again = session.scalars(select(AuditRow).where(AuditRow.what == "gateway signing key valid again")).one()
    assert (again.who, again.subject) == ("admin", "gateway gerbang-1")


def test_cameras_are_set_anew(session):
    add(session)
    gateways.set_cameras(session, "gerbang-1", ["simpang-2", "simpang-3"], who="admin", now=NOW)
    assert gateways.gateways(session, NOW)[0].cameras == ("simpang-2", "simpang-3")


def test_every_change_is_in_the_audit_trail_and_no_key_is(session):
    key = add(session)
    gateways.rotate_key(session, "gerbang-1", who="siti", now=NOW)
    rows = session.execute(text("SELECT who, what, detail FROM audit ORDER BY id")).all()
    assert [(r.who, r.what) for r in rows] == [("admin", "gateway added"), ("siti", "gateway key rotated")]
    assert key not in str(rows) and audit.verify(session) == []


def test_the_migration_goes_down_and_up_with_gateways_in_it(tmp_path):
    url = f"sqlite:///{tmp_path / 'office.sqlite3'}"
    migrate(url)
    engine = make_engine(url)
    with Session(engine) as session, session.begin():
        add(session)
    migrate(url, "0007")
    assert "gateways" not in inspect(engine).get_table_names()
    migrate(url)
    assert "gateways" in inspect(engine).get_table_names()
    engine.dispose()
