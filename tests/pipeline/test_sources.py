import io
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import av
import cv2
import numpy as np
import pytest
from drawn import LAWFUL, RECORDED, WRONG_WAY, camera, picture, write_clip
from PIL import Image as Pillow

from pipeline.clock import with_clock_fitness
from pipeline.frames import FrameRefusedError, PushedFrame, SignalState
from pipeline.sources import (
    ImageFolderSource,
    PushSource,
    RtspSource,
    SourceError,
    SourceMissingError,
    VideoFileSource,
    open_source,
)
from pipeline.sources.image_folder import name_time
from pipeline.sources.reconnect import backoff
from pipeline.sources.rtsp import STALL_S, without_password


def frames_of(source):
    with source:
        return list(source)


def test_a_clips_times_are_those_of_its_timestamps_and_not_of_counting(tmp_path):
    times = [0.0, 0.1, 0.15, 0.9, 1.0]
    source = VideoFileSource(write_clip(tmp_path / "a.mp4", [LAWFUL], times=times), camera(tmp_path))
    frames = frames_of(source)
    assert [round(f.t_s, 3) for f in frames] == times
    assert frames[3].captured_at == RECORDED + timedelta(seconds=0.9)
    assert frames[0].captured_at.tzinfo is UTC
    assert source.faults == []


