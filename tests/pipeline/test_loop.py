import io
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from drawn import (
    FPS,
    LAWFUL,
    RECORDED,
    WRONG_WAY,
    ColourDetector,
    FixedReader,
    Mover,
    along,
    camera,
    write_camera,
    write_clip,
)

from detectors.camera import load_camera
from detectors.rules.common import key_frame, make_violation
from detectors.rules.registry import NEEDS
from detectors.rules.wrong_way import WrongWayParameters
from pipeline.cases import CaseSink, resume_cases
from pipeline.evidence import EvidenceStore
from pipeline.handover import SETTLE_S
from pipeline.images import decode_image
from pipeline.loop import CameraLoop, Watchers
from pipeline.measurement import MeasurementError, read_measurement
from pipeline.sources import SourceError, open_source


class Ran:
    """One camera run over a clip: what it found, what was written, what was handed to ticketing."""

    def __init__(self, folder: Path, movers, reader=None, data: str = "data", **clip) -> None:
        self.camera = camera(folder)
        self.reader = reader or FixedReader()
        self.detector = ColourDetector()
        self.findings, self.vehicles, self.flagged = [], [], []
        self.store = EvidenceStore(folder / data)
        loop = CameraLoop(
            self.camera,
            self.detector,
            self.reader,
            Watchers(self._finding, self.vehicles.append),
        )
        self.sink = CaseSink(
            self.camera,
            self.store,
            self.flagged.append,
            {"uji": "0" * 64},
            {"wrong_way": "Melawan arus"}.__getitem__,
            loop.counters,
        )
        path = folder / "clip.mp4"
        if not path.exists():
            write_clip(path, movers, **clip)
        with open_source(path, self.camera) as source:
            self.counters = loop.run(source)
            self.faults = source.faults

    def _finding(self, finding) -> None:
        self.findings.append(finding)
        self.sink(finding)


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    return Ran(tmp_path_factory.mktemp("run"), [WRONG_WAY, LAWFUL])


def test_the_one_who_drives_the_wrong_way_is_flagged_and_the_other_is_not(ran):
    assert [f.violation.rule for f in ran.findings] == ["wrong_way"]
    assert ran.counters.flagged == {"wrong_way": 1}
    assert ran.counters.vehicles == 2
    assert len({t.id for t in ran.vehicles}) == 2
    assert ran.counters.by_class == {"car": 2}


def test_ticketing_is_told_what_was_found(ran):
    (flagged,) = ran.flagged
    assert flagged.violation_id == ran.findings[0].violation.id
    assert (flagged.plate_text, flagged.plate_accepted, flagged.plate_colour) == ("AB1234XY", True, "white")
    assert flagged.office == "Satlantas Polres Contoh"
    assert flagged.occurred_at == ran.findings[0].violation.started_at
    assert flagged.evidence_manifest_sha256 == ran.store.get(flagged.violation_id).manifest_sha256


def test_several_of_the_tracks_best_crops_are_voted(ran):
    assert ran.reader.crops >= 3


def test_the_evidence_holds_the_letters_four_photos_untouched_frames_clip_and_masked_versions(ran):
    evidence = ran.store.get(ran.findings[0].violation.id)
    roles = {f.role for f in evidence.files}
    assert {"wide", "vehicle", "plate", "offence", "frame:0", "clip"} <= roles
    assert {"public_wide", "public_vehicle", "public_offence", "public_clip"} <= roles
    for file in evidence.files:
        if file.media_type.startswith("image/"):
            assert decode_image(ran.store.open(file.sha256)).size
    assert ran.store.verify() == []


def test_the_clip_plays_as_h264_with_the_frames_own_times(ran):
    evidence = ran.store.get(ran.findings[0].violation.id)
    with av.open(io.BytesIO(ran.store.open(evidence.file("clip").sha256))) as clip:
        assert clip.streams.video[0].codec_context.name == "h264"
        times = [f.time for f in clip.decode(video=0)]
    assert len(times) > 12
    assert times[1] - times[0] == pytest.approx(1 / FPS, abs=0.002)


