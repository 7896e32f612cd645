"""A picture that is dark, blurred or of another view pauses enforcement; one that is only different does not."""

from datetime import UTC, datetime, timedelta

import cv2
import numpy as np
import pytest
from drawn import RECORDED, WRONG_WAY, ColourDetector, FixedReader, camera, picture

from detectors.picture_quality import View
from detectors.types import Frame
from pipeline.health import (
    CameraHealth,
    HealthEvent,
    all_cameras,
    camera_health,
    events,
    write_event,
    write_health,
)
from pipeline.health_book import watch_silence
from pipeline.loop import CameraLoop, Watchers
from pipeline.picture_watch import PictureWatch


def street(seed=1, shift=0):
    """A road with much to hold on to: kerbs, windows, signs."""
    rng = np.random.default_rng(seed)
    image = np.full((360, 900, 3), 130, np.uint8)
    for _ in range(500):
        x, y = int(rng.integers(0, 880)), int(rng.integers(0, 340))
        size = (int(rng.integers(3, 30)), int(rng.integers(3, 20)))
        cv2.rectangle(image, (x, y), (x + size[0], y + size[1]), rng.integers(70, 200, 3).tolist(), -1)
    return np.ascontiguousarray(image[:, 100 + shift : 740 + shift])


def dimmed(image, share):
    return (image * share).astype(np.uint8)


def with_a_bus(image):
    out = image.copy()
    out[60:360, 100:500] = (60, 90, 140)
    return out


def with_headlamps(image):
    """A lorry's lamps a few metres off: a tenth of the picture far brighter than anything before."""
    out = dimmed(image, 0.3)
    out[200:300, 200:440] = 250
    return out


@pytest.mark.parametrize(
    ("later", "faults"),
    [
        (lambda i: i, ()),
        (lambda i: dimmed(i, 0.5), ()),
        (with_a_bus, ()),
        (lambda i: np.clip(i + np.random.default_rng(0).normal(0, 6, i.shape), 0, 255).astype(np.uint8), ()),
        (lambda i: dimmed(i, 0.1), ("dark",)),
        (lambda i: cv2.GaussianBlur(i, (0, 0), 4), ("blurred",)),
        (lambda i: np.full_like(i, 90), ("blurred",)),
        (lambda i: street(shift=1), ()),
        (lambda i: street(shift=6), ("moved",)),
        (lambda i: street(shift=60), ("moved",)),
    ],
)
def test_each_fault_is_told_and_what_is_only_different_is_none(tmp_path, later, faults):
    image = street()
    assert View(image, camera(tmp_path)).compare(later(image)).faults == faults


def test_lamps_that_come_near_by_night_are_no_blur_and_hide_none(tmp_path):
    night = View(dimmed(street(), 0.3), camera(tmp_path))
    lit = with_headlamps(street())
    assert night.compare(lit).faults == ()
    assert night.compare(cv2.GaussianBlur(lit, (0, 0), 4)).faults == ("blurred",)


def test_the_way_of_the_view_is_measured_in_pixels_of_the_full_frame(tmp_path):
    quality = View(street(), camera(tmp_path)).compare(street(shift=6))
    assert quality.shift_px == pytest.approx(6, abs=0.2)


def frame(t_s, image):
    return Frame("kamera-uji", round(t_s * 12), t_s, RECORDED + timedelta(seconds=t_s), image)


def looked(watch, pictures):
    for i, image in enumerate(pictures):
        watch.look(frame(5.0 * i, image))
    return watch


def test_a_pause_begins_at_once_and_ends_after_three_clean_looks(tmp_path):
    watch = PictureWatch(camera(tmp_path))
    good, moved = street(), street(shift=20)
    paused = [looked(watch, [good, moved]).paused]
    for t in (10.0, 15.0, 20.0):
        watch.look(frame(t, good))
        paused.append(watch.paused)
    assert paused == [("moved",), ("moved",), ("moved",), ()]


def test_another_view_altogether_is_believed_when_it_stays(tmp_path):
    watch = PictureWatch(camera(tmp_path))
    assert looked(watch, [street(), street(2), street(2)]).paused == ()
    watch.look(frame(15.0, street(2)))
    assert watch.paused == ("moved",)


def test_what_happened_between_a_clean_look_and_a_bad_one_is_in_doubt(tmp_path):
    watch = looked(PictureWatch(camera(tmp_path)), [street(), street(), street(shift=20)])
    assert watch.doubt(1.0, 4.0, frame(10.0, street(shift=20))) is None
    assert watch.doubt(6.0, 8.0, frame(10.0, street(shift=20))) == "moved"


