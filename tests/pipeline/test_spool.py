from datetime import datetime, timedelta

import pytest
from drawn import LAWFUL, RECORDED, camera, write_clip

from pipeline.sources import SourceError, VideoFileSource
from pipeline.spool import ATTEMPTS, SegmentConflictError, Spool, SpoolError
from pipeline.worker import at_segment, work_off


class Clock:
    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def spool(tmp_path, clock):
    return Spool(tmp_path / "spool", clock)


def test_a_segment_handed_over_twice_is_taken_in_once(spool):
    assert spool.accept("cam-1", 7, RECORDED, b"video") is True
    assert spool.accept("cam-1", 7, RECORDED, b"video") is False
    assert spool.counts() == {"waiting": 1}


def test_the_same_number_with_other_content_is_refused(spool):
    spool.accept("cam-1", 7, RECORDED, b"video")
    with pytest.raises(SegmentConflictError, match="other content"):
        spool.accept("cam-1", 7, RECORDED, b"another")
    assert spool.take().path.read_bytes() == b"video"


def test_the_same_number_of_another_time_is_refused(spool):
    """A gateway that lost its count must not have its newest violations taken for those of long ago."""
    spool.accept("cam-1", 7, RECORDED, b"video")
    with pytest.raises(SegmentConflictError, match="number segments on"):
        spool.accept("cam-1", 7, RECORDED + timedelta(seconds=1), b"video")
    assert spool.take().recorded_at == RECORDED


def test_an_empty_segment_and_a_time_without_zone_are_refused(spool):
    with pytest.raises(SpoolError, match="0 bytes"):
        spool.accept("cam-1", 1, RECORDED, b"")
    with pytest.raises(SpoolError, match="zone"):
        spool.accept("cam-1", 1, datetime(2026, 8, 17), b"x")  # noqa: DTZ001


def test_one_cameras_segments_come_in_order_and_one_at_a_time(spool):
    for n in (2, 1, 3):
        spool.accept("cam-1", n, RECORDED + timedelta(seconds=n), b"%d" % n)
    first = spool.take()
    assert first.sequence == 1
    assert spool.take() is None
    assert spool.acknowledge(first)
    assert spool.take().sequence == 2


def test_two_cameras_do_not_wait_for_each_other(spool):
    spool.accept("cam-1", 1, RECORDED, b"a")
    spool.accept("cam-2", 1, RECORDED, b"b")
    assert {spool.take().camera_id, spool.take().camera_id} == {"cam-1", "cam-2"}


def test_what_a_vanished_worker_held_is_given_again_and_its_late_word_does_not_count(spool, clock):
    spool.accept("cam-1", 1, RECORDED, b"a")
    lost = spool.take(lease_s=60)
    assert spool.take() is None
    clock.at += 61
    again = spool.take(lease_s=60)
    assert (again.sequence, again.attempt) == (1, 2)
    assert spool.acknowledge(lost) is False
    assert again.path.exists()
    assert spool.acknowledge(again) is True
    assert spool.counts() == {"done": 1}


def test_a_lease_that_is_renewed_is_kept(spool, clock):
    spool.accept("cam-1", 1, RECORDED, b"a")
    held = spool.take(lease_s=60)
    clock.at += 50
    assert spool.renew(held, lease_s=60)
    clock.at += 50
    assert spool.take() is None


def test_a_segment_that_nobody_can_process_is_set_aside_with_the_reason_and_the_next_goes_on(spool):
    spool.accept("cam-1", 1, RECORDED, b"broken")
    spool.accept("cam-1", 2, RECORDED, b"fine")
    for _ in range(ATTEMPTS):
        spool.give_back(spool.take(), "not a video")
    assert spool.take().sequence == 2
    camera, sequence, reason = spool.set_aside()[0]
    assert (camera, sequence) == ("cam-1", 1)
    assert "not a video" in reason


def test_what_was_accepted_is_there_after_a_restart(tmp_path, clock):
    Spool(tmp_path, clock).accept("cam-1", 1, RECORDED, b"video")
    segment = Spool(tmp_path, clock).take()
    assert segment.path.read_bytes() == b"video"
    assert segment.recorded_at == RECORDED


def test_the_video_of_a_segment_done_is_let_go_but_not_one_that_another_needs(tmp_path, clock):
    spool = Spool(tmp_path, clock)
    spool.accept("cam-1", 1, RECORDED, b"same")
    spool.accept("cam-2", 1, RECORDED, b"same")
    first, second = spool.take(), spool.take()
    spool.acknowledge(first)
    assert second.path.exists()
    spool.acknowledge(second)
    assert not second.path.exists()
    assert spool.accept("cam-1", 1, RECORDED, b"same") is False


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(SpoolError, match="cannot be opened"):
        Spool(tmp_path / "file" / "spool")


def test_the_worker_does_what_is_waiting_and_puts_back_what_it_cannot(spool, clock):
    for n in (1, 2):
        spool.accept("cam-1", n, RECORDED, b"%d" % n)
    spool.accept("cam-2", 1, RECORDED, b"broken")
    seen, told = [], []

    def process(segment, keep):
        keep()
        if segment.camera_id == "cam-2":
            raise SourceError("not a video")
        seen.append(segment.sequence)

    worked = work_off(spool, process, told.append)
    assert (worked.done, worked.put_back, seen) == (2, 1, [1, 2])
    assert told == ["camera cam-2 segment 1: not a video"]
    assert spool.counts() == {"done": 2, "waiting": 1}


def test_a_worker_whose_lease_ran_out_stops_and_the_segment_is_the_others(spool, clock):
    spool.accept("cam-1", 1, RECORDED, b"a")
    others = []

    def process(segment, keep):
        if segment.attempt == 1:
            clock.at += 1000
            others.append(spool.take(lease_s=1e6))
        keep()

    worked = work_off(spool, process, lambda text: None)
    assert worked.done == 0
    assert spool.acknowledge(others[0])


def test_a_segments_own_start_dates_its_frames(spool, tmp_path):
    at = RECORDED + timedelta(hours=1)
    spool.accept("kamera-uji", 1, at, write_clip(tmp_path / "a.mp4", [LAWFUL], 0.5).read_bytes())
    segment = spool.take()
    with VideoFileSource(segment.path, at_segment(camera(tmp_path), segment)) as source:
        assert next(iter(source)).captured_at == at
