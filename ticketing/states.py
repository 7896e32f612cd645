"""The states of a case, and the only moves between them."""

from __future__ import annotations

from ticketing.errors import IllegalMoveError

FLAGGED = "flagged"
UNDER_REVIEW = "under_review"
CONFIRMED = "confirmed"
REJECTED = "rejected"
LETTER_SENT = "letter_sent"

OPEN = "open"
CORRECT = "correct"
CONFIRM = "confirm"
REJECT = "reject"
SEND_LETTER = "send_letter"

PENDING = (FLAGGED, UNDER_REVIEW)
# What the owner may know of: a case that no officer has confirmed is nobody's accusation.
NOTIFIED = (CONFIRMED, LETTER_SENT)

MOVES = {
    (FLAGGED, OPEN): UNDER_REVIEW,
    (UNDER_REVIEW, OPEN): UNDER_REVIEW,
    (UNDER_REVIEW, CORRECT): UNDER_REVIEW,
    (UNDER_REVIEW, CONFIRM): CONFIRMED,
    (UNDER_REVIEW, REJECT): REJECTED,
    (CONFIRMED, SEND_LETTER): LETTER_SENT,
}

# Bahasa Indonesia, English: as officers and owners read them.
WORDS = {
    FLAGGED: ("Menunggu pemeriksaan petugas", "Waiting for an officer"),
    UNDER_REVIEW: ("Sedang diperiksa petugas", "Under review by an officer"),
    CONFIRMED: ("Menunggu konfirmasi pemilik kendaraan", "Waiting for the vehicle owner's answer"),
    REJECTED: ("Dihentikan", "Closed without a letter"),
    LETTER_SENT: ("Surat konfirmasi terkirim", "Confirmation letter sent"),
}


def move(state: str, event: str) -> str:
    """Give the state that an event leads to. Raises `IllegalMoveError` where it leads nowhere."""
    try:
        return MOVES[state, event]
    except KeyError:
        raise IllegalMoveError(state, event) from None
