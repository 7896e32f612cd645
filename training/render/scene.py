"""A whole rendered scene: clip, camera file, STNK records and exact truth, all from one seed.

Files of a scene's folder: ``clip.mp4``, ``camera.yaml``, ``stnk.csv``, ``truth.json`` (violations and vehicles) and
``frames.jsonl`` (each frame's boxes, classes, plates, speeds and signal state). Same seed, same bytes of truth.
"""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from detectors.types import Image
from training.render.camera_file import camera_yaml
from training.render.light import Light, random_light
from training.render.picture import Cast, Studio
from training.render.rasterizer import View
from training.render.registry_file import registry_csv
from training.render.traffic import Driver, Program, simulate
from training.render.truth import Committed, committed, zone_speed_kmh
from training.render.world import Layout


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    if not (width.isdigit() and height.isdigit() and int(width) % 2 == 0 and int(height) % 2 == 0):
        raise ValueError(f"picture size {text!r}: give WIDTHxHEIGHT in even pixels, as in 1920x1080")
    return int(width), int(height)


HFOV_DEG = 33.0
# A minute stays under 15 MB, noise at night included.
ENCODING = {"crf": "24", "preset": "veryfast", "maxrate": "1800k", "bufsize": "3600k"}


@dataclass(frozen=True)
class Script:
    """All that a seed decides before a pixel is drawn."""

    seed: int
    seconds: float
    fps: int
    size: tuple[int, int]
    light: Light
    program: Program
    drivers: tuple[Driver, ...]
    violations: tuple[Committed, ...]
    eye: tuple[float, float, float]
    target: tuple[float, float, float]
    hfov_deg: float
    every_rule: bool = False
    solid: bool = True

    @property
    def view(self) -> View:
        """The camera."""
        return View.looking(*self.size, self.eye, self.target, self.hfov_deg)

    @cached_property
    def frames(self) -> int:
        """How many pictures the clip has."""
        return round(self.seconds * self.fps)


def _around(rng: np.random.Generator, reach: float) -> float:
    return float(rng.uniform(-reach, reach))


def write_script(
    seed: int,
    seconds: float,
    size: str = "1920x1080",
    fps: int = 12,
    light: str | None = None,
    every_rule: bool = False,
) -> Script:
    """Decide a scene from its seed. Same arguments, same script.

    ``every_rule``: conduct and near-misses for all rules that one camera can see.
    """
    rng = np.random.default_rng([seed, 1])
    name = light or ("day", "night", "dusk", "rain", "day", "night")[seed % 6]
    program = Program(
        float(rng.integers(14, 19)), float(rng.integers(13, 17)), 3.0, float(rng.uniform(0, 33))
    )
    drivers = simulate(rng, seconds, program, every_rule)
    lit = random_light(rng, name)
    eye = (-2.9 + _around(rng, 0.4), -25.0 + _around(rng, 0.5), 6.2 + _around(rng, 0.3))
    target = (-2.9 + _around(rng, 0.3), 0.5, 1.0)
    view = View.looking(*_size(size), eye, target, HFOV_DEG)
    # In some scenes the line beyond the junction is dashed, and whoever changes lanes there keeps the law.
    solid = not every_rule or bool(rng.random() < 0.7)
    barred = every_rule and lit.name == "dusk"
    while True:
        violations, doubtful = committed(drivers, program, seconds, view, solid, lit, barred)
        if not doubtful:
            break
        drivers = [d for i, d in enumerate(drivers) if i not in doubtful]
    return Script(
        seed, seconds, fps, _size(size), lit, program, tuple(drivers), tuple(violations), eye, target, HFOV_DEG,
        every_rule, solid,
    )  # fmt: skip


def camera_of(script: Script) -> str:
    """Write the camera file of a scene."""
    solid = script.solid if script.every_rule else None
    return camera_yaml(script.view, script.seed, script.light.name, solid)