def test_the_manifest_says_by_what_and_from_what_it_was_found(ran):
    manifest = ran.store.manifest(ran.findings[0].violation.id)
    assert manifest["camera"]["file_sha256"] == ran.camera.sha256
    assert len(manifest["camera"]["calibration"]["points"]) == 5
    assert manifest["models"] == {"uji": "0" * 64}
    assert manifest["violation"]["parameters"]["distance_m"] == 8.0
    assert manifest["violation"]["measured"]
    assert manifest["software"].startswith("etle ")
    assert all(frame["exact"] for frame in manifest["key_frames"])
    assert any("JPEG quality 95" in f["note"] for f in manifest["files"])


def test_the_owners_picture_does_not_show_the_other_vehicle(ran):
    finding = ran.findings[0]
    evidence = ran.store.get(finding.violation.id)
    wide = decode_image(ran.store.open(evidence.file("wide").sha256))
    public = decode_image(ran.store.open(evidence.file("public_wide").sha256))
    t = finding.violation.key_frames[-1].t_s
    x = round(LAWFUL.x(t))
    other = (slice(LAWFUL.y + 28, LAWFUL.y + 36), slice(x + 20, x + 40))
    # The dark line on the other's plate is what must no longer stand out.
    assert np.ptp(wide[other][..., 2].astype(int)) > 150
    assert np.ptp(public[other][..., 2].astype(int)) < 50


def test_the_same_recording_twice_makes_the_same_case_once(ran):
    folder = Path(ran.store._root).parent
    again = Ran(folder, [])
    assert [f.violation_id for f in again.flagged] == [f.violation_id for f in ran.flagged]
    assert again.flagged == ran.flagged
    assert len(again.store.violation_ids()) == 1


def test_evidence_without_its_case_gets_it_at_the_next_start(ran):
    resumed = []
    assert resume_cases(ran.store, resumed.append) == 1
    assert resumed == ran.flagged


def test_a_plate_that_is_not_sure_goes_on_as_unread_with_the_reason(tmp_path):
    ran = Ran(tmp_path, [WRONG_WAY], FixedReader("AB1234XY", accepted=False))
    assert ran.flagged[0].plate_accepted is False
    assert ran.flagged[0].plate_reason == "two crops disagree"
    assert ran.counters.not_read == {"two crops disagree": 1}


def test_a_vehicle_without_a_plate_is_flagged_as_unread_and_still_has_four_photos(tmp_path):
    ran = Ran(tmp_path, [Mover(WRONG_WAY.x, WRONG_WAY.y, plate=False)])
    (flagged,) = ran.flagged
    assert flagged.plate_text is None
    assert "no plate" in flagged.plate_reason
    assert ran.store.get(flagged.violation_id).file("plate").note.startswith("no plate was found")
    assert ran.counters.evidence_incomplete == {"no plate was found": 1}


def test_a_vehicle_that_stops_is_not_lost_while_nothing_moves(tmp_path):
    stops = Mover(along(110.0, 20.0, stop_s=1.5), 100)
    ran = Ran(tmp_path, [stops], seconds=8.0)
    assert ran.counters.vehicles == 1
    assert ran.counters.frames_still > 30
    assert ran.detector.calls == ran.counters.frames_detected < 70


def test_pictures_of_another_size_than_the_calibrations_are_refused(tmp_path):
    path = write_clip(tmp_path / "clip.mp4", [LAWFUL], 0.5)
    cam = camera(tmp_path, frame_size=[1280, 720])
    loop = CameraLoop(cam, ColourDetector(), FixedReader(), Watchers(lambda f: None))
    with open_source(path, cam) as source, pytest.raises(SourceError, match=r"640x360.*1280x720"):
        loop.run(source)


class Interrupted:
    """A live source that is stopped by hand."""

    live, dropped, faults, frame_rate, name = True, 3, (), FPS, "live"

    def __init__(self, source) -> None:
        self.source = source

    def __iter__(self):
        for frame in self.source:
            if frame.t_s > 2.2:
                raise KeyboardInterrupt
            yield frame


