"""The contact centre: what somebody begins, what the office promises, and what happens when it does not keep it."""

from datetime import timedelta

import pytest
from case_ways import NOON
from sqlalchemy.orm import Session

from ticketing import audit, contact, contact_office, contact_rules
from ticketing.contact import Place
from ticketing.contact_models import ContactMessageRow, ContactRow
from ticketing.errors import GuardError, ReasonError, TooManyError
from ticketing.models import AuditRow

MINUTE = timedelta(minutes=1)
SPOT = Place("Simpang Karet, dekat halte", -6.2, 106.8)


def ask(session, origin="10.0.0.1", at=NOON, **more):
    return contact.begin(
        session, "conversation", "payment", "Sudah bayar, kok belum lunas?", origin, now=at, **more
    )


def report(session, origin="10.0.0.1", at=NOON, place=SPOT, **more):
    return contact.begin(session, "report", "accident", "Dua motor", origin, place=place, now=at, **more)


def row_of(session, opened) -> ContactRow:
    return session.get(ContactRow, opened.contact_id, populate_existing=True)


def test_whoever_began_it_enters_with_its_number_and_secret_and_nobody_else(session):
    first, second = ask(session), report(session)
    assert first.reference.startswith("LAP-")
    assert contact.enter(session, first.reference[4:], first.secret) == first.contact_id
    assert contact.enter(session, first.reference, first.secret) == first.contact_id
    assert (
        contact.enter(session, first.reference.lower(), first.secret.replace("-", "").lower())
        == first.contact_id
    )
    for wrong in (
        (first.reference, second.secret),
        (second.reference, first.secret),
        ("ETLE-00000-00000", "X"),
        ("", ""),
    ):
        assert contact.enter(session, *wrong) is None


def test_secret_and_words_do_not_lie_open_in_the_database(session):
    opened = ask(session)
    stored = session.query(ContactMessageRow).one()
    assert "bayar" not in stored.text
    row = row_of(session, opened)
    assert opened.secret not in repr(vars(row)) and "10.0.0.1" not in repr(vars(row))


def test_a_conversation_goes_to_and_fro_with_a_promise_for_each_answer(session):
    opened = ask(session)
    assert row_of(session, opened).promise_due_at == NOON + timedelta(days=1)
    contact_office.answer(session, opened.contact_id, "ani", "Kami periksa.", now=NOON + MINUTE)
    row = row_of(session, opened)
    assert (row.status, row.promise_due_at) == (contact.ANSWERED, None)
    contact.write(session, opened.contact_id, "Belum juga", now=NOON + 2 * MINUTE)
    row = row_of(session, opened)
    assert (row.status, row.promise_due_at) == (contact.WAITING, NOON + 2 * MINUTE + timedelta(days=1))
    contact_office.close(session, opened.contact_id, "ani", "resolved", "Sudah lunas.", now=NOON + 3 * MINUTE)
    said = contact.messages(session, opened.contact_id)
    assert [m.by for m in said] == ["citizen", "office", "citizen", "office"]
    assert audit.verify(session) == []


def test_what_was_closed_opens_again_when_its_sender_writes(session):
    opened = report(session)
    contact_office.close(
        session, opened.contact_id, "ani", "not_found", "Tidak ada apa-apa di sana.", now=NOON
    )
    with pytest.raises(GuardError):
        contact_office.answer(session, opened.contact_id, "ani", "lagi", now=NOON)
    contact.write(session, opened.contact_id, "Masih ada, di seberang", now=NOON + MINUTE)
    row = row_of(session, opened)
    assert (row.status, row.outcome, row.closed_at) == (contact.WAITING, None, None)