def test_what_no_look_came_after_yet_is_looked_at_now(tmp_path):
    watch = looked(PictureWatch(camera(tmp_path)), [street()])
    assert watch.doubt(1.0, 2.0, frame(3.0, street())) is None
    assert watch.doubt(3.2, 3.5, frame(4.0, street(shift=20))) == "moved"


def test_the_reference_outlives_a_restart_and_ends_with_a_new_calibration(tmp_path):
    folder = tmp_path / "kamera"
    looked(PictureWatch(camera(tmp_path), folder), [street()])
    assert looked(PictureWatch(camera(tmp_path), folder), [street(shift=20)]).paused == ("moved",)
    calibrated = camera(tmp_path, name="Kamera Uji, dikalibrasi ulang")
    assert looked(PictureWatch(calibrated, folder), [street(shift=20)]).paused == ()


def test_night_is_no_blur_and_a_view_that_moved_at_dusk_still_shows(tmp_path):
    by_lamps = cv2.GaussianBlur(dimmed(street(), 0.35), (0, 0), 3)
    watch = looked(PictureWatch(camera(tmp_path)), [street(), by_lamps])
    assert watch.paused == ()
    watch = looked(PictureWatch(camera(tmp_path)), [street(), dimmed(street(shift=20), 0.35)])
    assert watch.paused == ("moved",)


class Pictures:
    """A drawn wrong-way drive before the street, seen by a camera that is knocked at ``moved_at_s``."""

    name, live, frame_rate, expected_frames, dropped = "pictures", True, 12.0, None, 0

    def __init__(self, moved_at_s):
        self.faults, self._moved_at_s = [], moved_at_s

    def __iter__(self):
        for i in range(72):
            t = i / 12
            back = cv2.cvtColor(street(shift=20 if t >= self._moved_at_s else 0), cv2.COLOR_BGR2GRAY)
            image = cv2.cvtColor(back, cv2.COLOR_GRAY2BGR)
            drawn = picture([WRONG_WAY], t)
            car = np.any(drawn != 120, axis=2)
            image[car] = drawn[car]
            yield frame(t, image)


@pytest.mark.parametrize(("moved_at_s", "flagged"), [(1e9, 1), (2.0, 0)])
def test_nothing_is_flagged_while_the_view_does_not_fit_its_calibration(tmp_path, moved_at_s, flagged):
    found = []
    known = camera(tmp_path)
    loop = CameraLoop(
        known, ColourDetector(), FixedReader(), Watchers(found.append), watch=PictureWatch(known)
    )
    counters = loop.run(Pictures(moved_at_s))
    assert (len(found), sum(counters.flagged.values()), counters.paused["moved"]) == (
        flagged,
        flagged,
        1 - flagged,
    )


NOW = datetime(2026, 8, 18, 3, 0, tzinfo=UTC)


def test_a_camera_is_unseen_then_ok_then_silent_and_somebody_is_told_once(tmp_path):
    assert camera_health(tmp_path, "simpang-1", NOW).state == "unseen"
    write_health(
        tmp_path, CameraHealth("simpang-1", "ok", last_frame_at=NOW, frame_rate=12.0, refused={"too_old": 2})
    )
    (known,) = all_cameras(tmp_path, NOW)
    assert (known.state, known.frame_rate, known.refused) == ("ok", 12.0, {"too_old": 2})
    told = []
    later = NOW + timedelta(seconds=11)
    assert camera_health(tmp_path, "simpang-1", later).state == "silent"
    assert [watch_silence(tmp_path, told.append, later) for _ in range(2)] == [["simpang-1"], []]
    assert len(told) == 1 and "no frame since" in events(tmp_path, "simpang-1")[0].why


def test_a_damaged_health_file_and_a_line_cut_short_harm_nothing(tmp_path):
    write_health(tmp_path, CameraHealth("simpang-1", "ok", last_frame_at=NOW))
    (tmp_path / "cameras" / "simpang-1" / "health.json").write_text("{")
    write_event(tmp_path, HealthEvent(NOW, "simpang-1", "paused", "dark"))
    with (tmp_path / "cameras" / "events.jsonl").open("a") as file:
        file.write('{"at": "2026-')
    assert [c.state for c in all_cameras(tmp_path, NOW)] == ["unseen"]
    assert [e.what for e in events(tmp_path)] == ["paused"]
