"""From boxes to tracks on the road."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from detectors.camera import Camera, parse_camera
from detectors.types import Box, Detection, Track
from pipeline.tracking import VehicleTracker

BEGAN = datetime(2026, 8, 17, 3, 0, tzinfo=UTC)


@pytest.fixture
def camera() -> Camera:
    corners = [((200, 1000), (-5, 0)), ((1700, 1000), (5, 0)), ((700, 300), (-5, 40)), ((1200, 300), (5, 40))]
    return parse_camera(
        {
            "id": "c1",
            "name": "n",
            "office": "o",
            "location": {"street": "s", "latitude": -7.0, "longitude": 110.0},
            "timezone": "Asia/Jakarta",
            "frame_size": [1920, 1080],
            "calibration": {"points": [{"image": i, "road": r} for i, r in corners]},
            "lanes": [{"id": "a", "polygon": [(-5, 0), (5, 0), (5, 40), (-5, 40)], "direction": (0, 1)}],
            "enforce": {},
        },
        "camera.yaml",
        "0" * 64,
    )


def moved(t: float, x: float = 800, y: float = 900, vx: float = 0.0, vy: float = -60.0) -> Box:
    return (x + vx * t, y - 120 + vy * t, x + 100 + vx * t, y + vy * t)


def follow(
    tracker: VehicleTracker, frames: list[list[Detection]], fps: float = 12.0, start: float = 0.0
) -> list[tuple[Track, ...]]:
    out = []
    for i, detections in enumerate(frames):
        t = start + i / fps
        out.append(tracker.update(i, t, BEGAN + timedelta(seconds=t), detections).live)
    return out


def car(box: Box, label: str = "car", confidence: float = 0.9) -> Detection:
    return Detection(label, confidence, box)


@pytest.mark.parametrize("fps", [6, 12, 30])
def test_a_vehicle_keeps_one_id_at_any_frame_rate(camera: Camera, fps: float) -> None:
    frames = [[car(moved(i / fps, vx=90))] for i in range(round(4 * fps))]
    seen = follow(VehicleTracker(camera, fps), frames, fps)
    assert len({t.id for live in seen for t in live}) == 1
    assert len(seen[-1][0].points) >= len(frames) - 2


def test_a_fast_motorcycle_is_kept_at_six_frames_a_second(camera: Camera) -> None:
    frames = [[Detection("motorcycle", 0.9, (200 + 75.0 * i, 500, 260 + 75.0 * i, 620))] for i in range(16)]
    seen = follow(VehicleTracker(camera, 6), frames, 6)
    assert len({t.id for live in seen for t in live}) == 1


def test_a_track_is_confirmed_only_after_it_was_seen_often_enough(camera: Camera) -> None:
    seen = follow(VehicleTracker(camera), [[car(moved(i / 12))] for i in range(12)])
    confirmed = [bool(live and live[0].confirmed) for live in seen]
    assert not any(confirmed[:4]) and confirmed[-1]
    assert confirmed == sorted(confirmed)


def test_a_gap_of_a_second_is_bridged_and_a_longer_one_ends_the_track(camera: Camera) -> None:
    there = [[car(moved(i / 12, vy=0))] for i in range(24)]
    bridged = follow(VehicleTracker(camera), there[:12] + [[]] * 11 + there[:12])
    assert len({t.id for live in bridged for t in live}) == 1
    broken = follow(VehicleTracker(camera), there[:12] + [[]] * 20 + there[:12])
    assert len({t.id for live in broken for t in live}) == 2


def test_an_ended_track_is_given_once(camera: Camera) -> None:
    tracker = VehicleTracker(camera)
    follow(tracker, [[car(moved(i / 12))] for i in range(12)])
    ended = [
        t
        for i in range(12, 40)
        for t in tracker.update(i, i / 12, BEGAN + timedelta(seconds=i / 12), []).ended
    ]
    assert len(ended) == 1 and ended[0].confirmed
    assert tracker.finish().ended == ()


def test_the_class_is_voted_over_the_whole_track(camera: Camera) -> None:
    labels = ["truck", "car", "car", "truck", "car", "car", "car"]
    frames = [[car(moved(i / 12), label)] for i, label in enumerate(labels)]
    last = follow(VehicleTracker(camera), frames)[-1]
    assert [t.label for t in last] == ["car"]


def test_two_classes_on_one_vehicle_are_one_track(camera: Camera) -> None:
    frames = [[car(moved(i / 12)), car(moved(i / 12, x=803), "truck", 0.6)] for i in range(10)]
    assert {len(live) for live in follow(VehicleTracker(camera), frames)[2:]} == {1}


def test_a_motorcycle_beside_a_car_stays_a_second_track(camera: Camera) -> None:
    frames = [[car(moved(i / 12)), car((890, 840, 925, 915), "motorcycle")] for i in range(10)]
    assert {t.label for t in follow(VehicleTracker(camera), frames)[-1]} == {"car", "motorcycle"}


def test_the_road_position_is_the_bottom_centre_on_the_road(camera: Camera) -> None:
    last = follow(VehicleTracker(camera), [[car((850, 880, 1050, 1000))] for _ in range(4)])[-1][0]
    expected = camera.homography.to_road(np.array([[950.0, 1000.0]]))[0]
    assert last.points[-1].road_xy == pytest.approx(tuple(expected))
    assert last.points[-1].measurable


@pytest.mark.parametrize(
    "box", [(0.0, 500.0, 80.0, 640.0), (1850.0, 500.0, 1920.0, 640.0), (700.0, 900.0, 900.0, 1080.0)]
)
def test_a_box_cut_by_the_pictures_edge_is_not_measured_from(camera: Camera, box: Box) -> None:
    point = follow(VehicleTracker(camera), [[car(box)] for _ in range(4)])[-1][0].points[-1]
    assert point.clipped and not point.measurable


def test_a_box_behind_a_nearer_vehicle_is_not_measured_from(camera: Camera) -> None:
    far, near = car((800, 500, 900, 600)), car((820, 560, 960, 720))
    tracks = follow(VehicleTracker(camera), [[far, near] for _ in range(4)])[-1]
    by_height = sorted(tracks, key=lambda t: t.points[-1].box_xyxy[3])
    assert [t.points[-1].occluded for t in by_height] == [True, False]


def test_a_standing_vehicle_whose_lower_edge_rises_is_not_measured_from_until_it_is_whole_again(
    camera: Camera,
) -> None:
    # A lorry's roof, of which the detector draws the right half only, hides the car's lower half.
    whole, half = car((800, 500, 1000, 700)), car((803, 501, 998, 590))
    driving_off = [car((800, 500 - 12.0 * i, 1000 - i, 590 - 12.0 * i)) for i in range(1, 5)]
    frames = [[whole]] * 7 + [[half]] * 4 + [[d] for d in driving_off] + [[car((800, 440, 990, 632))]] * 4
    seen = follow(VehicleTracker(camera), frames)[-1][0].points
    assert [p.measurable for p in seen[-17:]] == [True] * 5 + [False] * 10 + [True] * 2


def test_a_lower_edge_that_rises_little_by_little_is_hidden_all_the_same(camera: Camera) -> None:
    whole = car((800, 500, 1000, 700))
    rising = [car((800, 500, 1000, 700 - 8.0 * i)) for i in range(1, 16)]
    seen = follow(VehicleTracker(camera), [[whole]] * 7 + [[d] for d in rising] + [[whole]] * 4)[-1][0].points
    assert [p.measurable for p in seen[-19:]] == [True] * 3 + [False] * 14 + [True] * 2


def test_a_standing_vehicle_of_which_a_quarter_is_seen_is_not_measured_from(camera: Camera) -> None:
    whole, quarter = car((800, 500, 1000, 700)), car((802, 499, 905, 604))
    frames = [[whole]] * 7 + [[car((801, 500, 1000, 610))]] * 2 + [[quarter]] * 4
    assert [p.measurable for p in follow(VehicleTracker(camera), frames)[-1][0].points[-6:]] == [False] * 6
    frames = [[whole]] * 7 + [[quarter]] * 4
    assert [p.measurable for p in follow(VehicleTracker(camera), frames)[-1][0].points[-4:]] == [False] * 4


def test_a_standing_bus_cut_by_the_pictures_upper_edge_is_watched_too(camera: Camera) -> None:
    rising = [car((727, 0, 1014, 381 - 4.0 * i), "bus") for i in range(60)]
    still = [car((727, 0, 1014, 381), "bus")] * 12
    seen = follow(VehicleTracker(camera), [[d] for d in (*still, *rising)])[-1][0].points
    assert all(p.measurable for p in seen[:20])
    assert not any(p.measurable for p in seen[-40:])


def test_a_high_vehicle_cut_by_the_pictures_upper_edge_is_measured_as_it_leaves(camera: Camera) -> None:
    frames = [[car((800 + 2.0 * i, 0, 1300 - 2.0 * i, 900 - 14.0 * i), "bus")] for i in range(14)]
    assert all(p.measurable for p in follow(VehicleTracker(camera), frames)[-1][0].points)


def test_a_vehicle_that_drives_off_turns_or_jitters_is_measured_all_along(camera: Camera) -> None:
    rng = np.random.default_rng(3)
    standing = [np.array([800.0, 500, 1000, 700]) + rng.normal(0, 3, 4) for _ in range(12)]
    leaving = [np.array([800.0 + 3 * i, 500 - 9 * i, 1000 - i, 700 - 16 * i]) for i in range(12)]
    turning = [np.array([836.0 - 6 * i, 392 - i, 989 + 9 * i, 508 - 3 * i]) for i in range(12)]
    frames = [[car(tuple(float(v) for v in box))] for box in (*standing, *leaving, *turning)]
    assert all(p.measurable for p in follow(VehicleTracker(camera), frames)[-1][0].points)


def test_the_same_input_gives_the_same_tracks_whatever_was_tracked_before(camera: Camera) -> None:
    rng = np.random.default_rng(7)
    frames = [
        [
            car(tuple(float(v) for v in np.asarray(moved(i / 12, x=300 + 250 * k)) + rng.normal(0, 2, 4)))
            for k in range(5)
        ]
        for i in range(30)
    ]
    first = follow(VehicleTracker(camera), frames)
    follow(VehicleTracker(camera), frames[:9])
    assert follow(VehicleTracker(camera), frames) == first


def test_a_clock_that_jumps_back_ends_all_tracks(camera: Camera) -> None:
    tracker = VehicleTracker(camera)
    follow(tracker, [[car(moved(i / 12))] for i in range(12)], start=100.0)
    update = tracker.update(12, 50.0, BEGAN, [car(moved(1.0))])
    assert len(update.ended) == 1 and not update.live


def test_the_history_is_capped_but_the_beginning_is_kept(camera: Camera) -> None:
    frames = [[car((850, 880, 1050, 1000))] for _ in range(6 * 50)]
    last = follow(VehicleTracker(camera, 6), frames, 6)[-1][0]
    assert last.points[-1].t_s - last.points[0].t_s <= 40.0
    assert last.began_at < last.points[0].captured_at


def test_persons_and_plates_are_not_tracked(camera: Camera) -> None:
    frames = [
        [Detection("person", 0.9, moved(i / 12)), Detection("plate", 0.9, (1, 1, 9, 9))] for i in range(9)
    ]
    assert not any(follow(VehicleTracker(camera), frames))
