"""The states of a case, the only moves between them, who may make each, and the clock that runs in each state.

The process: DOMAIN.md, "The process" and "The owner's look-up". Guards that ask more than the state are in
`ticketing.moves`.
"""

from __future__ import annotations

from typing import Literal

from ticketing.errors import IllegalMoveError

Actor = Literal["officer", "owner", "clock", "bank", "pipeline"]

FLAGGED = "flagged"
UNDER_REVIEW = "under_review"
REJECTED = "rejected"
CONFIRMED = "confirmed"
LETTER_SENT = "letter_sent"
UNDELIVERED = "undelivered"
DRIVER_NAMED = "driver_named"
SILENT = "silent"
ADMITTED = "admitted"
SOLD = "sold"
NOT_MINE = "not_mine"
CONTESTED = "contested"
TICKET_ISSUED = "ticket_issued"
UNPAID = "unpaid"
PAID = "paid"
COURT = "court"
JUDGED = "judged"
WITHDRAWN = "withdrawn"
SETTLED = "settled"

OPEN, CORRECT, CONFIRM, REJECT, ANNUL, LAPSE = "open", "correct", "confirm", "reject", "annul", "lapse"
HAND_ON = "hand_on"
SEND_LETTER, LETTER_RETURNED, SILENCE = "send_letter", "letter_returned", "silence"
ADMIT, NAME_DRIVER, SELL, DISOWN, CONTEST = "admit", "name_driver", "sell", "disown", "contest"
ACCEPT, REFUSE, PASS_ON = "accept", "refuse", "pass_on"
ISSUE, WITHDRAW, PAY, PAST_DUE = "issue", "withdraw", "pay", "past_due"
SET_HEARING, VERDICT, SETTLE = "set_hearing", "verdict", "settle"

PENDING = (FLAGGED, UNDER_REVIEW)
# In these every clock and the block stand still until an officer has decided.
DISPUTES = (SOLD, NOT_MINE, CONTESTED)
ENDS = (REJECTED, WITHDRAWN, SETTLED)
# Until the case is at court it can be annulled (DOMAIN.md, "The process", 4): so long may its owner object.
ANSWERABLE = (CONFIRMED, LETTER_SENT, UNDELIVERED, SILENT)
DISPUTABLE = (*ANSWERABLE, ADMITTED, TICKET_ISSUED, UNPAID)
# A confirmation letter may be made in these.
LETTER_STATES = (CONFIRMED, LETTER_SENT, UNDELIVERED, DRIVER_NAMED, SILENT)
TICKETED = (TICKET_ISSUED, UNPAID, PAID)

MOVES: dict[tuple[str, str], str] = {
    (FLAGGED, OPEN): UNDER_REVIEW,
    (UNDER_REVIEW, OPEN): UNDER_REVIEW,
    (UNDER_REVIEW, CORRECT): UNDER_REVIEW,
    (UNDER_REVIEW, CONFIRM): CONFIRMED,
    (UNDER_REVIEW, REJECT): REJECTED,
    (UNDER_REVIEW, HAND_ON): FLAGGED,
    **{(state, event): REJECTED for state in PENDING for event in (ANNUL, LAPSE)},
    **{(state, SEND_LETTER): LETTER_SENT for state in (CONFIRMED, UNDELIVERED, DRIVER_NAMED, SILENT)},
    (LETTER_SENT, LETTER_RETURNED): UNDELIVERED,
    (LETTER_SENT, SILENCE): SILENT,
    **{(state, ADMIT): ADMITTED for state in ANSWERABLE},
    **{(state, NAME_DRIVER): DRIVER_NAMED for state in ANSWERABLE},
    **{(state, SELL): SOLD for state in DISPUTABLE},
    **{(state, DISOWN): NOT_MINE for state in DISPUTABLE},
    **{(state, CONTEST): CONTESTED for state in DISPUTABLE},
    **{(state, ACCEPT): WITHDRAWN for state in DISPUTES},
    **{(state, PASS_ON): DRIVER_NAMED for state in (SOLD, CONTESTED)},
    **{(state, ISSUE): TICKET_ISSUED for state in (SILENT, ADMITTED)},
    **{
        (state, WITHDRAW): WITHDRAWN
        for state in (CONFIRMED, LETTER_SENT, UNDELIVERED, DRIVER_NAMED, SILENT, ADMITTED, *TICKETED)
    },
    (TICKET_ISSUED, PAST_DUE): UNPAID,
    **{(state, PAY): PAID for state in (TICKET_ISSUED, UNPAID)},
    **{(state, SET_HEARING): COURT for state in (*TICKETED, COURT)},
    (COURT, VERDICT): JUDGED,
    (JUDGED, SETTLE): SETTLED,
}
# An objection that is refused leads back to where the case stood when it came.
RETURNS = {(state, REFUSE): DISPUTABLE for state in DISPUTES}

