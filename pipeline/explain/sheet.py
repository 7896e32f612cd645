"""One violation's evidence sheet: what it says and shows, before it is laid out as a picture or a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from detectors.camera import Camera
from detectors.kinematics import Axis
from detectors.types import Box, Image, SignalState, TrackPoint
from pipeline.blobs import StoreError
from pipeline.drawing import draw_road, local_time
from pipeline.evidence import EvidenceStore
from pipeline.explain.captions import COURSE, COURSE_ON_RED, MAIN, PLAN, with_its_line
from pipeline.explain.charts import course, path_on_picture, road_plan, speed_chart
from pipeline.explain.motion import motion, speed_fit
from pipeline.explain.words import VEHICLES, Pair, Row, rows, statement
from pipeline.images import crop, decode_image
from pipeline.measurement import FIRST_ROLE, ROLE, Measurement, MeasurementError, read_measurement
from pipeline.types import Evidence
from ticketing.law import law_row
from ticketing.plates import spaced_plate
from ticketing.wording import time_words

WIDE, FLAT = (1534, 520), (1534, 400)
BEFORE_S, AFTER_S = 2.0, 1.5
# Around a vehicle, in shares of its box: enough to see where on the road it is.
AROUND = 0.35


@dataclass(frozen=True)
class Panel:
    """A picture (H, W, 3) BGR and what it shows."""

    image: Image = field(repr=False)
    caption: Pair


@dataclass(frozen=True)
class Sheet:
    """All that an evidence sheet says and shows. ``intact``: signature and every hash were checked and fit."""

    title: Pair
    article: str
    facts: tuple[tuple[Pair, str], ...]
    statement: Pair
    main: Panel
    moments: tuple[Panel, ...]
    panels: tuple[Panel, ...]
    rows: tuple[Row, ...]
    notes: tuple[Pair, ...]
    intact: bool


def build_sheet(store: EvidenceStore, violation_id: str) -> Sheet:
    """Put a violation's evidence sheet together.

    Raises:
        StoreError: there is no such evidence, it is damaged, or it was written before measurements were kept.
    """
    faults = store.verify(violation_id)
    evidence = store.get(violation_id)
    if evidence is None:
        raise StoreError(f"there is no evidence for violation {violation_id}")
    manifest = store.manifest(violation_id)
    measured, before = _measured(evidence, store, ROLE), _measured(evidence, store, FIRST_ROLE)
    if measured is None:
        raise StoreError(
            f"violation {violation_id}: its evidence was written before measurements were kept; run the recording again"
        )
    violation = manifest["violation"]
    began = datetime.fromisoformat(violation["started_at"])
    camera, path = measured.camera, measured.path
    law = law_row(violation["rule"], began.astimezone(camera.zone).date())
    title = (law.title_id, law.title_en)
    zone = violation["measured"].get("zone")
    first = None if before is None else before.camera
    moments = _moments(manifest, evidence, store, [first or camera, camera], zone)
    marks = [(m.t_s, str(i + 1)) for i, m in enumerate(moments) if m.camera is camera]
    return Sheet(
        title=title,
        article=law.article,
        facts=_facts(manifest, [camera] if first is None else [first, camera], began),
        statement=statement(violation, title, f"{began.astimezone(camera.zone):%H:%M:%S}"),
        main=_main(evidence, store, manifest, camera, path, marks, zone),
        moments=tuple(
            Panel(m.image, (f"{i + 1}. {m.caption[0]}", m.caption[1])) for i, m in enumerate(moments)
        ),
        panels=tuple(_panels(violation, camera, path, measured.signals, marks, zone)),
        rows=tuple(rows(violation)),
        notes=_notes(manifest, camera, evidence),
        intact=not faults,
    )


def _measured(evidence: Evidence, store: EvidenceStore, role: str) -> Measurement | None:
    file = evidence.file(role)
    try:
        return None if file is None else read_measurement(store.open(file.sha256))
    except MeasurementError as error:
        raise StoreError(f"violation {evidence.violation_id}: {error}") from error


@dataclass(frozen=True)
class _Moment:
    t_s: float
    camera: Camera
    caption: Pair
    image: Image = field(repr=False)


def _moments(
    manifest: Mapping[str, Any],
    evidence: Evidence,
    store: EvidenceStore,
    cameras: Sequence[Camera],
    zone: str | None,
) -> list[_Moment]:
    """Give the key frames in time order; the first is of the first camera, the others are of the last."""
    out: list[_Moment] = []
    for i, told in enumerate(manifest["key_frames"]):
        camera = cameras[min(i, 1)]
        # Masked where there is such a one: a sheet is passed around, and others are none of its readers' business.
        last = i == len(manifest["key_frames"]) - 1
        masked = evidence.file("public_wide" if last else f"public_frame:{i}")
        file = masked or evidence.file(f"frame:{i}")
        if file is None or any(m.t_s == float(told["t_s"]) for m in out):
            continue
        image = decode_image(store.open(file.sha256))
        box: Box | None = told["box_xyxy"] and tuple(told["box_xyxy"])
        draw_road(image, camera, zone, manifest["violation"]["rule"])
        shown = image if box is None else crop(image, _framed(box, image), 0.0)
        clock = local_time(datetime.fromisoformat(told["captured_at"]), camera)
        out.append(_Moment(float(told["t_s"]), camera, (str(told["caption"]), clock), shown))
    return sorted(out, key=lambda m: m.t_s)


def _framed(box: Box, image: Image) -> Box:
    """Give a box around the vehicle, three wide to two high, with some road about it, within the picture."""
    height, width = image.shape[:2]
    h = min(
        height, max((box[3] - box[1]) * (1 + 2 * AROUND), (box[2] - box[0]) * (1 + 2 * AROUND) / 1.5, 160)
    )
    w = min(width, 1.5 * h)
    x = min(max(0.0, (box[0] + box[2]) / 2 - w / 2), width - w)
    y = min(max(0.0, (box[1] + box[3]) / 2 - h / 2), height - h)
    return x, y, x + w, y + h


def _main(
    evidence: Evidence,
    store: EvidenceStore,
    manifest: Mapping[str, Any],
    camera: Camera,
    path: Sequence[TrackPoint],
    marks: Sequence[tuple[float, str]],
    zone: str | None,
) -> Panel:
    file = evidence.file("public_wide") or evidence.file("wide")
    if file is None:
        raise StoreError(f"violation {evidence.violation_id}: no frame of it was kept")
    told = manifest["key_frames"][-1]
    box = told["box_xyxy"] and tuple(told["box_xyxy"])
    rule = manifest["violation"]["rule"]
    picture = path_on_picture(decode_image(store.open(file.sha256)), camera, path, box, marks, zone, rule)
    return Panel(picture, with_its_line(MAIN, manifest["violation"]))


def _panels(
    violation: Mapping[str, Any],
    camera: Camera,
    path: tuple[TrackPoint, ...],
    signals: Sequence[tuple[float, Mapping[str, SignalState]]],
    marks: Sequence[tuple[float, str]],
    zone: str | None,
) -> list[Panel]:
    out = []
    start_s, end_s = float(violation["start_s"]), float(violation["end_s"])
    moved = motion(violation, path, camera)
    judged = _judging(violation, camera, signals)
    fit = speed_fit(violation, path, camera)
    if moved is not None and fit is None:
        start = start_s - BEFORE_S
        red_s = _red_began(judged, end_s)
        if red_s is not None and start - red_s < 6.0:
            start = min(start, red_s - 1.0)
        span = (max(start, 0.0), end_s + AFTER_S)
        caption = COURSE if not judged else COURSE_ON_RED
        out.append(Panel(course(moved, judged, marks, span, WIDE), caption))
    if fit is not None:
        agrees = abs(fit.speed.kmh - float(violation["speed_kmh"])) < 0.05
        out.append(
            Panel(
                speed_chart(fit, violation["measured"], WIDE),
                (
                    "Kecepatan dihitung ulang dari letak kendaraan: "
                    + ("sama dengan yang dicatat" if agrees else "BERBEDA dari yang dicatat"),
                    "The speed reckoned anew from the vehicle's places: "
                    + ("the same as recorded" if agrees else "DIFFERS from what was recorded"),
                ),
            )
        )
    near = [p for p in path if start_s - BEFORE_S <= p.t_s <= end_s + AFTER_S]
    ahead, rule = _ahead(violation, camera), violation["rule"]
    plan = road_plan(camera, near, marks, ahead, FLAT, zone, rule, speed=fit is not None)
    out.append(Panel(plan, with_its_line(PLAN, violation)))
    return out


def _ahead(violation: Mapping[str, Any], camera: Camera) -> Axis:
    """Give the direction that a plan shows to the right: that of the violation's lane, else of the first."""
    named = violation["measured"].get("lane")
    lane = next((lane for lane in camera.file.lanes if lane.id == named), camera.file.lanes[0])
    line = camera.file.stop_line
    return Axis.of(lane.polygon[0] if line is None else line.road[0], lane.direction)


