"""The evidence sheet: what it says, that it says it in both languages, and that its figures are reckoned anew."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from drawn import LAWFUL, WRONG_WAY, ColourDetector, FixedReader, camera, write_clip

from detectors.camera import load_camera
from detectors.rules.red_light import RedLight
from detectors.rules.registry import NEEDS
from detectors.rules.speeding import Speeding
from detectors.types import Scene, SignalState, Track, TrackPoint, Violation
from pipeline.cases import CaseSink
from pipeline.evidence import EvidenceStore, StoreError
from pipeline.explain.charts import course
from pipeline.explain.motion import motion, speed_fit
from pipeline.explain.page import write_page
from pipeline.explain.png import WIDTH, draw_sheet
from pipeline.explain.sheet import build_sheet
from pipeline.explain.words import STATEMENTS, rows, statement
from pipeline.images import decode_image
from pipeline.loop import CameraLoop, Watchers
from pipeline.manifest import plain
from pipeline.measurement import measurement_file, read_measurement
from pipeline.sources import open_source

JUNCTION = load_camera(Path(str(resources.files("samples") / "junction" / "camera.yaml")), NEEDS)
BEGAN = datetime(2026, 8, 18, 3, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> tuple[EvidenceStore, str]:
    """Evidence of one vehicle that drove the wrong way."""
    folder = tmp_path_factory.mktemp("explain")
    given, store = camera(folder), EvidenceStore(folder / "data")
    sink = CaseSink(given, store, None, {"uji": "0" * 64})
    loop = CameraLoop(given, ColourDetector(), FixedReader(), Watchers(lambda f: sink(f) and None))
    write_clip(folder / "clip.mp4", [WRONG_WAY, LAWFUL])
    with open_source(folder / "clip.mp4", given) as source:
        loop.run(source)
    return store, store.violation_ids()[0]


def test_the_sheet_says_what_happened_where_and_when_in_both_languages(written):
    sheet = build_sheet(*written)
    assert sheet.title == ("Melawan arus", "Driving against the traffic")
    assert "Pasal 287 (1)" in sheet.article
    at_least = re.search(r"at least ([\d.]+) m", sheet.statement[1])
    assert at_least and f"sekurang-kurangnya {at_least[1]} m" in sheet.statement[0]
    facts = {name[1]: value for name, value in sheet.facts}
    assert "WIB" in facts["Time"] and "Jl. Contoh" in facts["Place"] and "AB 1234 XY" in facts["Plate"]
    assert sheet.intact
    assert [m.caption[0][:2] for m in sheet.moments] == ["1.", "2.", "3."]
    assert any("at least" in row.certain[1] and "threshold 8 m" in row.certain[1] for row in sheet.rows)


def test_the_sheet_is_drawn_as_one_picture_and_one_page(written):
    sheet = build_sheet(*written)
    picture = decode_image(draw_sheet(sheet))
    assert picture.shape[1] == WIDTH and picture.shape[0] > 1500
    page = write_page(sheet)
    assert sheet.statement[0] in page and sheet.statement[1].replace("'", "&#39;") in page
    assert (
        len(re.findall(r'<img src="data:image/(?:png|jpeg);base64,', page))
        == len(re.findall("<img", page))
        > 4
    )
    assert not re.search(r'(?:src|href)="(?!data:)', page)


def test_what_the_vehicle_did_is_drawn_on_the_picture(written):
    """The path is yellow, and there is no such yellow on the grey road."""
    blue, green, red = (build_sheet(*written).main.image[..., i].astype(int) for i in range(3))
    assert np.count_nonzero((blue < 90) & (green > 170) & (red > 200)) > 150


def test_altered_evidence_is_said_to_be_altered(written, tmp_path):
    store, violation_id = written
    for file in store._root.rglob("*"):
        if file.is_file():
            copy = tmp_path / file.relative_to(store._root)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(file.read_bytes())
    clip = store.get(violation_id).file("clip").sha256
    altered = next(
        p for p in (tmp_path / "blobs").rglob("*") if p.is_file() and clip in str(p).replace("/", "")
    )
    altered.write_bytes(b"something else")
    sheet = build_sheet(EvidenceStore(tmp_path), violation_id)
    assert not sheet.intact
    assert "BUKTI DIUBAH" in write_page(sheet)


def test_a_violation_that_nobody_knows_is_refused_by_name(written):
    with pytest.raises(StoreError, match="no evidence for violation nobody"):
        build_sheet(written[0], "nobody")


def driven(kmh: float, x: float = -1.7, seconds: float = 3.0, front_m: float = -9.0) -> Track:
    """A car's path before the sample's camera, its boxes as that camera would see its rear."""
    points = []
    for i in range(round(seconds * 12)):
        y = front_m + kmh / 3.6 * i / 12
        (x1, y2), (x2, _) = JUNCTION.homography.to_image(np.array([[x - 0.88, y], [x + 0.88, y]]))
        box = (float(x1), float(y2 - 0.9 * (x2 - x1)), float(x2), float(y2))
        points.append(TrackPoint(i, i / 12, BEGAN + timedelta(seconds=i / 12), box, 0.9, (x, y)))
    return Track(1, "car", True, tuple(points))


def watched(rule: Any, track: Track, red_s: float = 0.0) -> Violation:
    found: list[Violation] = []
    for i, p in enumerate(track.points):
        seen = Track(track.id, track.label, True, track.points[: i + 1])
        states = {"S1": SignalState.RED if p.t_s >= red_s else SignalState.AMBER}
        found += rule.update(Scene(i, p.t_s, p.captured_at, (seen,), (), (), states))
    (one,) = [*found, *rule.finish()]
    return one


def test_a_speed_is_reckoned_anew_from_the_evidence_alone():
    track = driven(72.0)
    violation = watched(Speeding(JUNCTION, {}), track)
    kept = read_measurement(measurement_file(track.points, (), JUNCTION).data)
    fit = speed_fit(plain(violation), kept.path, kept.camera)
    assert fit is not None and violation.speed_kmh is not None
    assert fit.speed.kmh == pytest.approx(violation.speed_kmh, abs=1e-6)
    assert fit.speed.half_width_kmh == pytest.approx(violation.speed_uncertainty_kmh, abs=1e-6)
    assert len(fit.t) == violation.measured["points"]


def test_the_course_to_the_stop_line_shows_the_front_before_and_past_it():
    track = driven(36.0, front_m=-14.0, seconds=3.5)
    violation = plain(watched(RedLight(JUNCTION, {"grace_s": 0.0}), track))
    moved = motion(violation, track.points, JUNCTION)
    assert moved is not None and moved.is_line
    before = moved.t <= violation["key_frames"][0]["t_s"]
    assert np.all(moved.high[before] < 0)
    assert np.all(moved.low[moved.t >= violation["key_frames"][1]["t_s"]] > 0)
    assert np.all((moved.low <= moved.middle) & (moved.middle <= moved.high))


def test_the_signals_colour_over_time_stands_above_the_course():
    track = driven(36.0, front_m=-14.0, seconds=3.5)
    violation = plain(watched(RedLight(JUNCTION, {"grace_s": 0.0}), track))
    moved = motion(violation, track.points, JUNCTION)
    assert moved is not None
    states = [(0.0, SignalState.GREEN), (1.75, SignalState.RED)]
    picture = course(moved, states, [], (0.0, 3.5), (900, 400)).astype(int)
    red = (picture[..., 2] > 190) & (picture[..., 1] < 70)
    green = (picture[..., 1] > 130) & (picture[..., 2] < 80)
    strip = slice(0, 60)
    assert np.median(np.nonzero(green[strip])[1]) < 450 < np.median(np.nonzero(red[strip])[1])


@pytest.mark.parametrize("rule", sorted(STATEMENTS))
def test_every_rules_statement_has_a_word_for_what_it_measures(rule):
    """A value that a statement asks for and a rule does not measure would be a dash on the sheet."""
    name = rule.split(":")[0]
    text = STATEMENTS[rule][0] + STATEMENTS[rule][1]
    asked = set(re.findall(r"{(\w+)}", text)) - {"clock"}
    measured = {k: "left" if k in ("allowed", "went") else 1.5 for k in asked}
    measured |= {"allowed": "left", "went": "right", "forbidden_parity": "even", "plate_parity": "even"}
    measured |= {"zone": "Z1"} if "zone" in asked else {}
    measured |= {"marking": "M1"} if rule.endswith(":marking") else {}
    said = statement(
        {"rule": name, "measured": measured, "parameters": {}, "speed_uncertainty_kmh": 1.0},
        ("", ""),
        "10:00:00",
    )
    assert "–" not in said[0] + said[1] and "{" not in said[0] + said[1]


def test_a_value_without_words_of_its_own_is_still_shown():
    (row,) = rows({"rule": "x", "measured": {"new_value_m": 2.5}, "parameters": {}})
    assert (row.name[0], row.value) == ("new value m", "2.5")