WHO_MAY: dict[str, frozenset[Actor]] = {
    **dict.fromkeys((OPEN, CORRECT, HAND_ON, CONFIRM, REJECT), frozenset[Actor]({"officer"})),
    **dict.fromkeys((ACCEPT, REFUSE, PASS_ON), frozenset[Actor]({"officer"})),
    **dict.fromkeys((ISSUE, WITHDRAW, SET_HEARING, VERDICT, SEND_LETTER), frozenset[Actor]({"officer"})),
    **dict.fromkeys((ADMIT, NAME_DRIVER, SELL, DISOWN, CONTEST), frozenset[Actor]({"owner"})),
    **dict.fromkeys((LAPSE, SILENCE, PAST_DUE), frozenset[Actor]({"clock"})),
    ANNUL: frozenset({"pipeline", "officer"}),
    LETTER_RETURNED: frozenset({"officer", "pipeline"}),
    PAY: frozenset({"bank", "officer"}),
    SETTLE: frozenset({"bank", "officer", "clock"}),
}

# What stands in the audit trail.
TRAIL = {
    OPEN: "opened", HAND_ON: "handed to another officer", CORRECT: "corrected", CONFIRM: "confirmed",
    REJECT: "rejected", ANNUL: "annulled as exempt", LAPSE: "lapsed unreviewed", SEND_LETTER: "letter sent",
    LETTER_RETURNED: "letter returned", SILENCE: "not answered in time", ADMIT: "answered: I drove",
    NAME_DRIVER: "answered: somebody else drove", SELL: "answered: sold", DISOWN: "answered: not mine",
    CONTEST: "contested", ACCEPT: "objection accepted", REFUSE: "objection refused",
    PASS_ON: "passed on to the driver", ISSUE: "ticket issued", WITHDRAW: "withdrawn", PAY: "paid in full",
    PAST_DUE: "not paid in time", SET_HEARING: "hearing set", VERDICT: "verdict", SETTLE: "settled",
}  # fmt: skip

# The clocks: each state that is no end has exactly one.
REVIEW, SEND, ANSWER, READDRESS, DECIDE = "review", "send", "answer", "readdress", "decide"
ISSUE_BY, PAY_BY, HEARING_BY, HEARING = "issue", "pay", "hearing_by", "hearing"
COLLECT, REFUND_LAPSES, REFUND = "collect", "refund_lapses", "refund"
CLOCKS = {
    FLAGGED: REVIEW,
    UNDER_REVIEW: REVIEW,
    CONFIRMED: SEND,
    DRIVER_NAMED: SEND,
    LETTER_SENT: ANSWER,
    UNDELIVERED: READDRESS,
    SILENT: ISSUE_BY,
    ADMITTED: ISSUE_BY,
    **dict.fromkeys(DISPUTES, DECIDE),
    TICKET_ISSUED: PAY_BY,
    UNPAID: HEARING_BY,
    PAID: HEARING_BY,
    COURT: HEARING,
    JUDGED: COLLECT,
}
# What a clock does when it has run out. Every other one is an office's: it is told, and told again until it acts.
EXPIRES = {REVIEW: LAPSE, ANSWER: SILENCE, PAY_BY: PAST_DUE}

# Bahasa Indonesia, English: as officers and owners read them.
WORDS = {
    FLAGGED: ("Menunggu pemeriksaan petugas", "Waiting for an officer"),
    UNDER_REVIEW: ("Sedang diperiksa petugas", "Under review by an officer"),
    REJECTED: ("Dihentikan", "Closed without a letter"),
    CONFIRMED: ("Menunggu konfirmasi pemilik kendaraan", "Waiting for the vehicle owner's answer"),
    LETTER_SENT: ("Surat konfirmasi terkirim", "Confirmation letter sent"),
    UNDELIVERED: ("Surat dikembalikan, alamat diperiksa", "Letter returned, the address is being checked"),
    DRIVER_NAMED: (
        "Pengemudi lain disebut, surat diteruskan",
        "Another driver was named, the letter goes on",
    ),
    SILENT: ("Tidak dijawab sampai batas waktu", "Not answered in time"),
    ADMITTED: ("Dijawab: pemilik mengemudi", "Answered: the addressee drove"),
    SOLD: ("Tersanggah: kendaraan sudah dijual", "Objection: the vehicle was sold"),
    NOT_MINE: ("Tersanggah: bukan kendaraan pemilik", "Objection: not the owner's vehicle"),
    CONTESTED: ("Tersanggah", "Contested"),
    TICKET_ISSUED: ("Tilang diterbitkan", "Ticket issued"),
    UNPAID: ("Tilang belum dibayar sampai batas waktu", "Ticket not paid in time"),
    PAID: ("Titipan denda lunas, menunggu sidang", "Deposit paid, waiting for the court"),
    COURT: ("Dijadwalkan sidang", "A hearing is set"),
    JUDGED: ("Sudah diputus", "Judged"),
    WITHDRAWN: ("Dihentikan, tilang dibatalkan", "Withdrawn"),
    SETTLED: ("Selesai", "Settled"),
}
# What the owner may know of: a case that no officer has confirmed is nobody's accusation.
NOTIFIED = tuple(state for state in WORDS if state not in (*PENDING, REJECTED))


def move(state: str, event: str, before: str | None = None) -> str:
    """Give the state that an event leads to.

    Args:
        before: for an objection that is refused, the state in which it came.

    Raises:
        IllegalMoveError: it leads nowhere.
    """
    if before is not None and before in RETURNS.get((state, event), ()):
        return before
    try:
        return MOVES[state, event]
    except KeyError:
        raise IllegalMoveError(state, event) from None