def test_without_recorded_at_the_files_own_creation_time_stands_in(tmp_path):
    clip = write_clip(tmp_path / "a.mp4", [LAWFUL], 1.0)
    with av.open(str(clip)) as old, av.open(str(tmp_path / "b.mp4"), "w") as new:
        new.metadata["creation_time"] = "2026-01-02T03:04:05.000000Z"
        stream = new.add_stream_from_template(old.streams.video[0])
        for packet in old.demux(old.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                new.mux(packet)
    frames = frames_of(VideoFileSource(tmp_path / "b.mp4", camera(tmp_path, recorded_at=None)))
    assert frames[0].captured_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_no_such_file_is_named(tmp_path):
    with pytest.raises(SourceMissingError, match=r"nowhere\.mp4: no such file"):
        open_source(tmp_path / "nowhere.mp4", camera(tmp_path))


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "empty"), (b"not a video at all" * 50, "not a video"), (None, "cut short")],
)
def test_a_file_that_is_no_whole_video_is_refused_with_the_reason(tmp_path, content, message):
    path = tmp_path / "bad.mp4"
    if content is None:
        whole = write_clip(tmp_path / "whole.mp4", [LAWFUL], 2.0).read_bytes()
        content = whole[: len(whole) // 2]
    path.write_bytes(content)
    with pytest.raises(SourceError, match=message), open_source(path, camera(tmp_path)):
        pass


def test_a_clip_that_breaks_off_midway_gives_what_there_is_and_names_the_fault(tmp_path):
    whole = write_clip(tmp_path / "whole.mp4", [LAWFUL, WRONG_WAY], 4.0, movflags="faststart").read_bytes()
    path = tmp_path / "cut.mp4"
    path.write_bytes(whole[: len(whole) * 2 // 3])
    source = VideoFileSource(path, camera(tmp_path))
    frames = frames_of(source)
    assert 5 < len(frames) < 48
    assert source.faults
    assert "cut.mp4" in str(source.faults[0])


def test_a_folder_is_read_in_the_order_of_names_and_a_broken_picture_is_named(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for i in range(4):
        cv2.imwrite(str(folder / f"{i:03}.jpg"), picture([LAWFUL], i / 12))
    (folder / "001.jpg").write_bytes(b"")
    whole = (folder / "002.jpg").read_bytes()
    (folder / "002.jpg").write_bytes(whole[: len(whole) // 2])
    source = open_source(folder, camera(tmp_path), fps=12)
    frames = frames_of(source)
    assert [f.index for f in frames] == [0, 3]
    assert frames[1].t_s == pytest.approx(3 / 12)
    assert [Path(f.where).name for f in source.faults] == ["001.jpg", "002.jpg"]
    assert "0 bytes" in source.faults[0].what
    assert "broken" in source.faults[1].what
    assert frames[0].encoded == (folder / "000.jpg").read_bytes()


def test_a_folder_takes_times_from_names_in_the_cameras_zone(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name in ("cam_20260817T071500.000.jpg", "cam_20260817T071500.250.jpg"):
        cv2.imwrite(str(folder / name), picture([LAWFUL], 0))
    frames = frames_of(open_source(folder, camera(tmp_path)))
    assert frames[0].captured_at == RECORDED
    assert frames[1].t_s == pytest.approx(0.25)


def test_a_folder_takes_times_from_exif_with_fraction_and_offset(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    exif = Pillow.Exif()
    exif.get_ifd(0x8769).update({0x9003: "2026:08:17 08:15:00", 0x9291: "500", 0x9011: "+08:00"})
    Pillow.fromarray(picture([LAWFUL], 0)).save(folder / "a.jpg", exif=exif)
    frames = frames_of(open_source(folder, camera(tmp_path)))
    assert frames[0].captured_at == RECORDED + timedelta(seconds=0.5)


def test_a_folder_without_any_time_asks_for_fps(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    cv2.imwrite(str(folder / "a.jpg"), picture([LAWFUL], 0))
    with pytest.raises(SourceError, match="--fps"):
        frames_of(open_source(folder, camera(tmp_path)))


def test_an_empty_folder_and_a_negative_rate_are_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match="holds no pictures"):
        frames_of(open_source(tmp_path / "empty", camera(tmp_path)))
    with pytest.raises(SourceError, match="greater than 0"):
        ImageFolderSource(tmp_path / "empty", camera(tmp_path), fps=-1)


def test_a_time_in_a_name_that_cannot_be_is_no_time():
    zone = ZoneInfo("Asia/Makassar")
    assert name_time("x_20261317T071500.jpg", zone) is None
    assert name_time("frame_000123.jpg", zone) is None
    assert name_time("2026-08-17_08-15-00Z.png", zone) == datetime(2026, 8, 17, 8, 15, tzinfo=UTC)


def jpeg(t: float = 0.0) -> bytes:
    return cv2.imencode(".jpg", picture([LAWFUL], t))[1].tobytes()


def pushed(sequence, at=None, body=None, **other):
    at = RECORDED + timedelta(seconds=sequence) if at is None else at
    return PushedFrame(sequence, at, jpeg() if body is None else body, at + timedelta(seconds=0.2), **other)


def test_pushed_frames_keep_the_latest_and_count_every_drop(tmp_path):
    source = PushSource(camera(tmp_path), capacity=2)
    answers = [source.push(pushed(i)) for i in range(5)]
    source.close()
    assert [(a.dropped, a.dropped_in_all) for a in answers] == [(0, 0), (0, 0), (1, 1), (1, 2), (1, 3)]
    assert source.dropped == 3
    assert [f.index for f in source] == [3, 4]


def test_a_pushed_broken_frame_is_counted_and_the_next_goes_on(tmp_path):
    source = PushSource(camera(tmp_path))
    source.push(pushed(0, body=jpeg()[:-400]))
    source.push(pushed(1))
    source.close()
    assert [f.index for f in source] == [1]
    assert source.broken == 1
    assert source.faults


def test_what_never_came_is_told_and_a_gateway_that_starts_anew_counts_from_0(tmp_path):
    source = PushSource(camera(tmp_path))
    missing = [
        source.push(pushed(n, RECORDED + timedelta(seconds=i))).missing for i, n in enumerate([5, 6, 9, 0, 1])
    ]
    assert missing == [0, 0, 2, 0, 0]
    assert source.arrivals().missing == 2


def big_jpeg(width, height):
    """A whole small JPEG whose header says another size."""
    data = bytearray(cv2.imencode(".jpg", np.zeros((16, 16, 3), np.uint8))[1].tobytes())
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = height.to_bytes(2, "big") + width.to_bytes(2, "big")
    return bytes(data)


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"body": b""}, "not_a_jpeg"),
        ({"body": b"GIF89a"}, "not_a_jpeg"),
        ({"body": b"\xff\xd8\xff" + b"this is text" * 99}, "not_a_jpeg"),
        ({"body": big_jpeg(20_000, 20_000)}, "too_many_pixels"),
        ({"body": big_jpeg(8000, 6000)}, "wrong_size"),
        ({"signals": {"S9": SignalState.RED}}, "unknown_signal"),
        ({"at": RECORDED}, "out_of_order"),
        ({"sequence": 3}, "out_of_order"),
    ],
)
def test_a_frame_that_cannot_be_is_refused_by_name_and_counted(tmp_path, change, name):
    source = PushSource(camera(tmp_path))
    source.push(pushed(3, RECORDED))
    given = {"sequence": 4, "at": RECORDED + timedelta(seconds=1), **change}
    with pytest.raises(FrameRefusedError) as refusal:
        source.push(pushed(given.pop("sequence"), given.pop("at"), **given))
    assert refusal.value.name == name
    assert source.arrivals().refused == {name: 1}
    assert source.arrivals().taken == 1


@pytest.mark.parametrize(
    ("ahead_s", "name"), [(6, "in_the_future"), (86_400 * 400, "in_the_future"), (-61, "too_old")]
)
def test_a_capture_time_that_cannot_be_a_live_frames_is_refused(tmp_path, ahead_s, name):
    source = PushSource(camera(tmp_path))
    frame = PushedFrame(0, RECORDED + timedelta(seconds=ahead_s), jpeg(), RECORDED)
    with pytest.raises(FrameRefusedError) as refusal:
        source.push(frame)
    assert refusal.value.name == name


def test_lag_and_clock_offset_are_medians_and_a_clock_that_is_off_is_a_reason_to_pause(tmp_path):
    source = PushSource(camera(tmp_path))
    for i in range(5):
        sent = RECORDED + timedelta(seconds=i + 3.3)
        source.push(pushed(i, sent_at=sent))
    assert source.arrivals().lag_s == pytest.approx(0.2)
    assert source.arrivals().clock_offset_s == pytest.approx(3.1)
    assert source.clock_doubt() == ("clock",)


def test_after_silence_iterating_ends_and_the_next_frame_begins_anew(tmp_path):
    source = PushSource(camera(tmp_path), idle_s=0.01)
    source.push(pushed(0))
    assert [f.t_s for f in source] == [0.0]
    source.push(pushed(7))
    assert [(f.index, f.t_s) for f in source] == [(1, 0.0)]


class FakePicture:
    is_corrupt = False

    def __init__(self, t: float) -> None:
        self.time = t

    def to_ndarray(self, format: str) -> np.ndarray:  # noqa: A002
        return picture([LAWFUL], self.time)


class FakePacket:
    def __init__(self, stream, pictures) -> None:
        self.stream, self.pictures = stream, pictures

    def decode(self):
        return self.pictures


class FakeStream:
    """Gives frames, then breaks off as FFmpeg does."""

    average_rate = 12

    def __init__(self, times) -> None:
        self.times, self.closed = times, False
        self.streams = self
        self.video = [self]

    def demux(self):
        for t in self.times:
            yield FakePacket(self, [FakePicture(t)])
        raise av.FFmpegError(5, "Input/output error")

    def close(self) -> None:
        self.closed = True


def test_a_stream_that_breaks_off_is_connected_again_and_time_jumps_by_what_was_lost(tmp_path):
    clock = [100.0]
    pauses = []
    streams = [FakeStream([7.0, 7.1]), OSError("refused"), FakeStream([0.0, 0.1]), OSError("x"), OSError("y")]

    def connect(url):
        step = streams.pop(0)
        if isinstance(step, OSError):
            raise step
        return step

    def wait(seconds):
        pauses.append(seconds)
        clock[0] += 30.0

    source = RtspSource(
        "rtsp://user:secret@camera/1",
        camera(tmp_path),
        capacity=10,
        attempts=2,
        connect=connect,
        monotonic=lambda: clock[0],
        now=lambda: RECORDED + timedelta(seconds=clock[0] - 100),
        wait=wait,
        rng=random.Random(1),
    )
    frames = frames_of(source)
    assert [round(f.t_s, 2) for f in frames] == [0.0, 0.1, 60.0, 60.1]
    assert frames[2].captured_at == RECORDED + timedelta(seconds=60)
    assert source.reconnections == 4
    assert len(pauses) == 4
    assert all("secret" not in str(f) for f in source.faults)
    assert "Input/output error" in source.faults[0].what
    fit = [ok for _, ok in with_clock_fitness(frames)]
    assert fit == [True, False, False, False]


def test_a_stream_that_sends_only_sound_is_a_stall_after_three_seconds_and_is_connected_again(tmp_path):
    clock = [100.0]

    class OnlySound(FakeStream):
        def demux(self):
            yield FakePacket(self, [FakePicture(0.0)])
            while True:
                clock[0] += 0.5
                yield FakePacket("sound", [])

    streams, heard = [OnlySound([]), FakeStream([0.0])], []
    source = RtspSource(
        "rtsp://camera/1",
        camera(tmp_path),
        capacity=10,
        attempts=1,
        connect=lambda url: streams.pop(0) if streams else FakeStream([]),
        monotonic=lambda: clock[0],
        wait=lambda seconds: None,
        rng=random.Random(1),
        tell=heard.append,
    )
    assert len(frames_of(source)) == 2
    assert "stalled: no picture for 3 s; connecting again in" in heard[0].what
    assert clock[0] == pytest.approx(100.0 + STALL_S + 0.5)


def test_a_stream_that_never_answers_is_an_error_once_given_up(tmp_path):
    def connect(url):
        raise OSError(111, "Connection refused")

    heard = []
    source = RtspSource(
        "rtsp://camera/1",
        camera(tmp_path),
        attempts=2,
        connect=connect,
        wait=lambda seconds: None,
        tell=heard.append,
    )
    with pytest.raises(SourceError, match="Connection refused; given up after 2 attempts"):
        frames_of(source)
    assert len(heard) == 2


def test_the_pause_before_connecting_again_grows_has_a_bound_and_is_not_the_same_for_all():
    pauses = [backoff(20, random.Random(seed)) for seed in range(50)]
    assert max(pauses) <= 60.0
    assert len(set(pauses)) > 40
    assert all(0.5 <= backoff(0, random.Random(seed)) <= 1.0 for seed in range(20))


def test_a_streams_password_is_never_shown():
    assert without_password("rtsp://u:p@host:554/x") == "rtsp://host:554/x"


def test_another_kind_of_address_is_refused(tmp_path):
    with pytest.raises(SourceMissingError, match="rtsp://"):
        open_source("ftp://host/x", camera(tmp_path))


def test_an_image_with_another_orientation_does_not_pass_for_untouched(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    exif = Pillow.Exif()
    exif[0x0112] = 6
    data = io.BytesIO()
    Pillow.fromarray(picture([LAWFUL], 0)).save(data, "JPEG", exif=exif)
    (folder / "a.jpg").write_bytes(data.getvalue())
    frames = frames_of(open_source(folder, camera(tmp_path), fps=1))
    assert frames[0].image.shape == (640, 360, 3)
    assert frames[0].encoded is None
