"""No rule flags a vehicle that keeps the law, however badly the detector sees it."""

from __future__ import annotations

import numpy as np
from hand_made import Noise, Signal, Vehicle, along, camera, rules_of, run, run_tracks
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from detectors.types import SignalState

RED, AMBER, GREEN = SignalState.RED, SignalState.AMBER, SignalState.GREEN
LANES = [
    {
        "id": "left",
        "polygon": [(-7, -20), (-3.5, -20), (-3.5, 0), (-7, 0)],
        "direction": (0, 1),
        "left_turn_on_red": True,
    },
    {"id": "straight", "polygon": [(-3.5, -20), (0, -20), (0, 0), (-3.5, 0)], "direction": (0, 1)},
    {"id": "oncoming", "polygon": [(0, -20), (3.5, -20), (3.5, 45), (0, 45)], "direction": (0, -1)},
    {"id": "beyond", "polygon": [(-7, 14), (0, 14), (0, 60), (-7, 60)], "direction": (0, 1)},
]
GIVEN = camera(lanes=LANES, measuring_zone=[(-7, -14), (3.5, -14), (3.5, 20), (-7, 20)])

labels = st.sampled_from(["car", "motorcycle", "bus", "truck", "bicycle"])
lateral = st.sampled_from([-5.2, -1.75])
noises = st.builds(
    Noise,
    seed=st.integers(0, 10_000),
    jitter_px=st.floats(0, 2),
    dropout=st.sampled_from([0.0, 0.1, 0.3]),
)
rates = st.sampled_from([8.0, 12.0, 25.0])
few = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@few
@given(label=labels, x=lateral, place=st.floats(-6, 0.3), red_s=st.floats(0, 5), noise=noises, fps=rates)
def test_stopping_before_the_line_or_within_tolerance(label, x, place, red_s, noise, fps) -> None:
    signal = Signal([(0, AMBER), (red_s, RED), (11, GREEN)])
    stops = along([0, 3, 4, 11.5, 15], [-30, place - 5, place, place, place + 20], x)
    assert not rules_of(run([Vehicle(label, stops)], signal, 13, fps, noise, GIVEN))


@few
@given(label=labels, x=lateral, kmh=st.floats(10, 53), start=st.floats(-45, -20), noise=noises, fps=rates)
def test_crossing_on_green_or_amber_at_a_lawful_speed(label, x, kmh, start, noise, fps) -> None:
    crossing_s = -start / (kmh / 3.6)
    signal = Signal([(0, GREEN), (max(crossing_s - 2, 0.01), AMBER), (crossing_s + 0.05, RED)])
    vehicle = Vehicle(label, lambda t: (x, start + kmh / 3.6 * t, 0.0), ("head_helmet",))
    assert not rules_of(run([vehicle], signal, min(60 / (kmh / 3.6), 14), fps, noise, GIVEN))


@few
@given(label=labels, kmh=st.floats(5, 53), noise=noises, fps=rates)
def test_coming_the_other_way_at_a_lawful_speed(label, kmh, noise, fps) -> None:
    vehicle = Vehicle(label, lambda t: (1.75, 40 - kmh / 3.6 * t, np.pi))
    assert not rules_of(run([vehicle], None, min(70 / (kmh / 3.6), 10), fps, noise, GIVEN))


@few
@given(
    label=labels,
    swaps=st.lists(st.floats(0.5, 8.5), min_size=1, max_size=3),
    speed=st.floats(4, 12),
    pair=st.permutations([0, 1, 2, 3, 4]),
)
def test_a_queue_and_cross_traffic_whose_ids_jump(label, swaps, speed, pair) -> None:
    """Vehicles wait at a red, others cross on green; two tracks exchange the vehicles they follow."""
    vehicles = [
        Vehicle(label, along([0, 2, 30], [-20, -0.8, -0.8], -1.75)),
        Vehicle("motorcycle", along([0, 2, 30], [-20, -0.4, -0.4], -0.5)),
        Vehicle("motorcycle", along([0, 2, 30], [-20, -6.0, -6.0], -4.2)),
        Vehicle("car", lambda t: (-16 + speed * t, 9.0, -np.pi / 2)),
        Vehicle("truck", lambda t: (16 - speed * (t - 1), 12.0, np.pi / 2)),
    ]
    one, other = vehicles[pair[0]], vehicles[pair[1]]

    def followed(first: Vehicle, second: Vehicle):
        return lambda t: (first, second)[sum(t >= s for s in swaps) % 2].box(t)

    assert not rules_of(run_tracks([followed(one, other), followed(other, one)], label, None, 9, GIVEN))


@few
@given(label=labels, x=st.floats(-4, 3), y=st.floats(-8, 15), noise=noises, fps=rates)
def test_a_vehicle_broken_down_anywhere_while_the_signal_goes_round(label, x, y, noise, fps) -> None:
    signal = Signal([(0, GREEN), (2, AMBER), (4, RED), (8, GREEN)])
    assert not rules_of(run([Vehicle(label, lambda t: (x, y, 0.0))], signal, 10, fps, noise, GIVEN))
