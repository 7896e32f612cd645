"""What a nearer vehicle hides, and what its box only seems to hide."""

from __future__ import annotations

from datetime import timedelta

import cv2
import numpy as np
import pytest
from hand_made import BEGAN, Noise, Signal, Vehicle, along, camera, rules_of, run, straight

from detectors.types import Box, Detection, SignalState
from pipeline.occlusion import Occlusion
from pipeline.tracking import VehicleTracker

RED, GREEN = SignalState.RED, SignalState.GREEN
LONG_LANES = [
    {
        "id": "left",
        "polygon": [(-7, -20), (-3.5, -20), (-3.5, 30), (-7, 30)],
        "direction": (0, 1),
        "left_turn_on_red": True,
    },
    {"id": "straight", "polygon": [(-3.5, -20), (0, -20), (0, 30), (-3.5, 30)], "direction": (0, 1)},
]
GIVEN = camera(lanes=LONG_LANES, enforce={"red_light": {}, "stop_line": {}})
KERB_X, CAR_X = -6.7, -4.9
waiting_car = Vehicle("car", lambda t: (CAR_X, -0.8, 0.0))


def hidden(behind: Vehicle, nearer: Vehicle) -> bool:
    box, other = behind.box(0), nearer.box(0)
    assert box is not None and other is not None
    return bool(Occlusion(GIVEN).hidden(np.array([box]), [(other, nearer.label)])[0])


def test_a_motorcycle_beside_a_waiting_car_is_not_hidden_by_the_edge_of_its_box() -> None:
    motorcycle, beside = (
        Vehicle("motorcycle", lambda t: (KERB_X, 0.0, 0.0)),
        Vehicle("car", lambda t: (-4.75, -0.8, 0.0)),
    )
    box, car = motorcycle.box(0), beside.box(0)
    assert box is not None and car is not None
    assert min(box[2], car[2]) - max(box[0], car[0]) > (box[2] - box[0]) / 3
    assert not hidden(motorcycle, beside)


def test_a_motorcycle_straight_before_a_waiting_car_is_hidden() -> None:
    assert hidden(Vehicle("motorcycle", lambda t: (CAR_X + 0.3, 3.0, 0.0)), waiting_car)


def test_a_box_that_is_cut_where_a_nearer_vehicle_begins_is_hidden() -> None:
    behind, car = Vehicle("car", lambda t: (CAR_X, 5.2, 0.0)).box(0), waiting_car.box(0)
    assert behind is not None and car is not None
    cut = (behind[0], behind[1], behind[2], car[1] - 1.0)
    assert Occlusion(GIVEN).hidden(np.array([cut]), [(car, "car")])[0]


def plate_of(box: Box, aside: float = 0.0, low: float = 0.72) -> Box:
    """The plate of a motorcycle seen from behind, so far from its box's middle and top, in its sizes."""
    width, height = box[2] - box[0], box[3] - box[1]
    x, y = (box[0] + box[2]) / 2 + aside * width, box[1] + low * height
    return x - 0.17 * width, y - 0.04 * height, x + 0.17 * width, y + 0.04 * height


def beside_bus(too_wide: float) -> tuple[Box, Box]:
    """A motorcycle close beside a waiting bus, and the bus drawn wider by a share on either side."""
    motorcycle = Vehicle("motorcycle", lambda t: (-3.95, 5.0, 0.0)).box(0)
    bus = Vehicle("bus", lambda t: (-1.0, -3.0, 0.0)).box(0)
    assert motorcycle is not None and bus is not None
    wide = too_wide * (bus[2] - bus[0])
    return motorcycle, (bus[0] - wide, bus[1], bus[2] + wide, bus[3])


