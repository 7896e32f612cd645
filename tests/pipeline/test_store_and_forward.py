"""A gateway's segments: cut from a source, stored on disk, handed over once the server takes them."""

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import av
import cv2
import pytest
from drawn import FPS, LAWFUL, RECORDED, camera, picture, write_clip

from pipeline.cutting import Cut, cut_pictures, cut_stream, cut_video
from pipeline.forward import Answer, Forwarder, PushStoppedError
from pipeline.outbox import Outbox
from pipeline.segments import open_segment, unpack_pictures
from pipeline.sources import SourceError, VideoFileSource
from pipeline.spool import Spool

ZONE = ZoneInfo("Asia/Jakarta")


@pytest.fixture
def clip(tmp_path):
    """12 seconds with a key frame every second."""
    path = tmp_path / "clip.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream(
            "libx264", rate=FPS, options={"g": "12", "bf": "2", "preset": "veryfast"}
        )
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
        for i in range(12 * FPS):
            container.mux(
                stream.encode(av.VideoFrame.from_ndarray(picture([LAWFUL], i / FPS), format="bgr24"))
            )
        container.mux(stream.encode())
    return path


def frames(path, known):
    with VideoFileSource(path, known) as source:
        return [(f.captured_at, f.image) for f in source]


def test_the_segments_of_a_video_hold_every_frame_once_with_its_time_and_its_pixels(tmp_path, clip):
    whole = frames(clip, camera(tmp_path))
    cuts = list(cut_video(clip, 4.0, RECORDED))
    assert [c.recorded_at - RECORDED for c in cuts] == [timedelta(seconds=s) for s in (0, 4, 8)]
    spool, got = Spool(tmp_path / "spool"), []
    for n, cut in enumerate(cuts):
        spool.accept("kamera-uji", n, cut.recorded_at, cut.data)
        segment = spool.take()
        with open_segment(segment, camera(tmp_path)) as (_, source):
            got += [(f.captured_at, f.image) for f in source]
            assert source.faults == []
        spool.acknowledge(segment)
    assert [at for at, _ in got] == [at for at, _ in whole]
    assert all((a == b).all() for (_, a), (_, b) in zip(got, whole, strict=True)), "nothing was encoded anew"


def test_cutting_goes_on_where_it_stopped_with_the_same_segments(clip):
    cuts = list(cut_video(clip, 3.0, RECORDED))
    again = list(cut_video(clip, 3.0, RECORDED, after=cuts[1].after))
    assert [(c.recorded_at, c.data) for c in again] == [(c.recorded_at, c.data) for c in cuts[2:]]
    assert list(cut_video(clip, 3.0, RECORDED, after=cuts[-1].after)) == []


def test_a_file_that_is_no_video_is_named(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"text posing as a video")
    with pytest.raises(SourceError, match=r"a\.mp4"):
        list(cut_video(tmp_path / "a.mp4", 3.0))


def test_a_folder_is_cut_into_batches_of_its_own_jpegs_and_goes_on_after_the_last(tmp_path):
    for i in range(10):
        name = f"cam_{(RECORDED + timedelta(seconds=i)).strftime('%Y%m%dT%H%M%S')}Z.jpg"
        cv2.imwrite(str(tmp_path / name), picture([LAWFUL], i))
    (tmp_path / "cam_20260817T001503.500Z.jpg").write_bytes(b"no picture")
    (tmp_path / "untimed.jpg").write_bytes((tmp_path / name).read_bytes())
    faults = []
    cuts = list(cut_pictures(tmp_path, 4.0, ZONE, faults.append))
    pictures = [p for c in cuts for p in unpack_pictures(c.data)]
    assert [len(unpack_pictures(c.data)) for c in cuts] == [4, 4, 2]
    assert [at for at, _ in pictures] == [RECORDED + timedelta(seconds=i) for i in range(10)]
    assert pictures[-1][1] == (tmp_path / name).read_bytes()
    assert [f.where.rsplit("/", 1)[1] for f in faults] == ["cam_20260817T001503.500Z.jpg", "untimed.jpg"]
    again = list(cut_pictures(tmp_path, 4.0, ZONE, faults.append, after=cuts[1].after))
    assert [c.data for c in again] == [cuts[2].data]


def test_a_batch_of_pictures_runs_as_its_cameras_source(tmp_path):
    cv2.imwrite(str(tmp_path / "cam_20260817T071500.250.jpg"), picture([LAWFUL], 0))
    (cut,) = cut_pictures(tmp_path, 4.0, ZONE, lambda fault: None)
    spool = Spool(tmp_path / "spool")
    spool.accept("kamera-uji", 0, cut.recorded_at, cut.data)
    with open_segment(spool.take(), camera(tmp_path)) as (_, source):
        (frame,) = list(source)
    assert frame.captured_at == RECORDED + timedelta(seconds=0.25)
    assert frame.encoded == (tmp_path / "cam_20260817T071500.250.jpg").read_bytes()


class Packet:
    def __init__(self, packet, stream):
        self._packet, self.stream = packet, stream


class Stream:
    """A live connection scripted from a file's packets; after the last one only sound comes, or it breaks off."""

    def __init__(self, path, clock, breaks_off):
        self._file = av.open(str(path))
        self._clock, self._breaks_off = clock, breaks_off
        self.streams = self._file.streams

    def demux(self):
        for packet in self._file.demux(self._file.streams.video[0]):
            if packet.dts is not None:
                self._clock[0] += 1 / FPS
                yield packet
        if self._breaks_off:
            raise av.FFmpegError(5, "Input/output error")
        while True:
            self._clock[0] += 0.5
            yield Packet(None, "sound")