def test_to_a_report_a_unit_is_sent_and_its_outcome_told(session):
    opened = report(session)
    assert row_of(session, opened).promise_due_at == NOON + 10 * MINUTE
    contact_office.send_unit(session, opened.contact_id, "ani", " PJR-12 ", now=NOON + 5 * MINUTE)
    row = row_of(session, opened)
    assert (row.status, row.unit, row.promise_due_at) == (
        contact.UNIT_SENT,
        "PJR-12",
        NOON + timedelta(minutes=245),
    )
    contact_office.close(
        session, opened.contact_id, "ani", "resolved", "Korban dibawa ke RS.", now=NOON + 60 * MINUTE
    )
    assert row_of(session, opened).outcome == "resolved"
    with pytest.raises(GuardError):
        contact_office.send_unit(session, ask(session).contact_id, "ani", "PJR-12", now=NOON)


def test_a_promise_that_passes_is_escalated_once_by_the_schedule(session, engine):
    late, kept = report(session), ask(session, "10.0.0.2")
    session.commit()
    assert contact_office.escalate_due(engine, NOON + 9 * MINUTE) == 0
    assert contact_office.escalate_due(engine, NOON + 10 * MINUTE) == 1
    assert contact_office.escalate_due(engine, NOON + 11 * MINUTE) == 0
    assert (
        row_of(session, late).escalated_at == NOON + 10 * MINUTE
        and row_of(session, kept).escalated_at is None
    )
    assert session.query(AuditRow).filter_by(what="contact escalated").count() == 1
    assert [r.id for r in contact_office.inbox(session)] == [late.contact_id, kept.contact_id]
    contact_office.send_unit(session, late.contact_id, "ani", "PJR-1", now=NOON + 12 * MINUTE)
    session.commit()
    assert row_of(session, late).escalated_at is None
    assert contact_office.escalate_due(engine, NOON + timedelta(days=1)) == 2


def test_one_network_begins_only_so_many(session):
    for _ in range(5):
        ask(session)
    with pytest.raises(TooManyError):
        report(session)
    report(session, "10.0.0.2")
    for hour in (1, 2, 3):
        for _ in range(5):
            ask(session, at=NOON + timedelta(hours=hour, minutes=hour))
    with pytest.raises(TooManyError):
        ask(session, at=NOON + timedelta(hours=6))


def test_where_somebody_wrote_from_is_forgotten_after_a_day(session, engine):
    opened = ask(session)
    session.commit()
    contact_office.escalate_due(engine, NOON + timedelta(hours=23))
    assert row_of(session, opened).origin is not None
    session.commit()
    contact_office.escalate_due(engine, NOON + timedelta(hours=25))
    assert row_of(session, opened).origin is None


def test_nobody_fills_a_conversation_alone(session):
    opened = ask(session)
    for _ in range(contact_rules.limits().unanswered_messages - 1):
        contact.write(session, opened.contact_id, "halo?", now=NOON)
    with pytest.raises(TooManyError):
        contact.write(session, opened.contact_id, "halo?", now=NOON)
    contact_office.answer(session, opened.contact_id, "ani", "ya", now=NOON)
    contact.write(session, opened.contact_id, "terima kasih", now=NOON)


@pytest.mark.parametrize(
    "place",
    [None, Place(" "), Place("x" * 201), Place("x", 91, 0), Place("x", 1, None), Place("x", float("nan"), 1)],
)
def test_a_report_needs_a_place_on_earth(session, place):
    with pytest.raises(ReasonError):
        report(session, place=place)


def test_what_says_nothing_too_much_or_of_no_topic_is_refused(session):
    for kind, topic, text in (("conversation", "payment", " "), ("conversation", "payment", "x" * 4001),
                              ("conversation", "accident", "x"), ("spam", "payment", "x")):  # fmt: skip
        with pytest.raises(ReasonError):
            contact.begin(session, kind, topic, text, "10.0.0.1", place=SPOT, now=NOON)
    assert session.query(ContactRow).count() == 0


def test_the_tables_of_the_portal_go_down_and_up_again_with_data_in_them(url, session, engine):
    from ticketing import objection_files
    from ticketing.db import migrate

    report(session)
    session.commit()
    session.close()
    migrate(url, "0007")
    migrate(url)
    with Session(engine) as again:
        assert again.query(ContactRow).count() == 0
        assert objection_files.files_of(again, 1) == []
