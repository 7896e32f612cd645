"""An evidence sheet as one picture, as wide as A4 at 200 dots per inch."""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw

from detectors.types import Image
from pipeline.explain.sheet import Panel, Sheet
from pipeline.explain.words import Pair
from pipeline.images import encode_png
from pipeline.text import font

WIDTH, MARGIN, GAP = 1654, 60, 22
INSIDE = WIDTH - 2 * MARGIN
INK, SOFT, BRAND, BAD, GOOD = "#16202c", "#5a6673", "#0b3d6e", "#a3161a", "#14603a"
LINE = "#d5dbe1"


class _Paper:
    """A sheet that grows downwards as it is written on."""

    def __init__(self) -> None:
        self.picture = Pillow.new("RGB", (WIDTH, 5200), "white")
        self.draw = ImageDraw.Draw(self.picture)
        self.y = 0

    def text(self, x: int, width: int, text: str, size: int, colour: str = INK, style: str = "") -> None:
        """Write a paragraph at the present height."""
        face = font(size, style)
        for line in _wrapped(self.draw, text, width, size, style):
            self.draw.text((x, self.y), line, font=face, fill=colour)
            self.y += round(size * 1.32)

    def pair(self, x: int, width: int, pair: Pair, size: int, style: str = "") -> None:
        """Write Bahasa Indonesia, and English under it, smaller."""
        self.text(x, width, pair[0], size, INK, style)
        if pair[1]:
            self.text(x, width, pair[1], round(size * 0.84), SOFT, "Oblique")

    def image(self, image: Image, x: int, width: int) -> None:
        """Put a picture at the present height, scaled to a width."""
        height = round(image.shape[0] * width / image.shape[1])
        area = cv2.INTER_AREA if width < image.shape[1] else cv2.INTER_CUBIC
        scaled = cv2.resize(image, (width, height), interpolation=area)
        self.picture.paste(Pillow.fromarray(np.ascontiguousarray(scaled[:, :, ::-1])), (x, self.y))
        self.draw.rectangle((x, self.y, x + width - 1, self.y + height - 1), outline=LINE)
        self.y += height + 6

    def rule(self) -> None:
        """Draw a line across."""
        self.draw.line((MARGIN, self.y, WIDTH - MARGIN, self.y), fill=LINE, width=2)
        self.y += GAP // 2

    def side_by_side(self, panels: list[Panel], columns: int) -> None:
        """Set panels beside one another, each with its caption."""
        width = (INSIDE - GAP * (columns - 1)) // columns
        for start in range(0, len(panels), columns):
            top, lowest = self.y, self.y
            for i, panel in enumerate(panels[start : start + columns]):
                self.y = top
                self.image(panel.image, MARGIN + i * (width + GAP), width)
                self.pair(MARGIN + i * (width + GAP), width, panel.caption, 19)
                lowest = max(lowest, self.y)
            self.y = lowest + GAP


