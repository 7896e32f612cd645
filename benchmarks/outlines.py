"""A scene's truth without its pictures: every frame's boxes, drawn only as numbers, in a tenth of the time.

usage: python -m benchmarks.outlines SEED OUT [--seconds 60] [--rules all]

OUT gets ``camera.yaml``, ``truth.json`` and ``frames.jsonl`` as `etle scene render` writes them; each object has
besides ``seen``: the box of what is not hidden, which is what a detector can know.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from training.render.picture import PARTS, Cast
from training.render.rasterizer import count_ids, draw
from training.render.scene import Script, camera_of, truth_of, write_script
from training.render.traffic import Driver
from training.render.vehicles import FIRST_HEAD
from training.render.world import NO_ATLAS

SHRINK = 2
HEAD_PX = 20


class Outliner:
    """Draws who hides whom at a fraction of the size; boxes are those of the full size."""

    def __init__(self, script: Script) -> None:
        self.script, self.cast = script, Cast(script.drivers, script.seed)
        self.view = script.view

    def objects(self, t: float) -> list[dict[str, Any]]:
        """Give what stands in the picture at second ``t``, in the form of a rendered scene's truth."""
        placed = [
            (i, d, screen)
            for i, d in enumerate(self.script.drivers)
            if (screen := self._screen(i, d, t)) is not None
        ]
        shape = (self.view.height // SHRINK, self.view.width // SHRINK)
        nothing, depth = np.zeros((*shape, 3), np.uint8), np.zeros(shape, np.float32)
        ids = np.full(shape, -1, np.int32)
        for i, _, screen in placed:
            mesh = self.cast.models[i].mesh
            points = np.concatenate([screen[..., :2] / SHRINK, 1 / screen[..., 2:]], -1).astype(np.float32)
            draw(
                nothing, depth, ids, points, np.zeros(points.shape, np.float32),
                (i * PARTS + mesh.part).astype(np.int32), mesh.uv, np.zeros(len(points), np.bool_), NO_ATLAS, 0.0, 0.0,
            )  # fmt: skip
        counts, boxes = count_ids(ids, len(self.script.drivers) * PARTS)
        rows = [self._row(i, d, screen, counts, boxes, t) for i, d, screen in placed]
        return [row for row in rows if row is not None]

    def _screen(self, i: int, driver: Driver, t: float) -> NDArray[np.float64] | None:
        """Give the corners of a vehicle's triangles, (N, 3, 3): pixels and distance; None out of view."""
        pose = driver.pose(t)
        if pose is None:
            return None
        x, y, heading = pose
        ahead = self.view.project(np.array([[x, y, 0.8]]))[0]
        if ahead[2] < 8 or not -900 < ahead[0] < self.view.width + 900 or y > 75:
            return None
        c, s = np.cos(heading), np.sin(heading)
        turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
        # One matrix from the vehicle's own frame to pixels: half of the time goes here otherwise.
        whole = self.view.matrix @ np.block([[turn, np.array([[x], [y], [0.0]])], [np.zeros((1, 3)), 1.0]])
        out = self.cast.models[i].mesh.vertices @ whole[:, :3].T + whole[:, 3]
        if np.any(out[..., 2] < 1):
            return None
        out[..., :2] /= out[..., 2:]
        return np.asarray(out, np.float64)

    def _row(
        self,
        i: int,
        driver: Driver,
        screen: NDArray[np.float64],
        counts: NDArray[np.int64],
        boxes: NDArray[np.int64],
        t: float,
    ) -> dict[str, Any] | None:
        mesh, first = self.cast.models[i].mesh, i * PARTS
        points = screen.reshape(-1, 3)[:, :2]
        limit = np.array([self.view.width, self.view.height], float)
        box = [*np.clip(points.min(axis=0), 0, limit), *np.clip(points.max(axis=0), 0, limit)]
        seen = int(counts[first : first + PARTS].sum())
        if box[2] - box[0] < 4 or box[3] - box[1] < 4 or not seen:
            return None
        mine = boxes[first : first + PARTS][counts[first : first + PARTS] > 0] * SHRINK
        hull = cv2.contourArea(cv2.convexHull(points.astype(np.float32))) / SHRINK**2
        heads = []
        for k, person in enumerate(driver.people):
            if counts[first + FIRST_HEAD + k] * SHRINK**2 < HEAD_PX:
                continue
            corners = screen[mesh.part == FIRST_HEAD + k][..., :2].reshape(-1, 2)
            whole = [*corners.min(axis=0), *corners.max(axis=0)]
            area = (whole[2] - whole[0]) * (whole[3] - whole[1]) * 0.75 / SHRINK**2
            heads.append({
                "class": "head_helmet" if person.helmeted else "head_bare", "box": _rounded(whole),
                "visible": round(min(1.0, counts[first + FIRST_HEAD + k] / max(area, 1.0)), 3),
            })  # fmt: skip
        return {
            "vehicle": i, "class": driver.label, "box": _rounded(box),
            "seen": _rounded([*mine[:, :2].min(axis=0), *mine[:, 2:].max(axis=0)]),
            "visible": round(min(1.0, seen / max(hull * (0.62 if driver.people else 0.9), 1.0)), 3),
            "speed_kmh": round(driver.speed(t) * 3.6, 2), "plates": [], "heads": heads,
        }  # fmt: skip


def _rounded(box: Any) -> list[float]:
    return [round(float(v), 1) for v in box]


def outline_scene(seed: int, seconds: float, out: Path, every_rule: bool = False) -> Path:
    """Write a scene's camera file and truth into ``out``, and no clip; give that folder."""
    out.mkdir(parents=True, exist_ok=True)
    script = write_script(seed, seconds, every_rule=every_rule)
    outliner = Outliner(script)
    (out / "camera.yaml").write_text(camera_of(script), encoding="utf-8")
    (out / "truth.json").write_text(json.dumps(truth_of(script), indent=1) + "\n", encoding="utf-8")
    lines = []
    for index in range(script.frames):
        t = index / script.fps
        state, held = script.program.at(t)
        row = {"frame": index, "t_s": round(t, 4), "signal": state.value, "state_for_s": round(held, 3)}
        lines.append(json.dumps(row | {"objects": outliner.objects(t)}))
    (out / "frames.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return out


def main() -> None:
    """Outline one scene."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("seed", type=int)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--rules", choices=("first", "all"), default="first")
    given = parser.parse_args()
    outline_scene(given.seed, given.seconds, given.out, given.rules == "all")


if __name__ == "__main__":
    main()