@pytest.mark.parametrize(
    ("too_wide", "label", "plates", "is_hidden"),
    [
        (0.0, "bus", [], False),
        (0.04, "bus", [], True),
        (0.04, "bus", [{}], False),
        (0.08, "bus", [{}], False),
        # Wrong by far: it is another's, or lies on the bus.
        (0.15, "bus", [{}], True),
        # A lorry's bed may be low.
        (0.04, "truck", [{}], True),
        # Nothing is left below it: the box is cut.
        (0.04, "bus", [{"low": 0.85}], True),
        # Not its own.
        (0.04, "bus", [{"low": 0.3}], True),
        (0.04, "bus", [{"aside": 0.4}], True),
        (0.04, "bus", [{"aside": -0.4}], True),
    ],
)
def test_a_plate_that_is_seen_is_not_hidden_by_a_bus_that_is_drawn_too_wide(
    too_wide: float, label: str, plates: list[dict[str, float]], is_hidden: bool
) -> None:
    box, other = beside_bus(too_wide)
    seen = [plate_of(box, **at) for at in plates]
    assert Occlusion(GIVEN).hidden(np.array([box]), [(other, label)], seen)[0] == is_hidden


@pytest.mark.parametrize(("label", "measured"), [("plate", True), ("person", False)])
def test_the_tracker_goes_by_the_plates_that_are_seen(label: str, measured: bool) -> None:
    box, bus = beside_bus(too_wide=0.04)
    found = [
        Detection("motorcycle", 0.9, box),
        Detection("bus", 0.9, bus),
        Detection(label, 0.9, plate_of(box)),
    ]
    tracker = VehicleTracker(GIVEN, 12.0)
    for i in range(6):
        update = tracker.update(i, i / 12, BEGAN + timedelta(seconds=i / 12), found)
    (track,) = (t for t in update.live if t.label == "motorcycle")
    assert track.points[-1].measurable is measured


def test_a_motorcycle_whose_wheels_a_nearer_rider_hides_is_hidden_though_its_plate_is_seen() -> None:
    behind = Vehicle("motorcycle", lambda t: (CAR_X, 5.2, 0.0)).box(0)
    nearer = Vehicle("motorcycle", lambda t: (CAR_X + 0.5, 0.0, 0.0)).box(0)
    assert behind is not None and nearer is not None
    cut = (behind[0], behind[1], behind[2], nearer[1] + 4.0)
    plate = plate_of(cut)
    assert plate[3] < nearer[1]
    assert Occlusion(GIVEN).hidden(np.array([cut]), [(nearer, "motorcycle")], [plate])[0]


def test_a_car_across_the_lane_hides_with_its_whole_box() -> None:
    crossing = Vehicle("car", lambda t: (-3.0, 8.0, -np.pi / 2))
    box = crossing.box(0)
    assert box is not None
    corners = [[box[0], box[1]], [box[2], box[1]], [box[2], box[3]], [box[0], box[3]]]
    assert np.allclose(Occlusion(GIVEN).outline(box, "car"), corners, atol=0.01)


def test_a_car_along_the_lane_leaves_a_corner_of_its_box_empty() -> None:
    box = waiting_car.box(0)
    assert box is not None
    outline = Occlusion(GIVEN).outline(box, "car")
    assert len(outline) == 6
    assert cv2.pointPolygonTest(outline, (box[0] + 3, box[1] + 3), False) < 0
    assert cv2.pointPolygonTest(outline, (box[0] + 3, box[3] - 3), False) > 0


@pytest.mark.parametrize("seed", range(4))
def test_a_motorcycle_that_runs_the_light_along_the_kerb_beside_waiting_cars_is_flagged(seed: int) -> None:
    noise = Noise(seed=seed, jitter_px=2.0, dropout=0.05)
    vehicles = [waiting_car, Vehicle("motorcycle", straight(30, KERB_X, -40))]
    found = run(vehicles, Signal([(0, RED)]), given=GIVEN, noise=noise)
    assert rules_of(found) == ["red_light"]
    assert found[0].vehicle_class == "motorcycle"


def test_a_motorcycle_missed_for_one_frame_does_not_hand_its_track_to_the_car_beside_it() -> None:
    motorcycle, car = straight(32, KERB_X, -40), Vehicle("car", straight(32, -5.2, -43))
    for missed in range(39, 50):
        tracker = VehicleTracker(GIVEN, 12.0)
        followed: dict[int, set[str]] = {}
        for i in range(30, 55):
            # The car comes into the picture in the very frame that misses the motorcycle.
            seen = [*([Vehicle("motorcycle", motorcycle)] * (i != missed)), *([car] * (i >= missed))]
            boxes = [(v.label, b) for v in seen if (b := v.box(i / 12)) is not None]
            at = BEGAN + timedelta(seconds=i / 12)
            found = tracker.update(i, i / 12, at, [Detection(label, 0.9, box) for label, box in boxes])
            for track in found.live:
                label = next(name for name, box in boxes if box == track.points[-1].box_xyxy)
                followed.setdefault(track.id, set()).add(label)
        assert all(len(labels) == 1 for labels in followed.values()), f"missed in frame {missed}"