def draw_sheet(sheet: Sheet) -> bytes:
    """Lay a sheet out and give it as PNG."""
    paper = _Paper()
    _head(paper, sheet)
    _facts(paper, sheet)
    paper.rule()
    paper.text(MARGIN, INSIDE, sheet.statement[0], 30, INK, "Bold")
    paper.y += 6
    paper.text(MARGIN, INSIDE, sheet.statement[1], 25, SOFT, "Oblique")
    paper.y += GAP
    paper.image(sheet.main.image, MARGIN, INSIDE)
    paper.pair(MARGIN, INSIDE, sheet.main.caption, 19)
    paper.y += GAP
    if sheet.moments:
        paper.side_by_side(list(sheet.moments), min(3, len(sheet.moments)))
    for panel in sheet.panels:
        paper.image(panel.image, MARGIN, INSIDE)
        paper.pair(MARGIN, INSIDE, panel.caption, 19)
        paper.y += GAP
    _table(paper, sheet, MARGIN, INSIDE)
    _foot(paper, sheet)
    whole = np.asarray(paper.picture.crop((0, 0, WIDTH, paper.y + MARGIN // 2)))
    return encode_png(np.ascontiguousarray(whole[:, :, ::-1]))


def _head(paper: _Paper, sheet: Sheet) -> None:
    paper.draw.rectangle((0, 0, WIDTH, 148), fill=BRAND)
    paper.draw.text((MARGIN, 22), "Lembar bukti / Evidence sheet · ETLE", font=font(24), fill="#cfdcea")
    paper.draw.text((MARGIN, 56), sheet.title[0], font=font(42, "Bold"), fill="white")
    paper.draw.text(
        (MARGIN, 108), f"{sheet.title[1]} · {sheet.article}", font=font(24, "Oblique"), fill="#cfdcea"
    )
    word, colour = ("BUKTI UTUH", "#dff3e6") if sheet.intact else ("BUKTI DIUBAH", "#fdd")
    english = "evidence intact" if sheet.intact else "EVIDENCE ALTERED"
    for y, text, size in ((52, word, 30), (92, english, 22)):
        length = paper.draw.textlength(text, font=font(size, "Bold"))
        paper.draw.text((WIDTH - MARGIN - length, y), text, font=font(size, "Bold"), fill=colour)
    paper.y = 148 + GAP


def _facts(paper: _Paper, sheet: Sheet) -> None:
    width = (INSIDE - GAP) // 2
    for start in range(0, len(sheet.facts), 2):
        top, lowest = paper.y, paper.y
        for i, (name, value) in enumerate(sheet.facts[start : start + 2]):
            x = MARGIN + i * (width + GAP)
            paper.y = top
            paper.text(x, 190, name[0], 22, SOFT)
            paper.text(x, 190, name[1], 18, SOFT, "Oblique")
            lowest = max(lowest, paper.y)
            paper.y = top
            for k, line in enumerate(value.split("\n")):
                paper.text(x + 200, width - 200, line, 24 if k == 0 else 20, INK if k == 0 else SOFT)
            lowest = max(lowest, paper.y)
        paper.y = lowest + 8


def _table(paper: _Paper, sheet: Sheet, x: int, width: int) -> None:
    shares = (0.46, 0.2, 0.34)
    columns = [x + round(width * sum(shares[:i])) for i in range(3)]
    heads = (
        ("Yang diukur", "Measured"),
        ("Nilai", "Value"),
        ("Kepastian dan ambang", "Certainty, threshold"),
    )
    _line(paper, [(columns[i], round(width * shares[i]) - 14, heads[i], "Bold") for i in range(3)])
    for row in sheet.rows:
        paper.draw.line((x, paper.y - 4, x + width, paper.y - 4), fill=LINE)
        cells = (row.name, (row.value, ""), row.certain)
        _line(paper, [(columns[i], round(width * shares[i]) - 14, cells[i], "") for i in range(3)])


def _line(paper: _Paper, cells: list[tuple[int, int, Pair, str]]) -> None:
    top, lowest = paper.y, paper.y
    for x, width, pair, style in cells:
        paper.y = top
        paper.pair(x, width, pair, 21, style)
        lowest = max(lowest, paper.y)
    paper.y = lowest + 10


def _foot(paper: _Paper, sheet: Sheet) -> None:
    paper.y += GAP // 2
    paper.rule()
    for note in sheet.notes:
        paper.pair(MARGIN, INSIDE, note, 18)
        paper.y += 4


def _wrapped(draw: ImageDraw.ImageDraw, text: str, width: float, size: int, style: str) -> list[str]:
    """Break a text into lines; a word that is longer than a line is broken too."""
    lines, line = [], ""
    face = font(size, style)
    for word in text.split(" "):
        rest = word
        while rest:
            joined = f"{line} {rest}" if line else rest
            if draw.textlength(joined, font=face) <= width:
                line, rest = joined, ""
            elif line:
                lines.append(line)
                line = ""
            else:
                most = max(
                    1,
                    next(
                        (n for n in range(len(rest), 0, -1) if draw.textlength(rest[:n], font=face) <= width),
                        1,
                    ),
                )
                lines.append(rest[:most])
                rest = rest[most:]
    return [*lines, line] if line or not lines else lines
