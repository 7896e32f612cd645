"""The confirmation letter: one A4 page, Bahasa Indonesia first, that its owner can prove to be real."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Paragraph, Spacer
from sqlalchemy.orm import Session

from ticketing import audit, gate, states
from ticketing.errors import GateError, IllegalMoveError, NotFoundError
from ticketing.letter_page import Fact, Words, addressed, facts_table, page, pictures_block, words_of
from ticketing.letter_style import GREY, boxed, style
from ticketing.letters import addressee_of
from ticketing.models import CaseRow, VehicleRow
from ticketing.owner import view_of
from ticketing.types import OwnerView
from ticketing.wording import day_words, rupiah, time_words

TEXT = Path(__file__).with_name("letter.yaml")
MISSING = "–"
SPEED_RULES = ("speeding", "average_speed")


def letter_for(
    session: Session,
    case_id: int,
    pictures: Sequence[bytes],
    portal_url: str,
    *,
    now: datetime,
    who: str = "office",
) -> bytes:
    """Make the letter of a confirmed case to its addressee: the owner that the register names, or the driver that the
    owner named. Making it is on the audit trail.

    The gate is asked again: the register may have changed since an officer confirmed.

    Raises:
        NotFoundError: there is no such case.
        IllegalMoveError: no officer has confirmed it, or it is past its letter.
        GateError: the case and its record no longer agree.
        PictureError: a picture cannot be used.
    """
    case = session.get(CaseRow, case_id, populate_existing=True)
    if case is None:
        raise NotFoundError(f"there is no case {case_id}: go back to the queue")
    if case.state not in states.LETTER_STATES:
        raise IllegalMoveError(case.state, "letter")
    row = session.get(VehicleRow, case.nrkb, populate_existing=True) if case.nrkb else None
    faults = gate.mismatches(case, row)
    if faults or row is None:
        raise GateError(faults)
    to = addressee_of(session, case)
    letter = letter_pdf(view_of(case, row), to.name, to.address, pictures, portal_url)
    audit.record(
        session, now, who, "letter made", f"case {case.id}", {"record": row.nrkb, "pictures": len(pictures)}
    )
    return letter


def letter_pdf(
    view: OwnerView, owner_name: str, owner_address: str, pictures: Sequence[bytes], portal_url: str
) -> bytes:
    """Set the confirmation letter of a case on one A4 page.

    Args:
        view: the case; the letter carries the day on which it was confirmed.
        pictures: up to four JPEGs, in the order wide view, vehicle, plate, offence; where there are none, the letter
            says where they can be seen.
        portal_url: the official page's address; the QR code leads to ``/t/`` and the reference below it.

    Raises:
        PictureError: there are more than four pictures, or one is no JPEG.
    """
    words = words_of(TEXT)
    dated = day_words(view.confirmed_at.astimezone(ZoneInfo(view.timezone)).date())[0]
    known = {"violation_id": view.violation_id, "manifest": view.evidence_manifest_sha256}

    def body(fill: Mapping[str, str]) -> list[Flowable]:
        return [
            addressed(words, owner_name, owner_address, dated),
            Spacer(1, 2 * mm),
            boxed(words.both("no_ticket", fill, 8.2, bold=True)),
            Spacer(1, 1.5 * mm),
            words.both("opening", fill, 8),
            facts_table(words, facts(words, view)),
            Spacer(1, 1.5 * mm),
            *pictures_block(words, pictures, fill),
            *_answer(words, view, fill),
        ]

    return page(words, view.office, view.reference, portal_url, body, known)


def facts(words: Words, view: OwnerView) -> dict[str, Fact]:
    """Give what was measured of a case, for `facts_table`."""
    values: dict[str, Fact] = {"reference": f"<b>{view.reference}</b>"} if view.reference else {}
    values |= {
        "plate": f"<b>{escape(view.plate)}</b>",
        "vehicle": escape(str(view.vehicle)) or MISSING,
        "violation": (f"<b>{escape(view.title_id)}</b>", escape(view.title_en)),
        "article": escape(view.article),
        "fine": rupiah(view.fine_rupiah),
        "occurred": time_words(view.occurred_at, view.timezone),
        "place": escape(view.street) or MISSING,
        "camera": escape(view.camera_name) or MISSING,
    }
    # Of another violation the speed is no part, and beside a limit it would read as one.
    if view.rule in SPEED_RULES and view.speed_kmh is not None and view.speed_limit_kmh is not None:
        values["speed"] = words.filled(
            "speed",
            {
                "speed": f"{view.speed_kmh:.1f}",
                "uncertainty": "?"
                if view.speed_uncertainty_kmh is None
                else f"{view.speed_uncertainty_kmh:.1f}",
                "limit": f"{view.speed_limit_kmh:.0f}",
            },
        )
    return values


def _answer(words: Words, view: OwnerView, fill: Mapping[str, str]) -> list[Flowable]:
    by = day_words(view.answer_by)
    asked = [words.filled("answer", {**fill, "answer_by": by[k]})[k] for k in (0, 1)]
    return [
        Paragraph(asked[0], style(8)),
        Paragraph(f"<i>{asked[1]}</i>", style(7, colour=GREY)),
        Spacer(1, 1.5 * mm),
        boxed(words.both("warning", fill, 7.6)),
        Spacer(1, 2 * mm),
        words.both("signed", fill, 7.6),
    ]
