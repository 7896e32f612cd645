"""What can go wrong in the ticketing office, each with a message that a person can act on."""


class TicketingError(Exception):
    """The root of this package's errors."""


class UnknownRuleError(TicketingError):
    """No row of the law table covers that rule at that time."""


class KeyMissingError(TicketingError):
    """Personal data cannot be read or written without its key."""


class RegistryImportError(TicketingError):
    """A register file that was refused whole; ``faults`` names each row and column, and nothing was loaded."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__(f"{len(faults)} faults in the register file; first: {faults[0]}")
        self.faults = faults
