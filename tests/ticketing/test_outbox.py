"""The outbox: tried until handed over, never sent twice, followed to the letterbox."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from case_ways import NOON
from pypdf import PdfReader
from test_letter import PORTAL, jpeg

from ticketing import answers, audit, dispatch, letters, outbox, schedule, tickets
from ticketing.case_models import TicketRow
from ticketing.channels import PostExport
from ticketing.errors import (
    AddressError,
    DeliveryError,
    GuardError,
    IllegalMoveError,
    InDoubtError,
    NotFoundError,
)
from ticketing.letter_models import LetterRow
from ticketing.models import AuditRow, CaseRow

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


class Recorded:
    """A channel that fails as it is told to, and records what it was handed."""

    def __init__(self, *faults, idempotent=True):
        self.faults, self.idempotent, self.got = list(faults), idempotent, []

    def deliver(self, letter):
        if self.faults and (fault := self.faults.pop(0)) is not None:
            raise fault
        self.got.append(letter)
        return f"JNE{len(self.got)}"


@pytest.fixture
def sent(session, confirmed):
    """Send the confirmation letter of a new case on paper; give the letter's number."""
    case = confirmed()
    (row,) = dispatch.send_confirmation(session, case, "ani", [jpeg()], PORTAL, now=NOON)
    session.commit()
    return row.id


def letter(session, number):
    session.expire_all()
    return session.get(LetterRow, number)


def test_the_letter_and_its_move_are_one_transaction(session, confirmed):
    case = confirmed()
    dispatch.send_confirmation(session, case, "ani", [], PORTAL, now=NOON)
    assert session.get(CaseRow, case).state == "letter_sent"
    session.rollback()
    assert session.get(CaseRow, case).state == "confirmed"
    assert session.query(LetterRow).count() == 0


def test_what_waits_lies_encrypted(session, sent):
    row = letter(session, sent)
    stored = " ".join(str(v) for v in (row.addressee, row.text, row.document))
    # Each with a sign that ciphertext never has, or too long to stand there by chance.
    assert "Siti Lestari" not in stored and "%PDF" not in stored and "ETLE-" not in stored


def test_a_letter_is_handed_to_the_mailing_house_whole_and_with_its_address(engine, session, sent, tmp_path):
    folder = tmp_path / "pos"
    assert outbox.deliver_due(engine, {"post": PostExport(folder)}, NOON) == {"sent": 1}
    row = letter(session, sent)
    about = json.loads((folder / f"{row.key}.json").read_text())
    assert (about["name"], about["address"]) == ("Siti Lestari", "Jl. Melati 1")
    assert len(PdfReader(folder / f"{row.key}.pdf").pages) == 1
    assert sorted(p.suffix for p in folder.iterdir()) == [".json", ".pdf"]
    assert outbox.deliver_due(engine, {"post": PostExport(folder)}, NOON + DAY) == {}
    assert audit.verify(session) == []


def test_what_could_not_be_handed_over_is_tried_again_later_and_later_with_the_same_key(
    engine, session, sent
):
    channel = Recorded(DeliveryError("penuh"), DeliveryError("penuh"))
    keys = set()
    for at, expected in ((NOON, "queued"), (NOON + MINUTE, None), (NOON + 2 * MINUTE, "queued"),
                         (NOON + 5 * MINUTE, None), (NOON + 6 * MINUTE, "sent")):  # fmt: skip
        assert outbox.deliver_due(engine, {"post": channel}, at) == ({expected: 1} if expected else {})
        keys.add(letter(session, sent).key)
    assert len(keys) == 1
    assert (letter(session, sent).tries, letter(session, sent).tracking) == (3, "JNE1")


def test_a_letter_that_is_never_accepted_fails_and_waits_for_an_officer(engine, session, sent):
    channel = Recorded(*[DeliveryError("penuh")] * 20)
    for k in range(12):
        outbox.deliver_due(engine, {"post": channel}, NOON + k * DAY)
    row = letter(session, sent)
    assert (row.status, row.tries, row.last_fault) == ("failed", outbox.MOST_TRIES, "penuh")
    outbox.clear_doubt(session, sent, "ani", False, now=NOON + 20 * DAY)
    session.commit()
    assert outbox.deliver_due(engine, {"post": Recorded()}, NOON + 20 * DAY) == {"sent": 1}


