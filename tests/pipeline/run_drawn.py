"""A run of the camera loop over a drawn clip, to be killed: FOLDER (camera.yaml, clip.mp4) DATA PAUSE_S."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from drawn import ColourDetector, FixedReader

from detectors.camera import load_camera
from pipeline.cases import CaseSink
from pipeline.evidence import EvidenceStore
from pipeline.loop import CameraLoop, Watchers
from pipeline.sources import open_source

folder, data, pause = Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])
camera = load_camera(folder / "camera.yaml")


def flag(flagged) -> None:
    with (data / "cases").open("a") as out:
        out.write(flagged.violation_id + "\n")


sink = CaseSink(camera, EvidenceStore(data), flag, {})
loop = CameraLoop(
    camera,
    ColourDetector(pause),
    FixedReader(),
    Watchers(lambda f: print(sink(f).violation_id, flush=True)),
)
with open_source(folder / "clip.mp4", camera) as source:
    loop.run(source)
