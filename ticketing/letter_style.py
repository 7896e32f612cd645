"""How a letter looks: its fonts, its boxes, and everything made to fit."""

from __future__ import annotations

from functools import cache
from io import BytesIO

from reportlab.lib.colors import Color, HexColor, black
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, KeepInFrame, Table

from ticketing.fonts import FAMILY, font_file

GREY = HexColor("#555555")
MARK = HexColor("#1b3a6b")


@cache
def _font() -> str:
    files = [font_file(style) for style in ("", "Bold", "Oblique", "BoldOblique")]
    for file in files:
        pdfmetrics.registerFont(TTFont(file.stem, file))
    names = [file.stem for file in files]
    pdfmetrics.registerFontFamily(FAMILY, *names)
    return FAMILY


def style(size: float, *, bold: bool = False, colour: Color = black, centred: bool = False) -> ParagraphStyle:
    """Give the style of a paragraph, ``size`` in points. Words too long for a line are broken."""
    return ParagraphStyle(
        "letter",
        fontName=_font() + ("-Bold" if bold else ""),
        fontSize=size,
        leading=size * 1.25,
        textColor=colour,
        alignment=1 if centred else 0,
        splitLongWords=1,
    )


def plain() -> list[tuple[object, ...]]:
    """Give the style of a table without lines, set close."""
    return [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("RIGHTPADDING", (0, 0), (-1, -1), 2 * mm),
        ("TOPPADDING", (0, 0), (-1, -1), 0.6),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 0.6),
    ]


def boxed(content: Flowable) -> Table:
    """Put a frame around something that has to be seen."""
    padding = [(f"{side}PADDING", (0, 0), (-1, -1), 2 * mm) for side in ("LEFT", "RIGHT", "TOP", "BOTTOM")]
    return Table([[content]], hAlign="LEFT", style=[("BOX", (0, 0), (-1, -1), 0.8, MARK), *padding])


def draw(canvas: Canvas, story: list[Flowable], x: float, top: float, width: float, height: float) -> float:
    """Draw below ``top`` (points from the page's foot) and give the height used.

    What is too long for its place is set smaller, never cut off and never on a second page.
    """
    frame = KeepInFrame(width, height, story, mode="shrink")
    _, used = frame.wrapOn(canvas, width, height)
    frame.drawOn(canvas, x, top - used)
    return float(used)


class Picture(Flowable):  # type: ignore[misc]  # reportlab has no types
    """A picture as large as its cell allows and no higher than ``highest`` points, its proportions kept."""

    def __init__(self, jpeg: bytes, highest: float) -> None:
        super().__init__()
        self._picture = ImageReader(BytesIO(jpeg))
        self._highest = highest

    def wrap(self, width: float, _height: float) -> tuple[float, float]:
        """Take the width that is offered, and the height that goes with it."""
        across, down = self._picture.getSize()
        scale = min(width / across, self._highest / down)
        self.width, self.height = across * scale, down * scale
        return self.width, self.height

    def draw(self) -> None:
        """Put it on the page."""
        self.canv.drawImage(self._picture, 0, 0, self.width, self.height)
