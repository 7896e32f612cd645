from datetime import timedelta

import numpy as np
import pytest
from drawn import FPS, HEIGHT, RECORDED, WIDTH, WRONG_WAY, Mover, along, camera, picture

from detectors.types import Detection, Frame
from pipeline.clock import with_clock_fitness
from pipeline.motion import MotionGate
from pipeline.plates import PlateGallery, owner_of
from pipeline.ring import FrameRing, StoredFrame
from pipeline.tracking import VehicleTracker

CAR = Detection("car", 0.9, (100, 100, 300, 250))
MOTORCYCLE = Detection("motorcycle", 0.9, (260, 120, 330, 290))


def plate(x1: float, y1: float, x2: float, y2: float) -> Detection:
    return Detection("plate", 0.8, (x1, y1, x2, y2))


def test_a_plate_goes_to_the_vehicle_that_carries_it():
    assert owner_of(plate(180, 210, 230, 225), [CAR, MOTORCYCLE]) == CAR
    assert owner_of(plate(282, 230, 308, 245), [CAR, MOTORCYCLE]) == MOTORCYCLE


def test_a_plate_beside_a_motorcycle_in_front_of_a_car_is_nobodys():
    wide_car = Detection("car", 0.9, (180, 100, 380, 260))
    assert owner_of(plate(302, 225, 340, 240), [wide_car, MOTORCYCLE]) is None


def test_a_sign_on_a_roof_or_a_plate_far_too_wide_belongs_to_no_vehicle():
    assert owner_of(plate(180, 102, 230, 115), [CAR]) is None
    assert owner_of(plate(110, 200, 290, 240), [CAR]) is None
    assert owner_of(plate(500, 200, 540, 220), [CAR]) is None


def test_the_gallery_keeps_the_few_best_crops_of_a_track(tmp_path):
    cam, gallery = camera(tmp_path), PlateGallery(best=3)
    tracker = VehicleTracker(cam, FPS)
    rng = np.random.default_rng(0)
    for i in range(12):
        image = rng.integers(0, 255, (HEIGHT, WIDTH, 3), dtype=np.uint8)
        if i == 7:
            image[200:230] = 128
        at = RECORDED + timedelta(seconds=i / FPS)
        width = 20 + i
        found = [CAR, plate(200 - width / 2, 210, 200 + width / 2, 220)]
        live = tracker.update(i, i / FPS, at, found).live
        gallery.add(Frame("c", i, i / FPS, at, image), found, live)
    crops = gallery.crops(live[0].id)
    assert [c.frame_index for c in crops] == [11, 10, 9]
    assert crops[0].image.shape[1] == pytest.approx(31 * 1.24, abs=2)
    gallery.forget(live[0].id)
    assert gallery.crops(live[0].id) == ()


def test_a_plate_cut_by_the_pictures_edge_is_not_kept(tmp_path):
    gallery, tracker = PlateGallery(), VehicleTracker(camera(tmp_path), FPS)
    car = Detection("car", 0.9, (100, 200, 300, 360))
    for i in range(4):
        at = RECORDED + timedelta(seconds=i / FPS)
        found = [car, plate(180, 345, 220, 360)]
        live = tracker.update(i, i / FPS, at, found).live
        gallery.add(Frame("c", i, i / FPS, at, picture([], 0)), found, live)
    assert live
    assert gallery.crops(live[0].id) == ()


def test_nothing_moving_is_let_through_only_now_and_then():
    gate = MotionGate()
    image = picture([WRONG_WAY], 0)
    passed = [gate.passes(image, i / FPS, following=False) for i in range(48)]
    assert sum(passed) == 2


def test_with_vehicles_followed_a_still_picture_is_looked_at_often_enough_not_to_lose_them():
    gate = MotionGate()
    image = picture([WRONG_WAY], 0)
    passed = [i / FPS for i in range(48) if gate.passes(image, i / FPS, following=True)]
    assert max(np.diff(passed)) <= 0.6


