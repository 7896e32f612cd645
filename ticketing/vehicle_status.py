"""What a vehicle's STNK says: until when it is valid, whether it is blocked, why, and what lifts the block."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ticketing import audit, blocks, references
from ticketing.case_models import BlockRow
from ticketing.errors import NotFoundError
from ticketing.models import CaseRow, VehicleRow
from ticketing.plates import canonical_plate, spaced_plate
from ticketing.types import Vehicle

# What lifts a block, by its ground: Bahasa Indonesia, English. Nothing of it costs anything.
LIFTED_BY = {
    blocks.NO_ANSWER: (
        "Jawab surat konfirmasinya di laman ini",
        "Answer its confirmation letter on this site",
    ),
    blocks.NOT_PAID: (
        "Bayar tilangnya; blokir terbuka sendiri setelah lunas",
        "Pay its ticket; the block ends by itself once all is paid",
    ),
}


@dataclass(frozen=True)
class Block:
    """A block that was not released; ``suspended`` while an objection is examined: it has no effect then.

    ``reference`` is the owner's, empty where the letters go to a driver.
    """

    ground: tuple[str, str]
    lifted_by: tuple[str, str]
    reference: str
    since: datetime
    timezone: str
    suspended: bool


@dataclass(frozen=True)
class VehicleStatus:
    """An STNK without its owner's personal data."""

    plate: str
    vehicle: Vehicle
    vehicle_class: str
    valid_until: date
    blocks: tuple[Block, ...]

    @property
    def blocked(self) -> bool:
        """Whether any block is in effect."""
        return any(not block.suspended for block in self.blocks)


def status_of(session: Session, plate: str, *, now: datetime) -> VehicleStatus:
    """Give a vehicle's status to whoever has shown that it is theirs; on the trail.

    Raises:
        PlateError, NotFoundError: no plate, or none that is registered.
    """
    nrkb = canonical_plate(plate)
    record = session.get(VehicleRow, nrkb, populate_existing=True)
    if record is None:
        raise NotFoundError(f"{nrkb} is not registered")
    rows = session.execute(
        select(BlockRow, CaseRow)
        .join(CaseRow, CaseRow.id == BlockRow.case_id)
        .where(BlockRow.nrkb == nrkb, BlockRow.released_at.is_(None))
        .order_by(BlockRow.id)
    )
    audit.record(session, now, "owner", "vehicle looked up", f"plate {nrkb}")
    return VehicleStatus(
        spaced_plate(nrkb),
        Vehicle(record.make, record.type, record.colour),
        record.vehicle_class,
        record.valid_until,
        tuple(_block(block, case) for block, case in rows),
    )


def _block(block: BlockRow, case: CaseRow) -> Block:
    return Block(
        blocks.WORDS[block.ground],
        LIFTED_BY[block.ground],
        references.owners(case),
        block.blocked_at,
        case.flagged["timezone"],
        block.suspended_at is not None,
    )