def _judging(
    violation: Mapping[str, Any],
    camera: Camera,
    signals: Sequence[tuple[float, Mapping[str, SignalState]]],
) -> list[tuple[float, SignalState]]:
    if violation["rule"] not in ("red_light", "stop_line"):
        return []
    lane = violation["measured"].get("lane")
    heads = [h.id for h in camera.file.signals if lane in h.lanes]
    return [(t, states[heads[0]]) for t, states in signals if heads and heads[0] in states]


def _red_began(signals: Sequence[tuple[float, SignalState]], at_s: float) -> float | None:
    began: float | None = None
    for t, state in signals:
        if t > at_s:
            break
        if state is SignalState.RED:
            began = t if began is None else began
        elif state is not SignalState.UNKNOWN:
            began = None
    return began


def _facts(
    manifest: Mapping[str, Any], cameras: Sequence[Camera], began: datetime
) -> tuple[tuple[Pair, str], ...]:
    camera = cameras[-1]
    places = [f"{c.file.location.street}\n{c.file.name} ({c.id})" for c in cameras]
    violation, plate = manifest["violation"], manifest["plate"]
    vehicle = VEHICLES.get(violation["vehicle_class"], (violation["vehicle_class"],) * 2)
    when_id, _ = time_words(began, camera.file.timezone)
    return (
        (("Waktu", "Time"), f"{when_id}\n{local_time(began, camera)}"),
        (("Tempat", "Place"), "\n→ ".join(places)),
        (("Kendaraan", "Vehicle"), f"{vehicle[0]} / {vehicle[1]}"),
        (("Pelat nomor", "Plate"), _plate(plate)),
        (("Kantor", "Office"), camera.file.office),
        (("Pelanggaran no.", "Violation id"), str(manifest["violation_id"])),
    )


