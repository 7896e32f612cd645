"""The officer's desk: cases are taken up, corrected, confirmed or rejected. Nothing here commits.

A case belongs to the officer who opened it for `LEASE`; everything that changes it first claims it in one UPDATE, so
that of two officers at once one wins and the other is told, on SQLite and PostgreSQL alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, literal, or_, update
from sqlalchemy import case as case_when
from sqlalchemy.orm import Session

from ticketing import audit, clocks, exempt, gate, moves, plates, references, registry, sightings, states
from ticketing.errors import (
    GateError,
    IllegalMoveError,
    LockedError,
    NotFoundError,
    ReasonError,
    TicketingError,
)
from ticketing.models import CaseRow, UtcDateTime, VehicleRow
from ticketing.types import CaseDetail, CaseSummary, Checklist, Mismatch

__all__ = [
    "LEASE", "REJECT_REASONS", "CaseDetail", "CaseSummary", "Checklist", "Mismatch", "confirm", "correct_plate",
    "correct_vehicle", "hand_on", "open_case", "reject", "show_case",
    "summary",
]  # fmt: skip

LEASE = timedelta(minutes=10)
# id → Bahasa Indonesia, English.
REJECT_REASONS = {
    "no_violation": ("Tidak ada pelanggaran", "No violation"),
    "plate_unreadable": ("Pelat nomor tidak terbaca", "The plate cannot be read"),
    "no_record": ("Pelat tidak terdaftar", "The plate is not registered"),
    "vehicle_mismatch": ("Kendaraan tidak sesuai STNK", "The vehicle is not that of the STNK record"),
    "cloned_plate": ("Diduga pelat palsu atau ganda", "Presumed false or cloned plate"),
    "view_blocked": ("Pandangan terhalang", "The view is blocked"),
    "picture_quality": ("Gambar kurang jelas", "The pictures are not clear enough"),
    "measurement_doubt": ("Hasil pengukuran diragukan", "The measurement is in doubt"),
    "exempt": ("Kendaraan dikecualikan", "The vehicle is exempt"),
    "instructed": ("Mengikuti arahan petugas", "Directed by an officer on the road"),
    "duplicate": ("Pelanggaran yang sama sudah dicatat", "The same violation is already on record"),
    "other": ("Lainnya (wajib diberi catatan)", "Other (a note is required)"),
}

# Closed by the clock, never by an officer: not among the reasons that one can choose.
REASON_WORDS = {
    **REJECT_REASONS,
    "lapsed": ("Tidak diperiksa dalam masa simpan bukti", "Not reviewed while the evidence was kept"),
}


def open_case(session: Session, case_id: int, officer: str, *, now: datetime) -> CaseDetail:
    """Take a case up for `LEASE`, or for as long again; a decided one is only shown. Personal data is on record.

    Raises:
        NotFoundError: there is no such case.
        LockedError: another officer has it.
    """
    free = or_(CaseRow.locked_by.is_(None), CaseRow.locked_by == officer, CaseRow.locked_until <= now)
    goes_on = and_(CaseRow.locked_by == officer, CaseRow.locked_until > now, CaseRow.opened_at.is_not(None))
    taken = _update(
        session,
        [CaseRow.id == case_id, CaseRow.state.in_(states.PENDING), free],
        {
            "locked_by": officer,
            "locked_until": now + LEASE,
            "opened_at": case_when((goes_on, CaseRow.opened_at), else_=literal(now, UtcDateTime)),
        },
    )
    case = _get(session, case_id)
    if taken:
        detail = {"record": case.nrkb}
        moves.advance(session, case, states.OPEN, "officer", officer, now=now, detail=detail)
    elif case.state in states.PENDING:
        raise _locked(case)
    else:
        return show_case(session, case_id, officer, now=now)
    return _detail(session, case, now)


def show_case(session: Session, case_id: int, who: str, *, now: datetime) -> CaseDetail:
    """Show a case without taking it up, whatever its state. Personal data is on record. Raises `NotFoundError`."""
    case = _get(session, case_id)
    shown = {"state": case.state, "record": case.nrkb}
    audit.record(session, now, who, "opened", f"case {case.id}", shown)
    return _detail(session, case, now)


def correct_plate(session: Session, case_id: int, officer: str, text: str, *, now: datetime) -> CaseDetail:
    """Put the officer's reading of the plate in the place of the reader's, and look its STNK record up anew.

    An exempt plate closes the case at once; one that was seen too far away for the time raises an alert.

    Raises:
        PlateError: the text does not obey the grammar of Perpol 7/2021; nothing was changed.
        NotFoundError, IllegalMoveError, LockedError: as for `confirm`.
    """
    plate = plates.canonical_plate(text)
    case = _claim(session, case_id, officer, states.CORRECT, now)
    before = gate.seen_plate(case)
    case.plate_corrected = plate
    case.nrkb = plate if session.get(VehicleRow, plate) else None
    change = {"from": before, "to": plate, "record": case.nrkb}
    audit.record(session, now, officer, "plate corrected", f"case {case.id}", change)
    if not exempt.annul_if_exempt(session, case, plate, now=now):
        sightings.watch(session, case, officer, now)
    return _detail(session, case, now)


def correct_vehicle(
    session: Session,
    case_id: int,
    officer: str,
    vehicle_class: str,
    plate_colour: str | None,
    *,
    body_colour: str | None = None,
    make: str | None = None,
    now: datetime,
) -> CaseDetail:
    """Put what the officer sees in the pictures in the place of what the machine saw; the gate compares it anew.

    Args:
        vehicle_class: one of `registry.CLASSES`, the STNK's words.
        plate_colour: one of `registry.PLATE_COLOURS`, or None to leave it as the reader saw it.
        body_colour: the vehicle's own, such as "merah"; make: such as "Honda"; None, or nothing but spaces, to leave
            them as they were.

    Raises:
        ReasonError: no such class or plate colour, or a text too long to be one; nothing was changed.
        NotFoundError, IllegalMoveError, LockedError: as for `confirm`.
    """
    for value, known in ((vehicle_class, registry.CLASSES), (plate_colour, registry.PLATE_COLOURS)):
        if value is not None and value not in known:
            raise ReasonError(f"{value!r} is unknown; known: {', '.join(known)}")
    body_colour, make = _word(body_colour, "body colour", 40), _word(make, "make", 60)
    case = _claim(session, case_id, officer, states.CORRECT, now)
    change = {
        "from": [gate.seen_class(case), gate.seen_colour(case), gate.seen_body_colour(case), gate.seen_make(case)],
        "to": [
            vehicle_class, plate_colour or gate.seen_colour(case), body_colour or gate.seen_body_colour(case),
            make or gate.seen_make(case),
        ],
    }  # fmt: skip
    case.class_corrected = vehicle_class
    case.colour_corrected = plate_colour or case.colour_corrected
    case.body_colour_corrected = body_colour or case.body_colour_corrected
    case.make_corrected = make or case.make_corrected
    audit.record(session, now, officer, "vehicle corrected", f"case {case.id}", change)
    return _detail(session, case, now)


def confirm(session: Session, case_id: int, officer: str, checklist: Checklist, *, now: datetime) -> str:
    """Confirm a case that this officer has open; its owner can look it up from now on.

    Returns:
        The random reference, as letters write it: ``ETLE-XXXXX-XXXXX``.

    Raises:
        GateError: no STNK record, vehicle class or plate colour disagree, or a point of the checklist does not hold.
        NotFoundError: there is no such case.
        IllegalMoveError: the case is not under review: never opened, or decided already.
        LockedError: another officer has it, or opened it since.
    """
    case = vouch(session, case_id, officer, checklist, now=now)
    case.reference = references.unused_reference(session)
    case.confirmed_at, case.confirmed_by = now, officer
    case.answer_by, case.pay_by = clocks.rules_for(session, case).days(
        clocks.local_day(case, case.occurred_at), clocks.local_day(case, now)
    )
    case.locked_by = case.locked_until = None
    detail = {"record": case.nrkb}
    moves.advance(session, case, states.CONFIRM, "officer", officer, now=now, detail=detail)
    return references.written(case.reference)


def vouch(session: Session, case_id: int, officer: str, checklist: Checklist, *, now: datetime) -> CaseRow:
    """Claim a case that may be confirmed: gate and checklist hold. Raises as `confirm`."""
    case = _claim(session, case_id, officer, states.CONFIRM, now)
    record = session.get(VehicleRow, case.nrkb, populate_existing=True) if case.nrkb else None
    faults = (*gate.mismatches(case, record), *gate.unticked(checklist))
    if faults:
        raise GateError(faults)
    return case


def doubt(session: Session, case_id: int, officer: str, reason: str, note: str, *, now: datetime) -> CaseRow:
    """Claim a case that may be rejected for this reason. Raises as `reject`."""
    if reason not in REJECT_REASONS:
        raise ReasonError(f"{reason[:40]!r} is no reason; known: {', '.join(REJECT_REASONS)}")
    if reason == "other" and not note.strip():
        raise ReasonError("a rejection for another reason needs a note that says which")
    return _claim(session, case_id, officer, states.REJECT, now)


def hand_on(
    session: Session, case_id: int, officer: str, stage: str, detail: Mapping[str, Any], *, now: datetime
) -> None:
    """Put a case that this officer has open back into the queue, as it was flagged, for an officer of another stage.

    Raises:
        NotFoundError, IllegalMoveError, LockedError: as for `confirm`.
    """
    case = _claim(session, case_id, officer, states.HAND_ON, now)
    case.stage = stage
    case.locked_by = case.locked_until = case.opened_at = None
    case.plate_corrected = case.class_corrected = case.colour_corrected = None
    case.body_colour_corrected = case.make_corrected = None
    read = case.flagged["plate_text"] if case.flagged["plate_accepted"] else None
    case.nrkb = read if read and session.get(VehicleRow, read) else None
    moves.advance(
        session, case, states.HAND_ON, "officer", officer, now=now, detail={"stage": stage, **detail}
    )


def reject(session: Session, case_id: int, officer: str, reason: str, note: str, *, now: datetime) -> None:
    """Close a case that this officer has open; no letter will go.

    Raises:
        ReasonError: the reason is none of `REJECT_REASONS`, or "other" without a note.
        NotFoundError, IllegalMoveError, LockedError: as for `confirm`.
    """
    note = note.strip()
    case = doubt(session, case_id, officer, reason, note, now=now)
    case.rejected_at, case.rejected_by = now, officer
    case.reject_reason, case.reject_note = reason, note
    case.locked_by = case.locked_until = None
    detail = {"reason": reason, "note": note}
    moves.advance(session, case, states.REJECT, "officer", officer, now=now, detail=detail)


def _word(text: str | None, what: str, longest: int) -> str | None:
    word = (text or "").strip()
    if len(word) > longest or not word.isprintable() or (word and not any(c.isalpha() for c in word)):
        raise ReasonError(f"a {what} is a word of at most {longest} letters")
    return word or None


def _claim(session: Session, case_id: int, officer: str, event: str, now: datetime) -> CaseRow:
    # A lapsed lease still counts for its holder as long as nobody else took the case: the page is not stale.
    held = _update(
        session,
        [CaseRow.id == case_id, CaseRow.state == states.UNDER_REVIEW, CaseRow.locked_by == officer],
        {"locked_until": now + LEASE},
    )
    case = _get(session, case_id)
    states.move(case.state, event)
    if not held:
        raise _locked(case)
    return case


def _update(session: Session, where: Sequence[ColumnElement[bool]], values: dict[str, object]) -> bool:
    done = session.execute(
        update(CaseRow).where(*where).values(**values).returning(CaseRow.id),
        execution_options={"synchronize_session": False},
    )
    return done.first() is not None


def _get(session: Session, case_id: int) -> CaseRow:
    case = session.get(CaseRow, case_id, populate_existing=True)
    if case is None:
        raise NotFoundError(f"there is no case {case_id}: go back to the queue")
    return case


def _locked(case: CaseRow) -> TicketingError:
    if case.locked_by is None or case.locked_until is None:
        return IllegalMoveError(case.state, "a decision before it is opened")
    return LockedError(case.locked_by, case.locked_until)


def summary(case: CaseRow, now: datetime) -> CaseSummary:
    """Give a case as the queue shows it."""
    return CaseSummary(**_summary(case, now))


def _summary(case: CaseRow, now: datetime) -> dict[str, Any]:
    held = case.locked_until is not None and case.locked_until > now
    return {
        "id": case.id,
        "state": case.state,
        "rule": case.rule,
        "title_id": case.law["title_id"],
        "title_en": case.law["title_en"],
        "occurred_at": case.occurred_at,
        "timezone": case.flagged["timezone"],
        "camera_id": case.camera_id,
        "street": case.flagged["street"],
        "plate_text": gate.seen_plate(case),
        "plate_accepted": case.flagged["plate_accepted"],
        "plate_confidence": case.flagged["plate_confidence"],
        "locked_by": case.locked_by if held else None,
    }


def _detail(session: Session, case: CaseRow, now: datetime) -> CaseDetail:
    row = session.get(VehicleRow, case.nrkb) if case.nrkb else None
    flagged = case.flagged
    return CaseDetail(
        **_summary(case, now),
        violation_id=case.violation_id,
        evidence_manifest_sha256=flagged["evidence_manifest_sha256"],
        vehicle_class=flagged["vehicle_class"],
        stnk_class=gate.seen_class(case),
        plate_colour=gate.seen_colour(case),
        body_colour=gate.seen_body_colour(case),
        make=gate.seen_make(case),
        plate_reason=flagged["plate_reason"],
        plate_corrected=case.plate_corrected is not None,
        character_probabilities=tuple(flagged["character_probabilities"]),
        speed_kmh=flagged["speed_kmh"],
        speed_uncertainty_kmh=flagged["speed_uncertainty_kmh"],
        speed_limit_kmh=flagged["speed_limit_kmh"],
        measured=flagged["measured"],
        article=case.law["article"],
        fine_rupiah=case.law["fine_rupiah"],
        record=registry.find(session, case.nrkb) if case.nrkb else None,
        mismatches=gate.mismatches(case, row),
        locked_until=case.locked_until,
        reference=references.written(case.reference) if case.reference else None,
        reject_reason=case.reject_reason,
        reject_note=case.reject_note,
    )
