"""One camera's loop: decode → motion gate → detect → track → signals → rules → best crops → plate → case."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from detectors.base import ObjectDetector
from detectors.camera import Camera
from detectors.day_lamp import LampWatch
from detectors.heads import HEADS
from detectors.rules.base import PassageRule
from detectors.rules.jumps import jumped
from detectors.rules.registry import build_rules
from detectors.signal import SignalReader
from detectors.types import Detection, Frame, Scene, SignalState, Track, Violation
from detectors.windscreen import DriverClassifier, DriverWatch
from pipeline.clock import with_clock_fitness
from pipeline.handing_on import HandingOn
from pipeline.handover import SETTLE_S
from pipeline.images import encode_jpeg
from pipeline.judging import Judge
from pipeline.motion import MotionGate
from pipeline.package import Finding
from pipeline.pending import Pending, PendingCases
from pipeline.picture_watch import PictureWatch
from pipeline.plates import PlateGallery
from pipeline.queues import read_ahead
from pipeline.ring import FrameRing, StoredFrame
from pipeline.sources.base import InputFault, Source, SourceError
from pipeline.tracking import TrackUpdate, VehicleTracker
from pipeline.types import Counters
from plate_reader.base import TrackPlateReader

AHEAD = 8


@dataclass(frozen=True)
class Watchers:
    """Who is told what while a camera runs: each finding when it is complete, each vehicle when it has gone,
    each frame with the counters so far, and with what was seen in it. ``exempts`` says of a rule and a plate read
    without doubt why its record lets it pass, None where it does not. ``on_passage`` hears of vehicles that broke no
    law as far as one camera can tell (`detectors.rules.base.PassageRule`)."""

    on_finding: Callable[[Finding], None]
    on_vehicle: Callable[[Track], None] | None = None
    on_frame: Callable[[Frame, Counters], None] | None = None
    exempts: Callable[[str, str], str | None] | None = None
    on_scene: Callable[[Frame, Scene], None] | None = None
    on_passage: Callable[[Finding], None] | None = None


@dataclass(frozen=True)
class _Prepared:
    frame: Frame
    clock_fit: bool
    jpeg: bytes = field(repr=False)


class CameraLoop:
    """Runs one camera over one source. Same recording, same findings: nothing here looks at a clock.

    Args:
        camera: the camera, checked.
        detector: finds vehicles, plates, heads.
        reader: votes a plate over a vehicle's crops.
        watchers: who is told.
        drivers: judges drivers behind their windscreens, where somebody brings such a classifier.
        watch: pauses enforcement while the picture is unfit.

    Raises:
        CameraFileError: the camera enforces a rule with impossible parameters.
    """

    def __init__(
        self,
        camera: Camera,
        detector: ObjectDetector,
        reader: TrackPlateReader,
        watchers: Watchers,
        drivers: DriverClassifier | None = None,
        watch: PictureWatch | None = None,
    ) -> None:
        self.counters = Counters()
        self._camera, self._detector, self._watchers = camera, detector, watchers
        self._rules = build_rules(camera)
        if watchers.on_passage is None:
            # Nobody is to know who passed, so nobody's plate is read for it.
            self._rules = [r for r in self._rules if not isinstance(r, PassageRule)]
        self._judge = Judge(self._rules, self.counters, watch, watchers.exempts)
        self._gallery = PlateGallery()
        self._handing_on = HandingOn(
            self._judge, self._gallery, reader, self.counters, watchers.on_finding, watchers.on_passage
        )
        self._drivers = None if drivers is None else DriverWatch(camera, drivers)
        self._lamps = LampWatch(camera) if "no_day_lamp" in camera.file.enforce else None
        self._watch = watch
        self._now: Frame | None = None
        self._signals = SignalReader(camera.file.signals)
        self._gate = MotionGate()
        self._ring = FrameRing()
        self._pending = PendingCases(self._ring)
        self._tracker = VehicleTracker(camera)
        self._following: dict[int, Track] = {}

    def run(self, source: Source) -> Counters:
        """Run until the source ends, or a live one is interrupted; the source is already open.

        Recorded input is decoded ahead in a thread; a live source has its own queue, where the latest wins.

        Raises:
            SourceError: nothing can be had from the source, or its pictures are not the camera's size.
        """
        self._tracker = VehicleTracker(self._camera, source.frame_rate)
        last: Frame | None = None
        timed = with_clock_fitness(source)
        frames = map(_prepare, timed) if source.live else read_ahead(timed, _prepare, AHEAD)
        try:
            for prepared in frames:
                self.counters.frames_dropped = source.dropped
                if self._fits(prepared.frame, source):
                    last = prepared.frame
                    self._step(prepared)
                    if self._watchers.on_frame is not None:
                        self._watchers.on_frame(last, self.counters)
        except KeyboardInterrupt:
            # A live source has no other end, and what waits would be lost. A recording is run again whole.
            if not source.live:
                raise
        if last is not None:
            self._finish(last)
        self.counters.frames_dropped = source.dropped
        self.counters.plates_in_doubt = self._gallery.in_doubt
        return self.counters

    def _fits(self, frame: Frame, source: Source) -> bool:
        width, height = self._camera.file.frame_size
        if frame.image.shape[:2] == (height, width):
            return True
        given = f"{frame.image.shape[1]}x{frame.image.shape[0]}"
        what = f"the picture is {given}, the camera file's frame_size and calibration are {width}x{height}"
        if self.counters.frames == 0 and not source.live:
            raise SourceError(f"{source.name}: {what}; use the camera file of this camera")
        if self.counters.frames_wrong_size == 0:
            source.faults.append(InputFault(f"{source.name} frame {frame.index}", what))
        self.counters.frames_wrong_size += 1
        return False

    def _step(self, prepared: _Prepared) -> None:
        frame = self._now = prepared.frame
        if self._watch is not None:
            self._watch.look(frame)
        detections = self._detect(frame)
        update = self._track(frame, detections)
        signals = self._signals.update(frame)
        scene = self._scene(prepared, detections or (), update, signals)
        stored = StoredFrame(
            frame.index,
            frame.t_s,
            frame.captured_at,
            prepared.jpeg,
            frame.encoded is not None,
            None if detections is None else tuple(detections),
            signals,
        )
        self._count(prepared, detections, signals)
        self._ring.add(stored)
        live = {t.id: t for t in update.live}
        ended = {t.id: t for t in update.ended}
        for rule in self._rules:
            self._flag(rule.update(scene), frame.t_s, live | ended)
        self._part_jumped(update.live)
        self._gallery.add(frame, detections or (), update.live)
        self._pending.follow(stored, live, ended)
        self._gone(update.ended)
        for pending in self._pending.take_done(frame.t_s):
            self._hand_on(pending)
        if self._watchers.on_scene is not None:
            self._watchers.on_scene(frame, scene)

    def _detect(self, frame: Frame) -> list[Detection] | None:
        if not self._gate.passes(frame.image, frame.t_s, bool(self._following)):
            return None
        return self._detector.detect(frame.image)

    def _track(self, frame: Frame, detections: list[Detection] | None) -> TrackUpdate:
        # Nothing moved, so every vehicle still stands where it was: the tracker is not told of an absence.
        if detections is None:
            return TrackUpdate((), ())
        update = self._tracker.update(frame.index, frame.t_s, frame.captured_at, detections)
        self._following.update({t.id: t for t in update.live})
        self._judge.note_handed_over(update.handed_over, frame.t_s)
        for track in update.ended:
            self._following.pop(track.id, None)
        return update

    def _scene(
        self,
        prepared: _Prepared,
        detections: list[Detection] | tuple[Detection, ...],
        update: TrackUpdate,
        signals: dict[str, SignalState],
    ) -> Scene:
        frame = prepared.frame
        loose = tuple(d for d in detections if d.label in ("person", "plate", *HEADS))
        return Scene(
            frame.index,
            frame.t_s,
            frame.captured_at,
            update.live,
            update.ended,
            loose,
            signals,
            prepared.clock_fit,
            () if self._drivers is None else self._drivers.look(frame.image, update.live),
            () if self._lamps is None else self._lamps.look(frame.image, update.live),
        )

    def _count(
        self, prepared: _Prepared, detections: list[Detection] | None, signals: dict[str, SignalState]
    ) -> None:
        self.counters.frames += 1
        self.counters.frames_still += detections is None
        self.counters.frames_detected += detections is not None
        self.counters.frames_clock_unfit += not prepared.clock_fit
        self.counters.signal_unknown += any(s is SignalState.UNKNOWN for s in signals.values())

    def _flag(self, violations: list[Violation], t_s: float, tracks: dict[int, Track]) -> None:
        for violation in violations:
            track = tracks.get(violation.track_id) or self._following.get(violation.track_id)
            self._judge.count_flag(violation.rule)
            self._pending.add(violation, t_s, track)

    def _gone(self, ended: tuple[Track, ...]) -> None:
        for track in ended:
            if track.confirmed:
                self.counters.vehicles += 1
                self.counters.by_class[track.label] += 1
                if self._watchers.on_vehicle is not None:
                    self._watchers.on_vehicle(track)
            else:
                self.counters.tracks_unconfirmed += 1
            if not self._pending.waits_for(track.id):
                self._gallery.forget(track.id)

    def _part_jumped(self, live: tuple[Track, ...]) -> None:
        """Part a track that goes on with what cannot be the same vehicle: the plate seen from now on is not
        that of the vehicle before, so what waits is handed on at once. Whether that one had met another in the last
        `SETTLE_S` is not known yet: no plate that was seen since then is read, nor any for what was done since then."""
        for track in live:
            if jumped(track.points, self._camera.homography):
                seen_s = next(p.t_s for p in reversed(track.points[:-1]) if p.measurable)
                for pending in self._pending.take_of(track.id):
                    pending.forget_after(seen_s)
                    settled = pending.violation.end_s <= seen_s - SETTLE_S
                    self._hand_on(pending, seen_s - SETTLE_S if settled else -math.inf)
                self._gallery.forget(track.id)

    def _hand_on(self, pending: Pending, crops_until_s: float = math.inf) -> None:
        self._handing_on.hand_on(pending, self._now, crops_until_s)
        track_id = pending.violation.track_id
        if track_id not in self._following and not self._pending.waits_for(track_id):
            self._gallery.forget(track_id)

    def _finish(self, last: Frame) -> None:
        """The source has ended: what was certain is flagged, and every wait is over."""
        update = self._tracker.finish()
        ended = update.ended
        self._judge.note_handed_over(update.handed_over, last.t_s)
        scene = Scene(last.index, last.t_s, last.captured_at, (), ended)
        tracks = {t.id: t for t in ended}
        for rule in self._rules:
            self._flag(rule.update(scene) + rule.finish(), last.t_s, tracks)
        self._following.clear()
        for pending in self._pending.take_all():
            self._hand_on(pending)
        self._gone(ended)


def _prepare(timed: tuple[Frame, bool]) -> _Prepared:
    frame, clock_fit = timed
    jpeg = frame.encoded if frame.encoded is not None else encode_jpeg(frame.image)
    return _Prepared(frame, clock_fit, jpeg)