def stands_then(side: int):
    """Stand 2.2 m past the line from the kerb lane until green at 8 s, then go straight (0) or left (1)."""
    waits = along([0, 3, 4, 8], [-25, 0.2, 2.2, 2.2], KERB_X)

    def front(t: float) -> tuple[float, float, float] | None:
        if t <= 8:
            return waits(t)
        s = 5.0 * (t - 8)
        if side == 0 or s < 1.0:
            return (KERB_X, 2.2 + s, 0.0) if s < 30 else None
        angle = min((s - 1.0) / 5.0, np.pi / 2)
        rest = max(0.0, s - 1.0 - 5.0 * np.pi / 2)
        x = KERB_X - 5.0 * (1 - np.cos(angle)) - rest
        return (x, 3.2 + 5.0 * np.sin(angle), angle) if rest < 3 else None

    return front


WAITS = Signal([(0, RED), (8, GREEN)])


def test_standing_past_the_line_in_a_left_turn_lane_and_then_driving_straight_on_is_flagged() -> None:
    found = run([Vehicle("motorcycle", stands_then(0))], WAITS, seconds=14, given=GIVEN)
    assert rules_of(found) == ["stop_line"]
    assert found[0].measured["then"] == "did not turn left"
    assert found[0].end_s <= 8.1


def test_standing_past_the_line_in_a_left_turn_lane_and_then_turning_left_is_not_flagged() -> None:
    assert not run([Vehicle("motorcycle", stands_then(1))], WAITS, seconds=14, given=GIVEN)


def test_standing_past_the_line_in_a_left_turn_lane_and_lost_from_sight_is_not_flagged() -> None:
    stays = stands_then(0)
    gone = Vehicle("motorcycle", lambda t: stays(t) if t < 8.5 else None)
    assert not run([gone], WAITS, seconds=14, given=GIVEN)


@pytest.mark.parametrize("label", ["car", "truck", "motorcycle"])
@pytest.mark.parametrize("share", [0.45, 0.6])
def test_who_creeps_up_to_the_line_while_its_lower_edge_is_hidden_little_by_little_is_not_over_it(
    label: str, share: float
) -> None:
    given = camera(enforce={"stop_line": {}})
    creeping = Vehicle(label, along([0, 3, 11, 40], [-12, -7, -1.2, -1.2], -1.75))

    class Hidden(Vehicle):
        def box(self, t: float) -> Box | None:
            if (box := creeping.box(t)) is None:
                return None
            return *box[:3], box[3] - share * float(np.clip((t - 3) / 8, 0, 1)) * (box[3] - box[1])

    assert not run([Hidden(label, creeping.front)], Signal([(0, RED)]), 15, noise=Noise(1, 1.0), given=given)


@pytest.mark.parametrize("label", ["car", "truck", "bus", "motorcycle"])
@pytest.mark.parametrize("kmh", [6, 15, 30, 60])
@pytest.mark.parametrize("jitter", [0.0, 0.012])
def test_on_a_clear_road_nothing_that_drives_is_hidden(label: str, kmh: float, jitter: float) -> None:
    tracker, rng, leaving = VehicleTracker(camera()), np.random.default_rng(1), straight(kmh, -1.75, -12)
    seen = []
    for i in range(8 * 12):
        if (box := Vehicle(label, leaving).box(i / 12)) is None:
            continue
        off = rng.normal(0, 1, 4) * np.hypot(1.0 if jitter else 0.0, jitter * (box[3] - box[1]))
        shown = Detection(label, 0.9, tuple(float(v) for v in np.array(box) + off))
        seen += tracker.update(i, i / 12, BEGAN, [shown]).live
    assert len(seen) > 30
    assert not any(track.points[-1].occluded for track in seen)
