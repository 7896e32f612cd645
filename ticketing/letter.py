"""The confirmation letter: one A4 page, Bahasa Indonesia first, that its owner can prove to be real."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

import segno
import yaml
from reportlab.lib.colors import black
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Paragraph, Spacer, Table
from sqlalchemy.orm import Session

from ticketing import audit, gate, registry, states
from ticketing.errors import GateError, IllegalMoveError, NotFoundError
from ticketing.letter_pictures import prepared
from ticketing.letter_style import GREY, MARK, Picture, boxed, draw, plain, style
from ticketing.models import CaseRow, VehicleRow
from ticketing.owner import view_of
from ticketing.types import OwnerView
from ticketing.wording import day_words, rupiah, time_words

TEXT = Path(__file__).with_name("letter.yaml")
MARGIN = 16 * mm
WIDTH = A4[0] - 2 * MARGIN
QR_SIDE = 30 * mm
# Of one row of pictures, and of each of two.
PICTURE_HEIGHTS = (58 * mm, 40 * mm)
FOOT = 14 * mm
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
    """Make the letter of a confirmed case to the owner that the register names. Making it is on the audit trail.

    The gate is asked again: the register may have changed since an officer confirmed.

    Raises:
        NotFoundError: there is no such case.
        IllegalMoveError: no officer has confirmed it.
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
    record = registry.find(session, row.nrkb) if row else None
    if faults or row is None or record is None:
        raise GateError(faults)
    letter = letter_pdf(view_of(case, row), record.owner_name, record.owner_address, pictures, portal_url)
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
    portal = portal_url.rstrip("/")
    fill = {
        "portal": portal,
        "office": view.office,
        "violation_id": view.violation_id,
        "manifest": view.evidence_manifest_sha256,
    }
    out = BytesIO()
    canvas = Canvas(out, pagesize=A4, lang="id")
    canvas.setTitle(f"Surat konfirmasi {view.reference}")
    canvas.setAuthor(view.office)
    y = A4[1] - 14 * mm
    y -= draw(canvas, _head(view), MARGIN, y, WIDTH - QR_SIDE - 6 * mm, 46 * mm)
    _draw_qr(canvas, f"{portal}/t/{view.reference}", A4[0] - MARGIN - QR_SIDE, A4[1] - 12 * mm - QR_SIDE)
    y = min(y, A4[1] - 12 * mm - QR_SIDE - 8 * mm) - 2 * mm
    canvas.setStrokeColor(MARK)
    canvas.line(MARGIN, y, A4[0] - MARGIN, y)
    y -= 3 * mm
    body = [*_body(view, owner_name, owner_address, fill), *_pictures(pictures, fill), *_answer(view, fill)]
    draw(canvas, body, MARGIN, y, WIDTH, y - FOOT - 10 * mm)
    draw(canvas, [_both("electronic", fill, 6)], MARGIN, FOOT + 6 * mm, WIDTH, 12 * mm)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def _head(view: OwnerView) -> list[Flowable]:
    return [
        Paragraph(escape(view.office), style(12, bold=True, colour=MARK)),
        _both("subtitle", {}, 8),
        Spacer(1, 3 * mm),
        Paragraph(_words("title")[0], style(12.5, bold=True)),
        Paragraph(f"<i>{_words('title')[1]}</i>", style(9, colour=GREY)),
    ]


def _body(view: OwnerView, name: str, address: str, fill: Mapping[str, str]) -> list[Flowable]:
    dated = day_words(view.confirmed_at.astimezone(ZoneInfo(view.timezone)).date())
    to_id, to_en = _words("to")
    dated_id, dated_en = _words("dated")
    addressee = [
        Paragraph(f"{to_id} / <i>{to_en}</i>", style(7, colour=GREY)),
        Paragraph(escape(name), style(10, bold=True)),
        Paragraph(escape(address), style(9)),
    ]
    date_cell = [
        Paragraph(f"{dated_id} / <i>{dated_en}</i>", style(7, colour=GREY)),
        Paragraph(dated[0], style(9)),
    ]
    return [
        Table([[addressee, date_cell]], [WIDTH * 0.66, WIDTH * 0.34], hAlign="LEFT", style=plain()),
        Spacer(1, 2 * mm),
        boxed(_both("no_ticket", fill, 8.2, bold=True)),
        Spacer(1, 1.5 * mm),
        _both("opening", fill, 8),
        _facts(view),
        Spacer(1, 1.5 * mm),
    ]


