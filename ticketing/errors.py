"""What can go wrong in the ticketing office, each with a message that a person can act on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ticketing.types import Mismatch


class TicketingError(Exception):
    """The root of this package's errors."""


class UnknownRuleError(TicketingError):
    """No row of the law table covers that rule at that time."""


class LawError(TicketingError):
    """A row that cannot be entered into the law table."""


class KeyMissingError(TicketingError):
    """Personal data cannot be read or written without its key."""


class RegistryImportError(TicketingError):
    """A register file that was refused whole; ``faults`` names each row and column, and nothing was loaded."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__(f"{len(faults)} faults in the register file; first: {faults[0]}")
        self.faults = faults


class NotFoundError(TicketingError):
    """There is no such case."""


class IllegalMoveError(TicketingError):
    """What was asked of a case is not open to one in its state."""

    def __init__(self, state: str, move: str) -> None:
        super().__init__(
            f"a case that is {state!r} does not allow {move!r}: load it again to see what became of it"
        )
        self.state = state
        self.move = move


class ForbiddenMoveError(IllegalMoveError):
    """A move that is open to the case, but not to who asked for it."""

    def __init__(self, state: str, move: str, actor: str) -> None:
        super().__init__(state, move)
        self.actor = actor
        self.args = (f"{move!r} is not for the {actor} to decide",)


class GuardError(TicketingError):
    """A move that the case's state allows and something else forbids; the message says what."""


class LockedError(TicketingError):
    """Another officer has the case; ``until`` is UTC."""

    def __init__(self, by: str, until: datetime) -> None:
        super().__init__(
            f"the case is with {by} until {until:%Y-%m-%d %H:%M:%S} UTC: take another, or open it again after that"
        )
        self.by = by
        self.until = until


class GateError(TicketingError):
    """A case that cannot be confirmed, and no letter be sent of; ``mismatches`` says each thing that is in the way."""

    def __init__(self, mismatches: Sequence[Mismatch]) -> None:
        super().__init__("; ".join(m.text_en for m in mismatches))
        self.mismatches = tuple(mismatches)


class PlateError(TicketingError):
    """A text that is no TNKB number."""


class ReasonError(TicketingError):
    """A rejection without a reason that another person could follow."""


class PictureError(TicketingError):
    """A picture that cannot be put into a letter."""


class MoneyError(TicketingError):
    """Money that is not booked; ``reason`` is amount, booked, no_ticket, closed, paid or too_much."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class OutsideError(TicketingError):
    """The outside register gave no answer."""


class OutsideRecordError(TicketingError):
    """The outside register answered something that is no record."""


class DeliveryError(TicketingError):
    """A letter that was not handed over; it is tried again."""


class AddressError(DeliveryError):
    """A letter that cannot be handed over, to this address."""


class InDoubtError(DeliveryError):
    """A letter that may have been handed over: nobody can tell."""


class NotificationError(TicketingError):
    """A bank's notification that is refused; ``code`` is the HTTP status and the case of SNAP's answer."""

    def __init__(self, code: tuple[str, str], message: str) -> None:
        super().__init__(message)
        self.code = code


class BankSettingsError(TicketingError):
    """Settings of an office's bank that cannot be used."""


class ObjectionFileError(TicketingError):
    """A file that is not taken with an objection; ``reason`` is too_many, empty, kind, name, hash or closed."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class SamsatRefusedError(DeliveryError):
    """Samsat answered that it will not do this; asking again does not help."""


class StatementError(TicketingError):
    """A bank's statement that cannot be read; nothing was compared."""


class LoginError(TicketingError):
    """A login that was refused, or an officer who cannot be added."""


class GatewayError(TicketingError):
    """A gateway that cannot be registered, or is asked for something it cannot have."""


class TooManyError(TicketingError):
    """More than one person may send in so short a time."""
