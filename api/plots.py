"""Plots as SVG, drawn by the server: bars and a map. Colours come from the style sheet, words from a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import cos, radians

from markupsafe import Markup, escape

ROW, BAR, LABEL, NUMBER, WIDTH = 28, 18, 190, 42, 470
MAP_WIDTH, MAP_HEIGHT, EDGE = 420, 320, 50
# A map of one camera, or of several at one junction, still shows so much of the road.
LEAST_KM = 1.0
KM_PER_DEGREE = 111.19


@dataclass(frozen=True)
class Bar:
    """One bar: its label, and its parts as (class of the style sheet, number)."""

    label: str
    parts: Sequence[tuple[str, int]]


def bars(title: str, rows: Sequence[Bar]) -> Markup:
    """Draw horizontal bars, each of stacked parts; the longest fills the width."""
    most = max((sum(n for _, n in row.parts) for row in rows), default=0) or 1
    scale = (WIDTH - LABEL - NUMBER) / most
    drawn = []
    for i, row in enumerate(rows):
        y, x = i * ROW + 4, float(LABEL)
        drawn.append(
            f'<text x="{LABEL - 8}" y="{y + 14}" text-anchor="end">{escape(_short(row.label))}</text>'
        )
        for kind, number in row.parts:
            width = number * scale
            if width:
                drawn.append(
                    f'<rect class="{escape(kind)}" x="{x:.1f}" y="{y}" width="{width:.1f}" height="{BAR}"/>'
                )
            x += width
        total = sum(number for _, number in row.parts)
        drawn.append(f'<text x="{x + 6:.1f}" y="{y + 14}">{total}</text>')
    height = max(len(rows), 1) * ROW + 8
    return _svg(title, WIDTH, height, drawn)


@dataclass(frozen=True)
class Place:
    """A camera on the map, in degrees; ``kind`` is a class of the style sheet."""

    label: str
    href: str
    latitude: float
    longitude: float
    kind: str


def chart(title: str, places: Sequence[Place]) -> Markup:
    """Draw a map without a background: equirectangular about the middle, north up, with a scale."""
    if not places:
        return Markup("")
    north, south = max(p.latitude for p in places), min(p.latitude for p in places)
    east, west = max(p.longitude for p in places), min(p.longitude for p in places)
    middle = (north + south) / 2, (east + west) / 2
    squeeze = cos(radians(middle[0]))
    wide = max((east - west) * squeeze * KM_PER_DEGREE, LEAST_KM)
    high = max((north - south) * KM_PER_DEGREE, LEAST_KM)
    per_km = min((MAP_WIDTH - 2 * EDGE) / wide, (MAP_HEIGHT - 2 * EDGE) / high)
    drawn = [f'<rect class="ground" width="{MAP_WIDTH}" height="{MAP_HEIGHT}" rx="8"/>', *_grid()]
    for place in places:
        x = MAP_WIDTH / 2 + (place.longitude - middle[1]) * squeeze * KM_PER_DEGREE * per_km
        y = MAP_HEIGHT / 2 - (place.latitude - middle[0]) * KM_PER_DEGREE * per_km
        right = x > MAP_WIDTH * 0.6
        anchor, aside = ("end", -14) if right else ("start", 14)
        drawn.append(
            f'<a href="{escape(place.href)}"><circle class="{escape(place.kind)}" cx="{x:.1f}" cy="{y:.1f}" r="9"/>'
            f'<text x="{x + aside:.1f}" y="{y + 5:.1f}" text-anchor="{anchor}">{escape(_short(place.label))}'
            "</text></a>"
        )
    return _svg(title, MAP_WIDTH, MAP_HEIGHT, [*drawn, *_scale(per_km), *_north()], "map")


def _grid() -> list[str]:
    lines = [f'<path class="grid" d="M{x} 0V{MAP_HEIGHT}"/>' for x in range(60, MAP_WIDTH, 60)]
    return lines + [f'<path class="grid" d="M0 {y}H{MAP_WIDTH}"/>' for y in range(60, MAP_HEIGHT, 60)]


def _scale(per_km: float) -> list[str]:
    km = next((k for k in (500, 200, 100, 50, 20, 10, 5, 2, 1, 0.5, 0.2, 0.1) if k * per_km <= 120), 0.1)
    length = km * per_km
    words = f"{km:g} km" if km >= 1 else f"{km * 1000:.0f} m"
    y = MAP_HEIGHT - 18
    return [
        f'<path class="scale" d="M20 {y - 5}V{y}H{20 + length:.1f}V{y - 5}"/>',
        f'<text x="{28 + length:.1f}" y="{y}">{words}</text>',
    ]


def _north() -> list[str]:
    x = MAP_WIDTH - 26
    return [
        f'<path class="north" d="M{x} 16l7 20-7-5-7 5z"/>',
        f'<text x="{x}" y="54" text-anchor="middle">U / N</text>',
    ]


def _svg(title: str, width: int, height: int, drawn: Sequence[str], kind: str = "bars") -> Markup:
    # With links in it a picture is no picture to a screen reader, but a group.
    role = "group" if kind == "map" else "img"
    return Markup(  # noqa: S704 - every text in it is escaped above
        f'<svg class="plot {kind}" viewBox="0 0 {width} {height}" role="{role}" aria-label="{escape(title)}">'
        f"{''.join(drawn)}</svg>"
    )


def _short(text: str, most: int = 26) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def shares(counts: Mapping[str, int], most: int = 8) -> list[tuple[str, int]]:
    """Give the largest counts, largest first; what is beyond ``most`` as one rest, "…"."""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    rest = sum(number for _, number in ranked[most:])
    return ranked[:most] + ([("…", rest)] if rest else [])