def _plate(plate: Mapping[str, Any] | None) -> str:
    if plate is None or not plate["text"]:
        return "tidak terbaca, menunggu petugas\nnot read, left to an officer"
    weakest = min(plate["character_probabilities"])
    if plate["accepted"]:
        sure = f"huruf terlemah / weakest character: {weakest:.1%}"
        return f"{spaced_plate(plate['text'])} ({plate['crops_read']} gambar)\n{sure}"
    doubt = f"not certain ({weakest:.0%}): an officer reads it"
    return f"{spaced_plate(plate['text'])}? – belum pasti, dibaca petugas\n{doubt}"


def _notes(manifest: Mapping[str, Any], camera: Camera, evidence: Evidence) -> tuple[Pair, ...]:
    points, error = len(camera.file.calibration.points), camera.homography.reprojection_error_m
    first = datetime.fromisoformat(manifest["violation"]["started_at"]) - timedelta(
        seconds=float(manifest["violation"]["start_s"])
    )
    return (
        (
            f"Jarak diukur lewat {points} titik jalan yang disurvei; selisih rata-rata {100 * error:.1f} cm. Waktu "
            f"berasal dari stempel waktu sumber gambar, mulai {local_time(first, camera)}.",
            f"Distances come from {points} surveyed points of the road; they fit to {100 * error:.1f} cm on average. "
            "Times are the picture source's own time stamps.",
        ),
        (
            "Setiap angka yang meragukan dihitung demi keuntungan pengemudi. Lembar ini menjelaskan, tidak memutuskan: "
            "petugas memeriksa setiap kasus.",
            "Whatever is in doubt is reckoned in the driver's favour. This sheet explains and does not decide: an "
            "officer reviews every case.",
        ),
        (
            f"Berkas bukti: {len(evidence.files)} berkas, manifest SHA-256 {evidence.manifest_sha256}; perangkat lunak "
            f"{manifest['software']}.",
            "Evidence files, their hashes and the signature: etle evidence verify.",
        ),
    )