def test_a_live_camera_that_is_stopped_hands_on_what_was_waiting(tmp_path):
    cam, findings = camera(tmp_path), []
    path = write_clip(tmp_path / "clip.mp4", [WRONG_WAY], 4.0)
    loop = CameraLoop(cam, ColourDetector(), FixedReader(), Watchers(findings.append))
    with open_source(path, cam) as source:
        counters = loop.run(Interrupted(source))
    assert [f.violation.rule for f in findings] == ["wrong_way"]
    assert counters.frames_dropped == 3


def test_a_recording_that_is_interrupted_is_left_to_be_run_again(tmp_path):
    cam, findings = camera(tmp_path), []
    path = write_clip(tmp_path / "clip.mp4", [WRONG_WAY], 4.0)
    loop = CameraLoop(cam, ColourDetector(), FixedReader(), Watchers(findings.append))
    with open_source(path, cam) as source, pytest.raises(KeyboardInterrupt):
        recorded = Interrupted(source)
        recorded.live = False
        loop.run(recorded)
    assert findings == []


def test_a_track_that_jumps_to_another_vehicle_does_not_take_the_others_plate(tmp_path, monkeypatch):
    jumps_at = 84
    monkeypatch.setattr("pipeline.loop.jumped", lambda points, homography: points[-1].frame_index == jumps_at)
    ran = Ran(tmp_path, [Mover(along(-60.0, 560.0), 60)], seconds=9.0)
    (finding,) = ran.findings
    assert finding.crops
    # Whether it had met another shortly before is not known yet.
    assert all(crop.t_s < jumps_at / FPS - SETTLE_S for crop in finding.crops)


class FlagsAt:
    """Flags the only vehicle in one frame, by what it did from a second on until another."""

    rule_id = "wrong_way"

    def __init__(self, cam, frame, from_s, to_s):
        self._camera, self._frame, self._span = cam, frame, (from_s, to_s)

    def update(self, scene):
        if scene.frame_index != self._frame:
            return []
        (track,) = scene.tracks
        span = tuple(next(p for p in track.points if p.t_s >= t_s) for t_s in self._span)
        frames = [key_frame(point, "uji / test") for point in span]
        return [make_violation(self.rule_id, self._camera, track, span, frames, {}, WrongWayParameters())]

    def finish(self):
        return []


@pytest.mark.parametrize(("from_s", "to_s", "has_crops"), [(1.0, 2.5, True), (4.5, 6.5, False)])
def test_what_a_rule_flags_as_a_track_jumps_has_no_plate_or_place_of_the_other_vehicle(
    tmp_path, monkeypatch, from_s, to_s, has_crops
):
    """What was done shortly before may be another's already, whom it had met: an officer reads that plate."""
    jumps_at = 84
    monkeypatch.setattr("pipeline.loop.jumped", lambda points, homography: points[-1].frame_index == jumps_at)
    monkeypatch.setattr("pipeline.loop.build_rules", lambda cam: [FlagsAt(cam, jumps_at, from_s, to_s)])
    ran = Ran(tmp_path, [Mover(along(-60.0, 560.0), 60)], seconds=9.0)
    (finding,) = ran.findings
    assert bool(finding.crops) == has_crops
    assert all(crop.t_s < jumps_at / FPS - SETTLE_S for crop in finding.crops)
    assert max(point.frame_index for point in finding.path) == jumps_at - 1


def test_across_a_gap_in_the_recording_nothing_is_flagged(tmp_path):
    # The jump from 0.6 s to 5 s makes it look as if the car had gone on: nobody saw it do so.
    times = [i / FPS for i in range(8)] + [4.0 + i / FPS for i in range(8)]
    ran = Ran(tmp_path, [Mover(along(-110.0, 620.0), 60)], times=times)
    assert ran.findings == []
    assert ran.counters.frames_clock_unfit > 0


def run_entry(folder: Path, data: str, pause: float = 0.0) -> subprocess.Popen:
    entry = Path(__file__).with_name("run_drawn.py")
    return subprocess.Popen(
        [sys.executable, str(entry), str(folder), str(folder / data), str(pause)],
        stdout=subprocess.PIPE,
        text=True,
    )


def cases(folder: Path, data: str) -> list[str]:
    lines = (folder / data / "cases").read_text().splitlines()
    return sorted(set(lines))


