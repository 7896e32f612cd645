"""The camera file of a rendered scene: what a surveyor would have measured at that junction."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import yaml

from training.render.rasterizer import View
from training.render.traffic import LIMIT_KMH
from training.render.truth import GRACE_S, TOLERANCE_KMH, ZONE_M
from training.render.world import (
    CENTRE_X,
    CROSS_Y,
    KERB_X,
    LAMP_HEIGHTS,
    LANE_X,
    SHOULDER_X,
    SIGNAL_POLES,
    SOLID_Y,
)

SURVEY = (
    (-6.9, -6.0),
    (0.0, -6.0),
    (-6.9, 0.0),
    (0.0, 0.0),
    (-6.9, 6.0),
    (6.9, 6.0),
    (-3.4, 12.0),
    (0.0, 20.0),
)
# Who enforces a line or a lane far away surveys there too.
FAR_SURVEY = ((-3.4, 45.0), (3.4, 45.0), (-3.4, 65.0))
# Beyond the line: who turns left from it goes too short a way in the zone.
ODD_EVEN_Y = (2.0, 34.0)
# Between the hours of Jakarta's Pergub 88/2019; by the clocks above only a dusk scene lies in them.
ODD_EVEN_HOURS = [
    {"days": ["mon", "tue", "wed", "thu", "fri"], "start": start, "end": end, "on_holidays": False}
    for start, end in (("06:00", "10:00"), ("16:00", "21:00"))
]
HOURS = {"day": "10:12:00", "dusk": "17:48:00", "night": "21:30:00", "rain": "15:05:00"}


def camera_yaml(view: View, seed: int, light: str, solid: bool | None = None) -> str:
    """Write the camera file of a view; pixels are rounded to a tenth, as a careful surveyor would.

    ``solid`` says whether the line between the lanes beyond the junction is; None enforces the first five rules only.
    """
    survey = SURVEY if solid is None else SURVEY + FAR_SURVEY
    pixels = view.project(np.array([[x, y, 0.0] for x, y in survey]))[:, :2]
    px, py = SIGNAL_POLES[0]
    corners = np.array([[px + dx, py - 0.13, z] for dx in (-0.24, 0.24) for z in (2.15, 3.3)])
    head = view.project(corners)[:, :2]
    lane: list[dict[str, Any]] = []
    for name, x0, x1, turn in (("L1", KERB_X, LANE_X, True), ("L2", LANE_X, CENTRE_X, False)):
        polygon = [[x0, -30.0], [x1, -30.0], [x1, 34.0], [x0, 34.0]]
        lane.append({"id": name, "polygon": polygon, "direction": [0.0, 1.0], "left_turn_on_red": turn})
    data = {
        "id": f"scene-{seed}",
        "name": f"Simpang contoh {seed} / Sample junction {seed}",
        "office": "Ditlantas Polda Metro Jaya (contoh / sample)",
        "location": {"street": "Jl. Contoh Raya", "latitude": -6.2088, "longitude": 106.8456},
        "timezone": "Asia/Jakarta",
        "frame_size": [view.width, view.height],
        "calibration": {
            "points": [
                {"image": [round(float(u), 1), round(float(v), 1)], "road": list(road)}
                for (u, v), road in zip(pixels, survey, strict=True)
            ],
            "image_sigma_px": 0.5,
        },
        "lanes": lane,
        "stop_line": {"road": [[KERB_X, 0.0], [CENTRE_X, 0.0]], "lanes": ["L1", "L2"]},
        "junction": [[KERB_X, 5.0], [-KERB_X, 5.0], [-KERB_X, CROSS_Y[1]], [KERB_X, CROSS_Y[1]]],
        "signals": [
            {
                "id": "S1",
                "region": [round(float(v), 1) for v in (*head.min(axis=0), *head.max(axis=0))],
                "lanes": ["L1", "L2"],
            }
        ],
        "measuring_zone": [
            [KERB_X, ZONE_M[0]],
            [CENTRE_X, ZONE_M[0]],
            [CENTRE_X, ZONE_M[1]],
            [KERB_X, ZONE_M[1]],
        ],
        "speed_limit_kmh": LIMIT_KMH,
        "speed_device": {"id": f"CAM-{seed}", "certificate": "CONTOH-0001", "valid_until": "2030-12-31"},
        "enforce": {
            "red_light": {"grace_s": GRACE_S},
            "stop_line": {},
            "wrong_way": {},
            "speeding": {"tolerance_kmh": TOLERANCE_KMH},
            "no_helmet": {},
        },
        "detect_size": 960,
        "recorded_at": f"2026-08-18T{HOURS[light]}+07:00",
    }
    if solid is not None:
        data |= _every_rule(data, solid)
    assert len(LAMP_HEIGHTS) == 3
    return yaml.safe_dump(data, sort_keys=False, allow_unicode=True)


def _every_rule(data: dict[str, Any], solid: bool) -> dict[str, Any]:
    """Give what the file has besides where every rule is on that one camera can see."""

    def strip(x0: float, x1: float, y0: float, y1: float) -> list[list[float]]:
        return [[x0, y0], [x1, y0], [x1, y1], [x0, y1]]

    lanes = [
        {**lane, "turns": ways}
        for lane, ways in zip(data["lanes"], (["left", "straight"], ["straight"]), strict=True)
    ]
    zones = [
        {
            "id": "ban",
            "kind": "motorcycle_ban",
            "polygon": strip(LANE_X + 0.15, CENTRE_X, -12.0, 34.0),
            "direction": [0.0, 1.0],
        },
        {
            "id": "bus",
            "kind": "bus_lane",
            "polygon": strip(-LANE_X, -KERB_X, SOLID_Y[0], SOLID_Y[1]),
            "direction": [0.0, -1.0],
        },
        {
            "id": "shoulder",
            "kind": "shoulder_use",
            "polygon": strip(-KERB_X, SHOULDER_X, SOLID_Y[0] + 4.0, SOLID_Y[1] + 8.0),
            "direction": [0.0, -1.0],
        },
        {
            "id": "odd-even",
            "kind": "odd_even",
            "polygon": strip(KERB_X, CENTRE_X, *ODD_EVEN_Y),
            "direction": [0.0, 1.0],
            "hours": ODD_EVEN_HOURS,
        },
    ]
    line = [[LANE_X, SOLID_Y[0]], [LANE_X, SOLID_Y[1]]]
    rules = (
        "overcrowded_motorcycle",
        "lane_marking",
        "bus_lane",
        "shoulder_use",
        "motorcycle_ban",
        "odd_even",
    )
    return {
        "holidays": {2026: [date(2026, 8, 17)]},
        "lanes": lanes,
        "zones": zones,
        "markings": [{"id": "M1", "kind": "solid" if solid else "dashed", "road": line}],
        # The head of a second passenger is 12 px high here; at 960 the detector would see half of that.
        "detect_size": 1280,
        "enforce": data["enforce"]
        | {rule: {} for rule in rules}
        | {"no_day_lamp": {"accept_unproven": True}},
    }