def test_eight_processes_hand_every_letter_over_once(engine, session, confirmed):
    for _ in range(12):
        dispatch.send_confirmation(session, confirmed(), "ani", [], PORTAL, now=NOON)
    session.commit()
    channel = Recorded()
    with ThreadPoolExecutor(8) as pool:
        counts = list(pool.map(lambda _: outbox.deliver_due(engine, {"post": channel}, NOON), range(8)))
    assert sum(c["sent"] for c in counts) == 12
    assert len({got.key for got in channel.got}) == len(channel.got) == 12


@pytest.mark.parametrize(("idempotent", "after"), [(True, "sent"), (False, "in_doubt")])
def test_after_a_crash_in_the_middle_only_a_channel_that_knows_its_key_is_tried_again(
    engine, session, sent, idempotent, after
):
    class Crash(BaseException):
        pass

    with pytest.raises(Crash):
        outbox.deliver_due(engine, {"post": Recorded(Crash())}, NOON)
    assert letter(session, sent).status == "sending"
    channel = Recorded(idempotent=idempotent)
    assert outbox.deliver_due(engine, {"post": channel}, NOON + 14 * MINUTE) == {}
    outbox.deliver_due(engine, {"post": channel}, NOON + 16 * MINUTE)
    assert letter(session, sent).status == after


def test_a_letter_in_doubt_is_never_sent_again_by_itself(engine, session, sent):
    channel = Recorded(InDoubtError("diam"), idempotent=False)
    assert outbox.deliver_due(engine, {"post": channel}, NOON) == {"in_doubt": 1}
    assert outbox.deliver_due(engine, {"post": channel}, NOON + 30 * DAY) == {}
    outbox.clear_doubt(session, sent, "ani", True, now=NOON)
    assert letter(session, sent).status == "sent"
    with pytest.raises(GuardError, match="no doubt"):
        outbox.clear_doubt(session, sent, "ani", True, now=NOON)


def test_a_letter_whose_case_was_withdrawn_meanwhile_does_not_go(engine, session, sent):
    tickets.withdraw(session, letter(session, sent).case_id, "ani", "pelat ganda", now=NOON)
    session.commit()
    channel = Recorded()
    assert outbox.deliver_due(engine, {"post": channel}, NOON) == {"cancelled": 1}
    assert channel.got == []


@pytest.mark.parametrize("status", ["returned", "address_invalid"])
def test_a_letter_that_came_back_stops_the_days_until_it_goes_to_a_better_address(
    engine, session, sent, status
):
    outbox.deliver_due(engine, {"post": Recorded()}, NOON)
    case = letter(session, sent).case_id
    outbox.report(session, sent, status, "pos", "pindah", now=NOON + DAY)
    assert session.get(CaseRow, case).state == "undelivered"
    (again,) = dispatch.send_confirmation(
        session, case, "ani", [], PORTAL, better_address=("Siti Lestari", "Jl. Baru 9"), now=NOON + 9 * DAY
    )
    session.commit()
    assert (again.of, again.id != sent) == ("2", True)
    channel = Recorded()
    outbox.deliver_due(engine, {"post": channel}, NOON + 9 * DAY)
    assert channel.got[0].to.address == "Jl. Baru 9"
    # The first one is reported again: it is the second that counts.
    outbox.report(session, sent, status, "pos", now=NOON + 10 * DAY)
    assert session.get(CaseRow, case).state == "letter_sent"


def test_an_address_that_the_channel_refuses_stops_the_days_too(engine, session, sent):
    outbox.deliver_due(engine, {"post": Recorded(AddressError("tidak dikenal"))}, NOON)
    assert session.get(CaseRow, letter(session, sent).case_id).state == "undelivered"


def test_a_report_that_cannot_be_is_refused(session, sent):
    with pytest.raises(GuardError, match="nothing can have come"):
        outbox.report(session, sent, "delivered", "pos", now=NOON)
    with pytest.raises(GuardError, match="no report"):
        outbox.report(session, sent, "eaten", "pos", now=NOON)
    with pytest.raises(NotFoundError):
        outbox.report(session, 99, "delivered", "pos", now=NOON)


