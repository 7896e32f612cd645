"""The shipped detector on the sample junction, killed in the middle and run again."""

import subprocess
import sys
from importlib import resources
from pathlib import Path

import av
import pytest

from pipeline.evidence import EvidenceStore

SAMPLE = Path(str(resources.files("samples") / "junction"))
WEIGHTS = Path(str(resources.files("detectors") / "weights"))
SECONDS = 20.0

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(
        not (SAMPLE / "clip.mp4").exists() or not any(WEIGHTS.glob("*.json")),
        reason="the sample clip and the detector's weights are not in this checkout",
    ),
]


def first_seconds(clip: Path, out: Path) -> Path:
    with av.open(str(clip)) as old, av.open(str(out), "w") as new:
        stream = new.add_stream_from_template(old.streams.video[0])
        for packet in old.demux(old.streams.video[0]):
            if packet.dts is None or float(packet.pts * packet.time_base) > SECONDS:
                continue
            packet.stream = stream
            new.mux(packet)
    return out


def start(clip: Path, data: Path) -> subprocess.Popen:
    arguments = ["run", SAMPLE / "camera.yaml", "--source", clip, "--data", data, "--jsonl", "-"]
    command = [sys.executable, "-c", "from cli.main import app; app()", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_killed_in_the_middle_and_run_again_the_cases_are_those_of_one_clean_run(tmp_path):
    clip = first_seconds(SAMPLE / "clip.mp4", tmp_path / "clip.mp4")
    clean = start(clip, tmp_path / "clean")
    lines, errors = clean.communicate()
    assert clean.returncode == 0, errors
    killed = start(clip, tmp_path / "killed")
    killed.stdout.readline()
    killed.kill()
    killed.communicate()
    again = start(clip, tmp_path / "killed")
    lines_again, errors = again.communicate()
    assert again.returncode == 0, errors
    assert lines_again == lines
    stores = [EvidenceStore(tmp_path / name) for name in ("clean", "killed")]
    assert stores[0].violation_ids()
    assert sorted(stores[1].violation_ids()) == sorted(stores[0].violation_ids())
    assert stores[1].verify() == []