def test_a_creeping_vehicle_adds_up_until_it_shows():
    gate = MotionGate()
    creeping = Mover(along(2.0, 100.0), 60)
    passed = [i for i in range(240) if gate.passes(picture([creeping], i / FPS), i / FPS, False)]
    assert len(passed) >= 20


def test_a_distant_motorcycle_opens_the_gate():
    gate = MotionGate()
    image = np.full((720, 1280, 3), 90, np.uint8)
    gate.passes(image, 0.0, False)
    moved = image.copy()
    moved[300:324, 600:612] = 150
    assert gate.passes(moved, 0.1, False)


def test_sensor_noise_alone_does_not_open_it_by_day():
    rng = np.random.default_rng(1)
    gate = MotionGate()
    noisy = [np.clip(rng.normal(120, 5, (720, 1280, 3)), 0, 255).astype(np.uint8) for _ in range(5)]
    assert [gate.passes(image, i / FPS, False) for i, image in enumerate(noisy)] == [True] + [False] * 4


def frames(times, walls=None):
    walls = walls or times
    image = np.zeros((4, 4, 3), np.uint8)
    return [
        Frame("c", i, t, RECORDED + timedelta(seconds=w), image)
        for i, (t, w) in enumerate(zip(times, walls, strict=True))
    ]


def fitness(times, walls=None):
    return [fit for _, fit in with_clock_fitness(frames(times, walls))]


def test_an_even_clock_is_fit_throughout():
    assert all(fitness([i / FPS for i in range(30)]))


def test_a_gap_makes_the_frames_around_it_unfit_and_then_it_is_fit_again():
    times = [i * 0.1 for i in range(10)] + [5 + i * 0.1 for i in range(20)]
    fit = fitness(times)
    assert fit[:9] == [True] * 9
    assert fit[9:19] == [False] * 10
    assert all(fit[21:])


def test_a_clock_that_jumps_back_or_stands_still_is_unfit_there():
    assert fitness([0.0, 0.1, 0.2, 0.1, 0.2])[2:] == [False] * 3
    assert fitness([0.0, 0.1, 0.1])[1:] == [False] * 2
    back = fitness([100.0, 100.1, 3.0, *(3.0 + 0.1 * i for i in range(1, 15))])
    assert back[1:3] == [False, False]
    assert back[-1]


def test_a_wall_clock_that_is_set_under_a_running_stream_is_unfit():
    assert fitness([0.0, 0.1, 0.2], [0.0, 0.1, 3.2])[1:] == [False, False]


def test_one_picture_a_second_is_no_gap():
    assert all(fitness([float(i) for i in range(10)]))


def stored(i: int, size: int = 10) -> StoredFrame:
    return StoredFrame(i, i / FPS, RECORDED + timedelta(seconds=i / FPS), b"x" * size, False)


def test_the_ring_keeps_all_of_the_last_seconds_and_some_of_the_minute_before():
    ring = FrameRing()
    for i in range(12 * 100):
        ring.add(stored(i))
    assert len(ring.between(92.0, 100.0)) == 96
    assert 20 <= len(ring.between(60.0, 75.0)) <= 31
    assert ring.nearest(50.0) is not None
    assert abs(ring.nearest(50.0).t_s - 50.0) <= 0.6
    assert ring.between(0.0, 30.0) == ()


def test_the_ring_is_bounded_in_bytes():
    ring = FrameRing(most_bytes=1000)
    for i in range(12 * 60):
        ring.add(stored(i, 100))
    assert len(ring.between(0.0, 60.0)) <= 10
    assert ring.nearest(60.0).index == 719


def test_a_time_that_jumps_back_empties_the_ring():
    ring = FrameRing()
    ring.add(stored(50))
    ring.add(stored(3))
    assert [f.index for f in ring.between(0.0, 100.0)] == [3]