def test_nobody_is_blocked_for_a_ticket_that_did_not_arrive(engine, session, in_state):
    case = in_state("unpaid")
    row = dispatch.send_notice(session, case, "tilang", "ani", [], PORTAL, now=NOON)
    session.commit()
    outbox.deliver_due(engine, {"post": Recorded()}, NOON)
    outbox.report(session, row.id, "returned", "pos", now=NOON)
    with pytest.raises(GuardError, match="did not reach"):
        tickets.block_stnk(session, case, "ani", "not_paid", now=NOON)


def silent(engine, session, case):
    session.commit()
    schedule.run_due(engine, NOON + 30 * DAY)
    session.expire_all()
    assert session.get(CaseRow, case).state == "silent"


def test_no_ticket_is_issued_for_a_letter_that_never_left(engine, session, sent):
    case = letter(session, sent).case_id
    silent(engine, session, case)
    with pytest.raises(GuardError, match="did not reach its addressee"):
        tickets.issue(session, case, "ani", now=NOON + 30 * DAY)
    session.rollback()
    assert session.get(CaseRow, case).state == "silent"
    assert session.get(TicketRow, case) is None


@pytest.mark.parametrize("status", [outbox.FAILED, outbox.IN_DOUBT])
def test_a_ticket_is_issued_once_an_officer_has_found_that_the_letter_went(engine, session, sent, status):
    row = letter(session, sent)
    row.status = status
    silent(engine, session, row.case_id)
    with pytest.raises(GuardError, match="did not reach its addressee"):
        tickets.issue(session, row.case_id, "ani", now=NOON + 30 * DAY)
    outbox.clear_doubt(session, sent, "ani", True, now=NOON + 30 * DAY)
    assert tickets.issue(session, row.case_id, "ani", now=NOON + 30 * DAY).case_id == row.case_id


def test_an_owner_who_admits_gets_the_ticket_whatever_became_of_the_letter(session, sent):
    row = letter(session, sent)
    row.status = outbox.FAILED
    answers.answer(session, row.case_id, "admit", answers.Statement("ya"), now=NOON)
    assert tickets.issue(session, row.case_id, "ani", now=NOON).case_id == row.case_id


@pytest.mark.parametrize("state", ["confirmed", "driver_named", "silent"])
def test_another_address_is_taken_only_where_the_letter_came_back(session, in_state, state):
    case = in_state(state)
    with pytest.raises(GuardError, match="only where the letter came back"):
        letters.readdress(session, case, "ani", "Orang Lain", "Jl. Baru 9", now=NOON)
    session.rollback()
    row = session.get(CaseRow, case)
    assert row.state == state
    assert letters.addressee_of(session, row).name != "Orang Lain"


@pytest.mark.parametrize("state", ["letter_sent", "admitted", "contested", "ticket_issued", "withdrawn"])
def test_a_case_that_waits_for_no_letter_takes_no_address(session, in_state, state):
    case = in_state(state)
    with pytest.raises(IllegalMoveError):
        letters.readdress(session, case, "ani", "Orang Lain", "Jl. Baru 9", now=NOON)
    session.rollback()
    assert session.get(CaseRow, case).addressee_personal is None


def test_a_notice_of_one_thing_goes_out_once(session, in_state):
    case = in_state("ticket_issued")
    first = dispatch.send_notice(session, case, "tilang", "ani", [], PORTAL, now=NOON)
    again = dispatch.send_notice(session, case, "tilang", "ani", [], PORTAL, now=NOON + DAY)
    assert first.id == again.id
    assert session.query(AuditRow).filter_by(what="letter queued").count() == 1


def test_telephone_and_mail_are_told_only_where_they_are_known(session, confirmed, in_state):
    # The register of these tests holds "-" for telephone and e-mail; a named driver has a telephone only.
    case = in_state("driver_named")
    rows = dispatch.send_confirmation(
        session, case, "ani", [], PORTAL, ("post", "email", "message"), now=NOON
    )
    assert [row.channel for row in rows] == ["post", "message"]
    assert letters.addressee_of(session, session.get(CaseRow, case)).phone == "0813"
    assert rows[1].document is None
