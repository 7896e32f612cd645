"""A flagged violation, and from its confirmation the shortest way to each state."""

from datetime import UTC, date, datetime, timedelta

from ticketing import answers, clocks, letters, money, moves, schedule, tickets
from ticketing.types import FlaggedViolation

NOON = datetime(2026, 8, 19, 5, 0, tzinfo=UTC)
FLAG = FlaggedViolation(
    violation_id="v-1", rule="red_light", camera_id="cam", camera_name="Simpang Karet", office="Ditlantas",
    street="Jl. Sudirman", latitude=-6.2, longitude=106.8, timezone="Asia/Jakarta",
    occurred_at=datetime(2026, 8, 18, 3, 0, 5, tzinfo=UTC), vehicle_class="motorcycle", plate_text="B1234ABC",
    plate_accepted=True, plate_confidence=0.99, character_probabilities=(0.99,) * 8, plate_colour="white",
    plate_reason="", speed_kmh=41.5, speed_uncertainty_kmh=1.5, speed_limit_kmh=50.0,
    measured={"seconds_into_red": 2.5}, evidence_manifest_sha256="0" * 64,
)  # fmt: skip
DAY = timedelta(days=1)
HEARING = date(2026, 9, 14)


def _send(session, case):
    letters.send_letter(session, case, "ani", now=NOON)


def _say(kind):
    said = answers.Statement("karena begitu", "Budi Santoso", "Jl. Kenanga 2, Bogor", "0813", "1234567890")
    return lambda session, case: answers.answer(session, case, kind, said, now=NOON)


def _clock(days):
    return lambda session, case: schedule.fire(session, clocks.running(session, case).id, NOON + days * DAY)


def _issue(session, case):
    tickets.issue(session, case, "ani", now=NOON)


def _pay(session, case):
    row = moves.take(session, case)
    due = money.account(session, row).due
    money.receive(session, row, due, f"pay-{case}-{due}", NOON, who="bank", now=NOON)


def _hear(session, case):
    tickets.set_hearing(session, case, "ani", HEARING, "PN Jakarta Selatan", now=NOON)


def _judge(session, case):
    tickets.give_verdict(session, case, "ani", 100_000, 2_000, "12/Pid.C", now=NOON + 30 * DAY)


# To each state the shortest way from a confirmed case. DOMAIN.md, "Deadlines": H+8 confirm, H+15 pay.
WAY = {
    "confirmed": (),
    "letter_sent": (_send,),
    "undelivered": (_send, lambda s, case: letters.letter_returned(s, case, "pos", "pindah", now=NOON)),
    "driver_named": (_send, _say("name_driver")),
    "silent": (_send, _clock(8)),
    "admitted": (_send, _say("admit")),
    "sold": (_send, _say("sell")),
    "not_mine": (_send, _say("disown")),
    "contested": (_send, _say("contest")),
    "ticket_issued": (_send, _say("admit"), _issue),
    "unpaid": (_send, _say("admit"), _issue, _clock(20)),
    "paid": (_send, _say("admit"), _issue, _pay),
    "court": (_send, _say("admit"), _issue, _hear),
    "judged": (_send, _say("admit"), _issue, _pay, _hear, _judge),
    "withdrawn": (_send, lambda s, case: tickets.withdraw(s, case, "ani", "salah baca", now=NOON)),
    "settled": (_send, _say("admit"), _issue, _hear, _judge, _pay),
}
