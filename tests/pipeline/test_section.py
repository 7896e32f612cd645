"""A measured section from two cameras' frames to one case: who was too fast on average, and nobody else."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import typer
import yaml
from drawn import FPS, RECORDED, ColourDetector, FixedReader, Mover, along, write_camera, write_clip
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

import ticketing.passages
from cli.errors import told
from cli.models import Models
from cli.office import Office, open_office
from cli.run import Ran, run_camera
from cli.sections import Forgetting, forget_passages, open_passages, resume_sections
from detectors.camera import StopLine, load_camera
from detectors.rules.registry import NEEDS
from pipeline.drawing import draw_road, lines_across
from pipeline.evidence import EvidenceStore
from pipeline.explain.page import write_page
from pipeline.explain.sheet import build_sheet
from pipeline.loop import CameraLoop, Watchers
from pipeline.manifest import plain
from pipeline.passages import PassageError, PassageSink, PassageStore, _Reading
from pipeline.sources import open_source
from pipeline.types import Counters
from ticketing.errors import LawError
from ticketing.models import CaseRow, PassageRow
from ticketing.record_rules.settings import TABLE

DRIVES = {name: Mover(along(110.0, 20.0), y) for name, y in (("kamera-a", 60), ("kamera-b", 230))}
# The clips begin so many seconds apart, and so the car is at the line of one so long after that of the other.
FAST_S, LAWFUL_S = 30.0, 60.0
SECTION = {
    "from": "kamera-a", "to": "kamera-b", "road_m": 1000, "road_sigma_m": 1, "clock_sigma_s": 0.1, "limit_kmh": 80,
    "tolerance_kmh": 5, "certificate": "BMKG-1", "certificate_valid_until": "2027-01-01",
}  # fmt: skip
STREETS = {"kamera-a": "Tol KM 10", "kamera-b": "Tol KM 11"}


class Section:
    """Two cameras, one office, and what came of the clips that were run."""

    def __init__(self, folder: Path, office: Office, clips: Path) -> None:
        self.folder, self.data, self.office, self._clips = folder, folder / "data", office, clips

    def open(self, name: str, after_s: float, times=None):
        """Give a camera and its clip of one car, recorded so many seconds after 07.15."""
        place = {"street": STREETS[name], "latitude": -7.8, "longitude": 110.4}
        at = RECORDED + timedelta(seconds=after_s)
        file = write_camera(
            self.folder / f"{name}.yaml", id=name, name=f"Kamera {name}", location=place, recorded_at=at.isoformat(),
            section_line={"road": [[32, 0], [32, -36]], "lanes": ["l1", "l2"]}, enforce={"average_speed": {}},
        )  # fmt: skip
        camera = load_camera(file, NEEDS)
        path = self._clips / f"{name}.mp4" if times is None else self.folder / "clip.mp4"
        if not path.exists():
            write_clip(path, [DRIVES[name]], times=times)
        return camera, open_source(path, camera)

    def run(self, name: str, after_s: float, accepted: bool = True, times=None) -> Ran:
        """Run a camera over its clip."""
        models = Models(ColourDetector(), FixedReader(accepted=accepted), {"uji": "0" * 64})
        camera, opened = self.open(name, after_s, times)
        with opened as source:
            store = EvidenceStore(self.data)
            return run_camera(camera, source, models, store, self.office, quiet=True, data=self.data)

    def rows(self, table):
        with Session(self.office.engine) as session:
            return session.scalars(select(table)).all()

    def files(self) -> list[Path]:
        return list((self.data / "passages").glob("*"))


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    return tmp_path_factory.mktemp("clips")


@pytest.fixture
def section(tmp_path, clips, monkeypatch):
    settings = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    settings["average_speed"]["sections"] = [SECTION]
    own = tmp_path / "record-rules.yaml"
    own.write_text(yaml.safe_dump(settings), encoding="utf-8")
    monkeypatch.setenv("ETLE_RECORD_RULES", str(own))
    monkeypatch.delenv("ETLE_DATABASE_URL", raising=False)
    with open_office(tmp_path / "data") as office:
        yield Section(tmp_path, office, clips)


def test_who_is_too_fast_between_two_cameras_becomes_one_case(section):
    assert section.run("kamera-a", 0.0).counters.passages == 1
    assert section.rows(CaseRow) == []
    second = section.run("kamera-b", FAST_S)
    assert second.counters.flagged == {"average_speed": 1} and second.rows == ()
    (case,) = section.rows(CaseRow)
    assert (case.rule, case.camera_id, case.state) == ("average_speed", "kamera-b", "flagged")
    told = case.flagged
    assert told["speed_kmh"] == pytest.approx(120.0, abs=0.2)
    assert told["measured"]["lower_bound_kmh"] > 85 and told["speed_limit_kmh"] == 80.0
    assert told["plate_text"] == "AB1234XY" and told["measured"]["certificate"] == "BMKG-1"


def test_the_evidence_has_both_ends_signed_and_whole(section):
    section.run("kamera-a", 0.0)
    section.run("kamera-b", FAST_S)
    (case,) = section.rows(CaseRow)
    store = EvidenceStore(section.data)
    assert store.verify() == []
    evidence = store.get(case.violation_id)
    assert evidence.manifest_sha256 == case.flagged["evidence_manifest_sha256"]
    roles = {f.role for f in evidence.files}
    assert {
        "frame:0",
        "annotated:0",
        "public_frame:0",
        "first_vehicle",
        "first_measurement",
        "plate:1",
    } <= roles
    assert {"frame:1", "offence", "wide", "vehicle", "plate", "public_wide", "public_offence"} <= roles
    signed = [json.loads(store.open(evidence.file(f"{end}_passage").sha256)) for end in ("first", "last")]
    assert [s["manifest"]["camera"]["id"] for s in signed] == ["kamera-a", "kamera-b"]
    assert store.open(evidence.file("frame:0").sha256) != store.open(evidence.file("frame:1").sha256)
    sheet = build_sheet(store, case.violation_id)
    assert sheet.intact and len(sheet.moments) == 2
    page = write_page(sheet)
    assert "Tol KM 10" in page and "Tol KM 11" in page and "120" in sheet.statement[0]
    assert all("–" not in text for text in sheet.statement)
    assert all(row.name[1] for row in sheet.rows)


def test_a_lawful_drive_makes_no_case_and_is_gone_after_its_time(section):
    section.run("kamera-a", 0.0)
    section.run("kamera-b", LAWFUL_S)
    assert section.rows(CaseRow) == [] and EvidenceStore(section.data).violation_ids() == []
    assert len(section.rows(PassageRow)) == len(section.files()) == 2
    now = datetime.now(UTC)
    assert forget_passages(section.data, section.office, now) == {}
    told = forget_passages(section.data, section.office, now + timedelta(minutes=61))
    assert told == {"deleted": 2, "files deleted": 2}
    assert section.rows(PassageRow) == section.files() == []


def test_a_plate_in_doubt_at_either_end_makes_no_case_and_is_not_kept(section):
    section.run("kamera-a", 0.0)
    doubt = section.run("kamera-b", FAST_S, accepted=False)
    assert doubt.counters.let_pass == {"average_speed: the plate is in doubt": 1}
    assert section.rows(CaseRow) == [] and len(section.files()) == 1


@pytest.mark.parametrize("gone", [False, True])
def test_the_second_camera_may_be_worked_off_first_and_a_replay_changes_nothing(section, gone):
    section.run("kamera-b", FAST_S)
    section.run("kamera-a", 0.0)
    before = [(c.id, c.flagged) for c in section.rows(CaseRow)]
    assert len(before) == 1
    if gone:
        forget_passages(section.data, section.office, datetime.now(UTC) + timedelta(minutes=61))
    section.run("kamera-a", 0.0)
    again = section.run("kamera-b", FAST_S)
    assert again.counters.flagged["average_speed"] == 0
    assert [(c.id, c.flagged) for c in section.rows(CaseRow)] == before
    assert len(section.rows(PassageRow)) == 2 and EvidenceStore(section.data).verify() == []


def test_a_clock_that_jumps_before_the_vehicle_has_passed_gives_no_passage(section):
    times = [i / FPS + (5.0 if i > 20 else 0.0) for i in range(60)]
    jumped = section.run("kamera-a", 0.0, times=times)
    assert jumped.counters.frames_clock_unfit > 0 and jumped.counters.passages == 0
    assert section.rows(PassageRow) == section.files() == []


@pytest.mark.parametrize(("offset_s", "kept"), [(None, 0), (0.0, 1), (-0.4, 1)])
def test_what_a_gateways_clock_is_off_adds_to_the_doubt_and_one_that_is_not_told_gives_no_passage(
    section, offset_s, kept
):
    camera, source = section.open("kamera-a", 0.0)
    passed, told, counters = [], [], Counters()
    with source:
        CameraLoop(
            camera, ColourDetector(), FixedReader(), Watchers(told.append, on_passage=passed.append)
        ).run(source)
    (finding,), kept_rows = passed, []
    sink = PassageSink(
        camera,
        PassageStore(section.data),
        lambda row: kept_rows.append(row) or (),
        bool,
        {},
        lambda: offset_s,
    )
    sink(finding, counters)
    assert told == [] and len(kept_rows) == counters.passages == len(section.files()) == kept
    assert sum(counters.let_pass.values()) == 1 - kept
    for row in kept_rows:
        assert row.measured == {**finding.violation.measured, "clock_offset_s": offset_s}


def test_an_rtsp_stream_bears_no_camera_time_and_keeps_no_passage(section, capsys):
    camera, _ = section.open("kamera-a", 0.0)
    source = open_source("rtsp://10.0.0.1/1", camera)
    opened = open_passages(camera, source, section.data, EvidenceStore(section.data), section.office, {})
    assert opened is None
    assert capsys.readouterr().err.count("does not tell its clock, not measured") == 1


def test_settings_that_break_while_cameras_run_stop_none_and_are_told_at_the_next_start(
    section, tmp_path, capsys
):
    section.run("kamera-a", 0.0)
    (tmp_path / "record-rules.yaml").write_text("average_speed: 3")
    assert section.run("kamera-b", FAST_S).counters.flagged == {"average_speed": 1}
    with open_office(section.data) as office, pytest.raises(typer.Exit) as left, told():
        resume_sections(section.data, EvidenceStore(section.data), office)
    assert left.value.exit_code == 2 and "record-rules.yaml" in capsys.readouterr().err


def test_what_cannot_be_deleted_is_told_and_what_a_crash_left_unfinished_goes_too(section, caplog):
    folder = section.data / "passages"
    (folder / "stuck.zip").mkdir(parents=True)
    (folder / ".x1.part").write_bytes(b"a picture")
    later = datetime.now(UTC) + timedelta(minutes=61)
    told = forget_passages(section.data, section.office, later)
    assert told == {"files deleted": 1, "files that cannot be deleted": 1}
    assert [f.name for f in section.files()] == ["stuck.zip"] and "stuck.zip" in caplog.text


def test_a_worker_deletes_in_its_rounds_once_a_minute(section):
    section.run("kamera-a", 0.0)
    (file,) = section.files()
    clock = [0.0]
    passages = Forgetting(section.data, section.office, lambda: clock[0])
    os.utime(file, (0, 0))
    for now, left in ((59.0, 1), (60.0, 0)):
        clock[0] = now
        passages.round()
        assert len(section.files()) == left


def test_two_workers_that_keep_one_passage_at_once_both_go_on(section, monkeypatch):
    real, calls = ticketing.passages.keep, []

    def keep(session, passed, now):
        calls.append(passed)
        if len(calls) == 1:
            raise IntegrityError("insert", {}, Exception("unique"))
        real(session, passed, now)

    monkeypatch.setattr("ticketing.passages.keep", keep)
    assert section.run("kamera-a", 0.0).counters.passages == 1
    assert len(section.rows(PassageRow)) == 1 and len(calls) == 2


@pytest.mark.parametrize("fault", [PassageError("gone"), LawError("no row")])
def test_a_pair_of_which_no_case_can_be_made_keeps_no_camera_from_starting(
    section, monkeypatch, capsys, fault
):
    def cannot(self, found):
        raise fault

    section.run("kamera-a", 0.0)
    with monkeypatch.context() as patched:
        patched.setattr("pipeline.section_cases.SectionCases.__call__", lambda self, found: False)
        section.run("kamera-b", FAST_S)
        patched.setattr("pipeline.section_cases.SectionCases.__call__", cannot)
        resume_sections(section.data, EvidenceStore(section.data), section.office)
    assert "1 no case" in capsys.readouterr().err


def test_each_rules_picture_has_its_own_line_only(section, tmp_path):
    camera, _ = section.open("kamera-a", 0.0)
    stop = {"road": [[10, 0], [10, -18]], "lanes": ["l1"]}
    camera = replace(camera, file=camera.file.model_copy(update={"stop_line": StopLine.model_validate(stop)}))
    at = {
        rule: [line[0][0] for line in lines_across(camera, rule)]
        for rule in ("average_speed", "red_light", None)
    }
    assert at == {"average_speed": [32], "red_light": [10], None: [10, 32]}
    blank = np.zeros((360, 640, 3), np.uint8)
    drawn = [draw_road(blank.copy(), camera, None, rule) for rule in at]
    assert not np.array_equal(drawn[0], drawn[1])


def test_a_camera_at_no_section_follows_nobody(section, monkeypatch, capsys):
    monkeypatch.delenv("ETLE_RECORD_RULES")
    ran = section.run("kamera-a", 0.0)
    assert ran.counters.passages == 0 and section.files() == []
    assert "no section" in capsys.readouterr().err


def test_killed_between_passage_and_case_the_next_start_makes_it_once_in_however_many_workers(
    section, monkeypatch
):
    section.run("kamera-a", 0.0)
    with monkeypatch.context() as patched:
        patched.setattr("pipeline.section_cases.SectionCases.__call__", lambda self, found: False)
        section.run("kamera-b", FAST_S)
    assert section.rows(CaseRow) == []
    with ThreadPoolExecutor(4) as workers:
        stores = [EvidenceStore(section.data) for _ in range(4)]
        started = [workers.submit(resume_sections, section.data, store, section.office) for store in stores]
    assert [worker.result() for worker in started] == [None] * 4
    assert len(section.rows(CaseRow)) == 1 and EvidenceStore(section.data).verify() == []


def test_stills_that_were_altered_make_no_case_and_harm_nobody_else(section, caplog):
    section.run("kamera-a", 0.0)
    (file,) = section.files()
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(bytes(data))
    section.run("kamera-b", FAST_S)
    assert section.rows(CaseRow) == []
    assert "no case: passage" in caplog.text


def test_the_plate_of_a_passage_kept_before_readings_had_corners_can_still_be_read() -> None:
    now = FixedReader("AB1234XY").read_crops([])
    kept = {k: v for k, v in plain(now).items() if k != "corners"} | {"box_xyxy": [0.0, 0.0, 1.0, 1.0]}
    read = _Reading.validate_python(kept)
    assert read is not None and (read.text, read.accepted) == (now.text, now.accepted)