def test_killed_in_the_middle_and_run_again_the_cases_are_those_of_one_clean_run(tmp_path):
    write_camera(tmp_path / "camera.yaml")
    movers = [
        Mover(along(-110.0, 560.0 + 440 * i), 60 + 60 * (i % 4), BLUE_OR_GREEN[i % 2]) for i in range(4)
    ]
    write_clip(tmp_path / "clip.mp4", movers, 13.0)
    assert run_entry(tmp_path, "clean").wait(120) == 0
    clean = EvidenceStore(tmp_path / "clean")
    assert len(clean.violation_ids()) == 3
    for stop_after in (1, 2):
        process = run_entry(tmp_path, "killed", 0.02)
        for _ in range(stop_after):
            process.stdout.readline()
        process.kill()
        process.wait(30)
    assert run_entry(tmp_path, "killed").wait(120) == 0
    killed = EvidenceStore(tmp_path / "killed")
    assert sorted(killed.violation_ids()) == sorted(clean.violation_ids())
    assert cases(tmp_path, "killed") == cases(tmp_path, "clean")
    assert killed.verify() == []


BLUE_OR_GREEN = ((220, 60, 20), (40, 200, 40))


def test_recorded_at_is_the_first_frames_moment(ran):
    assert ran.findings[0].violation.track_began_at >= RECORDED


def test_the_evidence_holds_what_was_measured_from(ran):
    finding = ran.findings[0]
    evidence = ran.store.get(finding.violation.id)
    measured = read_measurement(ran.store.open(evidence.file("measurement").sha256))
    assert measured.path == finding.path and len(measured.path) > 20
    assert measured.path[0].t_s <= finding.violation.start_s <= measured.path[-1].t_s
    assert measured.camera.file == ran.camera.file
    assert measured.camera.sha256 == ran.camera.sha256
    assert [t for t, _ in measured.signals] == sorted(t for t, _ in measured.signals)


@pytest.mark.parametrize("broken", [b"", b"{}", b'{"format": "etle-measurement/1", "path": [{}]}', b"[]"])
def test_a_measurement_that_cannot_be_read_says_so(broken):
    with pytest.raises(MeasurementError):
        read_measurement(broken)


ODD_EVEN = {
    "enforce": {"odd_even": {}},
    "zones": [
        {
            "id": "pagi",
            "kind": "odd_even",
            "polygon": [[0, 0], [64, 0], [64, -36], [0, -36]],
            "direction": [1, 0],
            "hours": [{"days": ["mon"], "start": "06:00", "end": "10:00", "on_holidays": False}],
        }
    ],
    "holidays": {2026: ["2026-01-01"]},
}


@pytest.mark.parametrize(
    ("plate", "accepted", "exempt", "flagged"),
    [
        ("AB1234XY", True, None, 1),
        ("AB1235XY", True, None, 0),
        ("AB1234XY", False, None, 0),
        ("AB1234XY", True, "electric", 0),
    ],
)
def test_an_odd_even_candidate_is_judged_by_its_plate_and_record(tmp_path, plate, accepted, exempt, flagged):
    """Recorded on Monday the 17th: even plates may not drive there."""
    path = write_camera(tmp_path / "camera.yaml", **ODD_EVEN)
    given = load_camera(path, NEEDS)
    found = []
    watchers = Watchers(found.append, exempts=lambda rule, its: exempt)
    loop = CameraLoop(given, ColourDetector(), FixedReader(plate, accepted), watchers)
    write_clip(tmp_path / "clip.mp4", [LAWFUL])
    with open_source(tmp_path / "clip.mp4", given) as source:
        counters = loop.run(source)
    assert len(found) == counters.flagged["odd_even"] == flagged
    assert sum(counters.let_pass.values()) == 1 - flagged


def test_whoever_has_a_flashing_beacon_is_let_pass_and_counted(tmp_path):
    escort = Ran(tmp_path, [replace(WRONG_WAY, beacon=True), LAWFUL])
    assert escort.findings == []
    assert escort.counters.flagged["wrong_way"] == 0
    assert escort.counters.let_pass == {"a red beacon flashes on the vehicle": 1}
