"""One A4 page that its owner can prove to be real: head, QR code, facts, pictures, every word out of a template."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import segno
import yaml
from reportlab.lib.colors import black
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Paragraph, Spacer, Table

from ticketing.letter_pictures import prepared
from ticketing.letter_style import GREY, MARK, Picture, boxed, draw, plain, style

MARGIN = 16 * mm
WIDTH = A4[0] - 2 * MARGIN
QR_SIDE = 30 * mm
# Of one row of pictures, and of each of two.
PICTURE_HEIGHTS = (58 * mm, 40 * mm)
FOOT = 14 * mm
Fact = str | tuple[str, str]


class Words:
    """A template: for each name Bahasa Indonesia and English, with {names} to be filled in."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        self._table = table

    def pair(self, name: str) -> tuple[str, str]:
        """Give a name's words as they stand."""
        first, second = self._table[name]
        return first, second

    def filled(self, name: str, fill: Mapping[str, str]) -> tuple[str, str]:
        """Give a name's words with what is filled in made safe for the page."""
        safe = {key: escape(value) for key, value in fill.items()}
        first, second = self.pair(name)
        return first.format_map(safe), second.format_map(safe)

    def both(self, name: str, fill: Mapping[str, str], size: float, bold: bool = False) -> Paragraph:
        """Give a name's words as one paragraph."""
        first, second = self.filled(name, fill)
        first = f"<b>{first}</b>" if bold else first
        return Paragraph(
            f"{first} <font color='#555555' size='{size - 0.8:.1f}'><i>{second}</i></font>", style(size)
        )

    def label(self, field: str) -> str:
        """Give the label of a fact."""
        first, second = self._table["facts"][field]
        return f"{first} / <i>{second}</i>"


@cache
def words_of(file: Path, kind: str | None = None) -> Words:
    """Read a template; with a ``kind``, that part of it, and what it does not have from the part "all"."""
    table: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return Words(table if kind is None else {**table["all"], **table[kind]})


def page(
    words: Words,
    office: str,
    reference: str,
    portal: str,
    body: Callable[[Mapping[str, str]], Sequence[Flowable]],
    fill: Mapping[str, str],
) -> bytes:
    """Set one page.

    Args:
        reference: the addressee's; empty where they have none.
        portal: the official page's address; the QR code leads to ``/t/`` and the reference below it, or, without one,
            to where the vehicle's own numbers find it.
        body: gives what stands below the head; it is handed ``fill``, the portal and the office in it.
        fill: what the template's {names} stand for.
    """
    portal = portal.rstrip("/")
    fill = {**fill, "portal": portal, "office": office}
    out = BytesIO()
    canvas = Canvas(out, pagesize=A4, lang="id")
    canvas.setTitle(f"{words.pair('name')[0]} {reference}".strip())
    canvas.setAuthor(office)
    y = A4[1] - 14 * mm
    y -= draw(canvas, _head(words, office), MARGIN, y, WIDTH - QR_SIDE - 6 * mm, 46 * mm)
    _draw_qr(
        canvas,
        words,
        f"{portal}/t/{reference}" if reference else f"{portal}/",
        A4[0] - MARGIN - QR_SIDE,
        A4[1] - 12 * mm - QR_SIDE,
    )
    y = min(y, A4[1] - 12 * mm - QR_SIDE - 8 * mm) - 2 * mm
    canvas.setStrokeColor(MARK)
    canvas.line(MARGIN, y, A4[0] - MARGIN, y)
    y -= 3 * mm
    draw(canvas, [*body(fill)], MARGIN, y, WIDTH, y - FOOT - 10 * mm)
    draw(canvas, [words.both("electronic", fill, 6)], MARGIN, FOOT + 6 * mm, WIDTH, 12 * mm)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def addressed(words: Words, name: str, address: str, dated: str) -> Table:
    """Set to whom and of which day the letter is."""
    to_id, to_en = words.pair("to")
    dated_id, dated_en = words.pair("dated")
    addressee = [
        Paragraph(f"{to_id} / <i>{to_en}</i>", style(7, colour=GREY)),
        Paragraph(escape(name), style(10, bold=True)),
        Paragraph(escape(address), style(9)),
    ]
    date_cell = [
        Paragraph(f"{dated_id} / <i>{dated_en}</i>", style(7, colour=GREY)),
        Paragraph(dated, style(9)),
    ]
    return Table([[addressee, date_cell]], [WIDTH * 0.66, WIDTH * 0.34], hAlign="LEFT", style=plain())


def facts_table(words: Words, values: Mapping[str, Fact]) -> Table:
    """Set the facts, each with its label; a value is safe markup, or one in each language."""
    rows = []
    for field, value in values.items():
        shown = value if isinstance(value, str) else f"{value[0]} / <i>{value[1]}</i>"
        rows.append([Paragraph(words.label(field), style(7.5, colour=GREY)), Paragraph(shown, style(8))])
    return Table(rows, [WIDTH * 0.29, WIDTH * 0.71], hAlign="LEFT", style=plain())


def pictures_block(words: Words, pictures: Sequence[bytes], fill: Mapping[str, str]) -> list[Flowable]:
    """Set up to four pictures, or where they can be seen. Raises `PictureError`."""
    if not pictures:
        return [boxed(words.both("no_pictures", fill, 8)), Spacer(1, 1.5 * mm)]
    label_id, label_en = words.pair("picture")
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


def _head(words: Words, office: str) -> list[Flowable]:
    return [
        Paragraph(escape(office), style(12, bold=True, colour=MARK)),
        words.both("subtitle", {}, 8),
        Spacer(1, 3 * mm),
        Paragraph(words.pair("title")[0], style(12.5, bold=True)),
        Paragraph(f"<i>{words.pair('title')[1]}</i>", style(9, colour=GREY)),
    ]


def _draw_qr(canvas: Canvas, words: Words, address: str, x: float, y: float) -> None:
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
    scan_id, scan_en = words.pair("scan")
    label = Paragraph(f"{scan_id}<br/><i>{scan_en}</i>", style(6.5, colour=GREY, centred=True))
    draw(canvas, [label], x, y, QR_SIDE, 8 * mm)