def _facts(view: OwnerView) -> Table:
    values: dict[str, tuple[str, str] | str] = {
        "reference": f"<b>{view.reference}</b>",
        "plate": f"<b>{escape(view.plate)}</b>",
        "vehicle": escape(str(view.vehicle)),
        "violation": (f"<b>{escape(view.title_id)}</b>", escape(view.title_en)),
        "article": escape(view.article),
        "fine": rupiah(view.fine_rupiah),
        "occurred": time_words(view.occurred_at, view.timezone),
        "place": escape(view.street),
        "camera": escape(view.camera_name),
    }
    # Of another violation the speed is no part, and beside a limit it would read as one.
    if view.rule in SPEED_RULES and view.speed_kmh is not None and view.speed_limit_kmh is not None:
        values["speed"] = _filled(
            "speed",
            {
                "speed": f"{view.speed_kmh:.1f}",
                "uncertainty": "?"
                if view.speed_uncertainty_kmh is None
                else f"{view.speed_uncertainty_kmh:.1f}",
                "limit": f"{view.speed_limit_kmh:.0f}",
            },
        )
    rows = []
    for field, value in values.items():
        label_id, label_en = _text()["facts"][field]
        shown = value if isinstance(value, str) else f"{value[0]} / <i>{value[1]}</i>"
        rows.append(
            [
                Paragraph(f"{label_id} / <i>{label_en}</i>", style(7.5, colour=GREY)),
                Paragraph(shown, style(8)),
            ]
        )
    return Table(rows, [WIDTH * 0.29, WIDTH * 0.71], hAlign="LEFT", style=plain())


def _pictures(pictures: Sequence[bytes], fill: Mapping[str, str]) -> list[Flowable]:
    if not pictures:
        return [boxed(_both("no_pictures", fill, 8)), Spacer(1, 1.5 * mm)]
    label_id, label_en = _words("picture")
    highest = PICTURE_HEIGHTS[len(pictures) > 2]
    cells = [
        [
            Picture(picture, highest),
            Paragraph(f"{label_id} / <i>{label_en}</i> {k}", style(6.5)),
        ]
        for k, picture in enumerate(prepared(pictures), 1)
    ]
    rows = [cells[k : k + 2] for k in range(0, len(cells), 2)]
    if len(rows[-1]) < len(rows[0]):
        rows[-1].append([])
    return [
        Table(rows, [WIDTH / len(rows[0])] * len(rows[0]), hAlign="LEFT", style=plain()),
        Spacer(1, 1 * mm),
    ]


def _answer(view: OwnerView, fill: Mapping[str, str]) -> list[Flowable]:
    by = day_words(view.answer_by)
    asked = [_text()["answer"][k].format_map(_escaped({**fill, "answer_by": by[k]})) for k in (0, 1)]
    return [
        Paragraph(asked[0], style(8)),
        Paragraph(f"<i>{asked[1]}</i>", style(7, colour=GREY)),
        Spacer(1, 1.5 * mm),
        boxed(_both("warning", fill, 7.6)),
        Spacer(1, 2 * mm),
        _both("signed", fill, 7.6),
    ]


def _draw_qr(canvas: Canvas, address: str, x: float, y: float) -> None:
    code = segno.make(address, error="q", micro=False)
    matrix = list(code.matrix)
    # Four modules of quiet zone (ISO/IEC 18004).
    module = QR_SIDE / (len(matrix) + 8)
    canvas.setFillColor(black)
    for row, line in enumerate(matrix):
        for column, dark in enumerate(line):
            if dark:
                left, top = x + (column + 4) * module, y + QR_SIDE - (row + 4) * module
                canvas.rect(left, top - module, module, module, stroke=0, fill=1)
    scan_id, scan_en = _words("scan")
    label = Paragraph(f"{scan_id}<br/><i>{scan_en}</i>", style(6.5, colour=GREY, centred=True))
    draw(canvas, [label], x, y, QR_SIDE, 8 * mm)


def _both(name: str, fill: Mapping[str, str], size: float, bold: bool = False) -> Paragraph:
    first, second = _filled(name, fill)
    first = f"<b>{first}</b>" if bold else first
    return Paragraph(
        f"{first} <font color='#555555' size='{size - 0.8:.1f}'><i>{second}</i></font>", style(size)
    )


def _filled(name: str, fill: Mapping[str, str]) -> tuple[str, str]:
    first, second = _words(name)
    return first.format_map(_escaped(fill)), second.format_map(_escaped(fill))


def _escaped(fill: Mapping[str, str]) -> dict[str, str]:
    return {name: escape(value) for name, value in fill.items()}


def _words(name: str) -> tuple[str, str]:
    first, second = _text()[name]
    return first, second


@cache
def _text() -> dict[str, Any]:
    text: dict[str, Any] = yaml.safe_load(TEXT.read_text(encoding="utf-8"))
    return text