def truth_of(script: Script) -> dict[str, Any]:
    """Give the truth as `samples.score` and the judges' scripts read it."""

    def plate(i: int) -> str:
        spec = script.drivers[i].plate
        return spec.nrkb.replace(" ", "") if spec else ""

    rows = []
    for v in sorted(script.violations, key=lambda v: (v.start_s, v.rule)):
        row: dict[str, Any] = {
            "rule": v.rule, "plate": plate(v.driver), "start_s": round(v.start_s, 3), "end_s": round(v.end_s, 3),
            "vehicle": v.driver,
        }  # fmt: skip
        if v.speed_kmh is not None:
            row["speed_kmh"] = round(v.speed_kmh, 3)
        rows.append(row)
    vehicles = []
    for i, d in enumerate(script.drivers):
        speed = zone_speed_kmh(d, script.seconds)
        vehicles.append({
            "vehicle": i, "class": d.label, "plate": plate(i) or None, "path": d.path, "intent": d.intent,
            "speed_kmh": None if speed is None else round(speed, 3),
        })  # fmt: skip
    return {
        "seed": script.seed, "seconds": script.seconds, "fps": script.fps, "light": script.light.name,
        "violations": rows, "vehicles": vehicles,
    }  # fmt: skip


_STUDIO: dict[str, Studio] = {}


def _start(script: Script) -> None:
    cv2.setNumThreads(1)
    layout = Layout(script.every_rule and script.solid, script.every_rule)
    _STUDIO["studio"] = Studio(
        script.view, script.light, script.seed, Cast(script.drivers, script.seed), layout
    )


def _shoot(job: tuple[Script, int]) -> tuple[bytes, dict[str, Any]]:
    script, index = job
    t = index / script.fps
    picture, objects = _STUDIO["studio"].shoot(t, script.program.at(t)[0])
    ok, jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 88])
    if not ok:
        raise RuntimeError(f"frame {index} could not be encoded")
    state, held = script.program.at(t)
    row = {
        "frame": index,
        "t_s": round(t, 4),
        "signal": state.value,
        "state_for_s": round(held, 3),
        "objects": objects,
    }
    return jpeg.tobytes(), row


def render_scene(
    seed: int, seconds: float, out: Path, size: str = "1920x1080", fps: int = 12,
    progress: Callable[[int, int], None] | None = None, light: str | None = None, every_rule: bool = False,
) -> Path:  # fmt: skip
    """Render a scene into ``out`` and give that folder.

    Args:
        seed: decides everything.
        seconds: length of the clip.
        out: folder, made where it is missing.
        size: WIDTHxHEIGHT in even pixels.
        fps: frames per second.
        progress: called with (frames done, frames in all).
        light: day, dusk, night or rain; the seed decides where it is left out.
        every_rule: conduct for all rules that one camera can see.
    """
    out.mkdir(parents=True, exist_ok=True)
    script = write_script(seed, seconds, size, fps, light, every_rule)
    (out / "camera.yaml").write_text(camera_of(script), encoding="utf-8")
    (out / "stnk.csv").write_text(registry_csv(script.drivers, script.seed), encoding="utf-8")
    (out / "truth.json").write_text(json.dumps(truth_of(script), indent=1) + "\n", encoding="utf-8")
    jobs = ((script, i) for i in range(script.frames))
    rows: list[str] = []
    with (
        multiprocessing.get_context("spawn").Pool(2, _start, (script,)) as pool,
        av.open(str(out / "clip.mp4"), "w") as clip,
    ):
        stream = clip.add_stream("libx264", rate=fps, options=ENCODING)
        stream.width, stream.height, stream.pix_fmt = *script.size, "yuv420p"
        stream.time_base = Fraction(1, fps)
        for i, (jpeg, row) in enumerate(pool.imap(_shoot, jobs, chunksize=4)):
            picture: Image = np.asarray(
                cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR), np.uint8
            )
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts = i
            clip.mux(stream.encode(frame))
            rows.append(json.dumps(row))
            if progress:
                progress(i + 1, script.frames)
        clip.mux(stream.encode())
    (out / "frames.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return out
