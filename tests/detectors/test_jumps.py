"""Sightings that cannot be the same vehicle as those before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hand_made import BEGAN, FPS, camera, project
from hypothesis import given
from hypothesis import strategies as st

from detectors.rules.jumps import jumped, since_jump
from detectors.types import TrackPoint

HOMOGRAPHY = camera().homography
# Beyond any jitter of a box at this distance.
FAR_M = st.floats(5.0, 15.0)
PACE_MPS = st.floats(-12.0, 12.0)


def sightings(y: Callable[[int], float]) -> list[TrackPoint]:
    """A motorcycle seen 24 times, at ``y(i)`` metres along the road; its box is where that is in the picture."""
    out = []
    for i in range(24):
        (u, v), (_, top) = project([(-2.0, y(i), 0.0), (-2.0, y(i), 1.6)])
        half = (v - top) / 4
        box = (float(u - half), float(top), float(u + half), float(v))
        out.append(TrackPoint(i, i / FPS, BEGAN + timedelta(seconds=i / FPS), box, 0.9, (-2.0, y(i))))
    return out


def jumps(points: list[TrackPoint]) -> list[int]:
    return [i for i in range(1, len(points)) if jumped(points[: i + 1], HOMOGRAPHY)]


@given(PACE_MPS)
def test_who_drives_on_does_not_jump(pace: float) -> None:
    assert not jumps(sightings(lambda i: 10.0 + pace * i / FPS))


@given(PACE_MPS, FAR_M, st.sampled_from([-1, 1]), st.integers(8, 22))
def test_who_is_somewhere_else_from_a_sighting_on_jumps_there(
    pace: float, far: float, way: int, at: int
) -> None:
    found = jumps(sightings(lambda i: 20.0 + pace * i / FPS + way * far * (i >= at)))
    assert found and found[0] == at


@given(st.integers(18, 60))
def test_however_long_its_lower_edge_was_hidden_who_is_seen_elsewhere_has_jumped(hidden: int) -> None:
    before, after = sightings(lambda i: 20.0)[:8], sightings(lambda i: 33.0)[0]
    unseen = [replace(before[-1], t_s=before[-1].t_s + (i + 1) / FPS, occluded=True) for i in range(hidden)]
    last = replace(after, t_s=unseen[-1].t_s + 1 / FPS)
    assert jumped([*before, *unseen, last], HOMOGRAPHY)
    assert not jumped([*before, *unseen, replace(before[-1], t_s=last.t_s)], HOMOGRAPHY)


@given(PACE_MPS, FAR_M, st.sampled_from([-1, 1]), st.integers(8, 18), st.integers(1, 4))
def test_the_way_back_from_wild_boxes_is_a_jump_too(
    pace: float, far: float, way: int, at: int, wild: int
) -> None:
    """A rule that begins anew with a wild box must not keep it as its first sighting."""
    found = jumps(sightings(lambda i: 20.0 + pace * i / FPS + way * far * (at <= i < at + wild)))
    assert {at, at + wild} <= set(found)


@pytest.mark.parametrize("at", [[], [12], [9, 20]])
def test_the_sightings_since_a_track_last_went_over_to_another_vehicle(at: list[int]) -> None:
    points = sightings(lambda i: 20.0 + 8.0 * i / FPS + 15.0 * sum(i >= a for a in at))
    assert list(since_jump(points, HOMOGRAPHY)) == points[max(at, default=0) :]


def test_nobody_is_no_sighting() -> None:
    assert not since_jump([], HOMOGRAPHY)