@pytest.mark.parametrize(("breaks_off", "why"), [(True, "broke off"), (False, "stalled: no picture for 3 s")])
def test_a_stream_is_cut_at_key_frames_dated_by_our_clock_and_its_last_piece_is_kept(clip, breaks_off, why):
    clock, cuts = [0.0], []
    with pytest.raises(SourceError, match=why):
        for cut in cut_stream(
            Stream(clip, clock, breaks_off), 5.0, lambda: False,
            lambda: RECORDED + timedelta(seconds=clock[0]), lambda: clock[0],
        ):  # fmt: skip
            cuts.append(cut)  # noqa: PERF402
    assert [round((c.recorded_at - cuts[0].recorded_at).total_seconds(), 3) for c in cuts] == [0.0, 5.0, 10.0]


def cut(n, kind=".mp4"):
    return Cut(RECORDED + timedelta(seconds=n), b"video %d" % n, kind, float(n + 1))


def forwarder(outbox, answers, told=None):
    seen, waits = [], []

    def post(parcel):
        seen.append(parcel.sequence)
        return answers.pop(0) if answers else Answer(201)

    sender = Forwarder(
        outbox, post, waits.append, (told if told is not None else []).append, random.Random(1)
    )
    return sender, seen, waits


def send_all(sender):
    while sender.send_one():
        pass


def test_what_waits_outlives_a_restart_and_numbers_go_on(tmp_path):
    outbox = Outbox(tmp_path)
    for n in range(2):
        outbox.put("clip", cut(n))
    again = Outbox(tmp_path)
    assert [(p.sequence, p.recorded_at, p.path.read_bytes()) for p in again.waiting()] == [
        (0, RECORDED, b"video 0"),
        (1, RECORDED + timedelta(seconds=1), b"video 1"),
    ]
    assert (again.next_sequence, again.place_in("clip"), again.place_in("other")) == (2, 2.0, None)
    again.finish("clip")
    assert Outbox(tmp_path).finished("clip")


def test_a_segment_that_a_crash_left_uncounted_is_not_sent_before_it_is_cut_again(tmp_path):
    outbox = Outbox(tmp_path)
    outbox.put("clip", cut(0))
    (tmp_path / "000000000001_20260817T001501.000000Z.mp4").write_bytes(b"half")
    assert [p.sequence for p in Outbox(tmp_path).waiting()] == [0]
    Outbox(tmp_path).put("clip", cut(1))
    assert [p.path.read_bytes() for p in Outbox(tmp_path).waiting()] == [b"video 0", b"video 1"]


def test_segments_go_oldest_first_and_are_let_go_once_taken(tmp_path):
    outbox = Outbox(tmp_path)
    for n in range(3):
        outbox.put("clip", cut(n))
    sender, seen, waits = forwarder(outbox, [Answer(201), Answer(200)])
    send_all(sender)
    assert (seen, waits, sender.taken, outbox.waiting()) == ([0, 1, 2], [], 3, [])


def test_a_full_server_is_obeyed_and_never_asked_again_sooner_than_it_says(tmp_path):
    outbox = Outbox(tmp_path)
    outbox.put("clip", cut(0))
    sender, seen, waits = forwarder(outbox, [Answer(429, "full", 10.0), Answer(503, "busy", 5.0)])
    send_all(sender)
    assert seen == [0, 0, 0]
    assert 10.0 <= waits[0] <= 11.0 and 5.0 <= waits[1] <= 6.0


def test_while_the_server_is_away_the_pauses_grow_with_jitter_and_nothing_is_lost(tmp_path):
    outbox, told = Outbox(tmp_path), []
    outbox.put("clip", cut(0))
    sender, seen, waits = forwarder(outbox, [Answer(0, "refused")] * 8 + [Answer(500, "fault")] * 2, told)
    send_all(sender)
    assert len(seen) == 11 and outbox.waiting() == []
    assert all(0.5 <= w <= 60.0 for w in waits) and max(waits[5:]) > 4 * waits[0]
    assert len(set(waits)) > 5
    assert "takes segments again" in told[-1] and len(told) < 8


def test_a_segment_that_will_never_be_taken_is_put_aside_and_the_next_goes_on(tmp_path):
    outbox, told = Outbox(tmp_path), []
    for n in range(2):
        outbox.put("clip", cut(n))
    sender, seen, _ = forwarder(outbox, [Answer(409, "another segment has this number")], told)
    send_all(sender)
    assert (seen, sender.refused, sender.taken) == ([0, 1], 1, 1)
    assert [p.read_bytes() for p in (tmp_path / "refused").iterdir()] == [b"video 0"]
    assert "another segment has this number" in told[0]


def test_a_wrong_key_stops_and_everything_stays_on_disk(tmp_path):
    outbox = Outbox(tmp_path)
    outbox.put("clip", cut(0))
    sender, _, _ = forwarder(outbox, [Answer(401, "no key")])
    with pytest.raises(PushStoppedError, match="1 segments wait on disk"):
        sender.send_one()
    assert len(outbox.waiting()) == 1


def test_a_time_in_another_zone_is_kept_in_utc(tmp_path):
    outbox = Outbox(tmp_path)
    at = datetime(2026, 8, 17, 7, 15, tzinfo=ZONE)
    parcel = outbox.put("clip", Cut(at, b"x", ".mp4", 1.0))
    assert parcel.recorded_at == at.astimezone(UTC)


def test_a_clip_that_is_written_as_others_write_it_is_cut_too(tmp_path):
    clip = write_clip(tmp_path / "one.mp4", [LAWFUL], 2.0)
    (one,) = cut_video(clip, 10.0, RECORDED)
    assert one.recorded_at == RECORDED
