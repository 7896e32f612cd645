"""`overcrowded_motorcycle`: three heads that ride along, and what is no third head."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hand_made import BEGAN, camera
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.rules.overcrowded_motorcycle import OvercrowdedMotorcycle
from detectors.types import Box, Detection, Scene, Track, TrackPoint, Violation

GIVEN = camera(enforce={"overcrowded_motorcycle": {}})
HELMET, BARE = "head_helmet", "head_bare"
FPS = 12
Place = tuple[float, float]


def box_at(i: int) -> Box:
    """A motorcycle that rides away from the camera, half a metre a frame."""
    shrink = 1.0 / (1.0 + 0.02 * i)
    return 900 - 60 * shrink, 500 - 260 * shrink, 900 + 60 * shrink, 500.0


def head(
    box: Box, place: Place, label: str = HELMET, size: float = 0.22, confidence: float = 0.8
) -> Detection:
    """A head at shares of the motorcycle's box; its size is a share of the box's width."""
    w, h = box[2] - box[0], box[3] - box[1]
    x, y, half = box[0] + place[0] * w, box[1] + place[1] * h, size * w / 2
    return Detection(label, confidence, (x - half, y - half, x + half, y + half))


def track(
    frames: int, id_: int = 1, shift: float = 0.0, metres: float = 0.5, label: str = "motorcycle"
) -> Track:
    points = tuple(
        TrackPoint(
            i,
            i / FPS,
            BEGAN + timedelta(seconds=i / FPS),
            tuple(v + shift * (k % 2 == 0) for k, v in enumerate(box_at(i))),
            0.9,
            (0.0, metres * i),
        )
        for i in range(frames)
    )
    return Track(id_, label, True, points)


def watch(
    heads: Callable[[int, Box], list[Detection]],
    frames: int = 30,
    others: Callable[[int], list[Track]] = lambda i: [],
    label: str = "motorcycle",
    metres: float = 0.5,
    clock_fit: bool = True,
    **parameters: float,
) -> list[Violation]:
    rule = OvercrowdedMotorcycle(GIVEN, parameters)
    found: list[Violation] = []
    for i in range(frames):
        mine = track(i + 1, label=label, metres=metres)
        loose = tuple(heads(i, mine.points[-1].box_xyxy))
        found += rule.update(Scene(i, i / FPS, BEGAN, (mine, *others(i)), (), loose, {}, clock_fit))
    gone = track(frames, label=label, metres=metres)
    return found + rule.update(Scene(frames, frames / FPS, BEGAN, (), (gone,))) + rule.finish()


THREE: list[Place] = [(0.5, 0.05), (0.46, 0.17), (0.54, 0.29)]


@pytest.mark.parametrize("labels", [(HELMET, HELMET, HELMET), (HELMET, BARE, BARE)])
def test_three_heads_that_ride_along_are_flagged_once(labels: tuple[str, ...]) -> None:
    found = watch(lambda i, box: [head(box, p, name) for p, name in zip(THREE, labels, strict=True)])
    assert [v.rule for v in found] == ["overcrowded_motorcycle"]
    assert found[0].measured["persons"] == 3.0
    assert len(found[0].key_frames) == 3


def goes_over(i: int, hidden_from: int = 20) -> Track:
    """Its track goes over to another motorcycle 15 m ahead at sighting 20; hidden before that, from one on."""
    points = tuple(
        replace(
            p,
            box_xyxy=tuple(
                v + 300.0 * (k % 2 == 0 and p.frame_index >= 20) for k, v in enumerate(p.box_xyxy)
            ),
            road_xy=(0.0, p.road_xy[1] + 15.0 * (p.frame_index >= 20)),
            occluded=hidden_from <= p.frame_index < 20,
        )
        for p in track(i + 1).points
    )
    return replace(track(i + 1), points=points)


def scene_of(i: int, tracks: tuple[Track, ...], aboard: list[Place]) -> Scene:
    loose = tuple(head(t.points[-1].box_xyxy, p) for t in tracks for p in aboard)
    return Scene(i, i / FPS, BEGAN, tracks, (), loose, {}, True)


def test_what_was_seen_before_a_track_jumps_is_judged_then_and_what_follows_is_not_added() -> None:
    rule = OvercrowdedMotorcycle(GIVEN, {})
    found = {i: rule.update(scene_of(i, (goes_over(i),), THREE if i < 20 else THREE[:2])) for i in range(40)}
    assert [i for i, flagged in found.items() if flagged] == [20]
    (violation,) = found[20]
    assert max(frame.frame_index for frame in violation.key_frames) < 20
    assert not rule.finish()


@pytest.mark.parametrize(("confirmed_from", "flagged"), [(10, 1), (99, 0)])
def test_what_was_seen_before_a_track_was_confirmed_counts_once_it_is(
    confirmed_from: int, flagged: int
) -> None:
    rule = OvercrowdedMotorcycle(GIVEN, {})
    for i in range(13):
        seen = replace(track(i + 1), confirmed=i >= confirmed_from)
        assert not rule.update(scene_of(i, (seen,), THREE))
    assert len(rule.finish()) == flagged


def test_a_motorcycle_that_is_not_confirmed_takes_no_head_from_one_that_is() -> None:
    sure = track(1)
    box = sure.points[-1].box_xyxy
    # Beside it, so that the heads lie within its box as well.
    ghost = replace(track(1, id_=2, shift=0.2 * (box[2] - box[0])), confirmed=False)
    given = OvercrowdedMotorcycle(GIVEN, {})._given((ghost, sure), [head(box, p) for p in THREE])
    assert [(t.id, len(heads)) for t, heads in given] == [(1, 3)]


def test_a_head_that_two_confirmed_motorcycles_claim_goes_to_no_third_one_either() -> None:
    left, right = track(1, id_=1, shift=-3.0), track(1, id_=2, shift=3.0)
    third = replace(track(1, id_=3), confirmed=False)
    between = head(third.points[-1].box_xyxy, THREE[0])
    assert OvercrowdedMotorcycle(GIVEN, {})._given((left, right, third), [between]) == []


def test_a_jump_is_noticed_where_no_head_is_seen_in_that_moment() -> None:
    rule = OvercrowdedMotorcycle(GIVEN, {})
    aboard = {20: []}
    found = {i: rule.update(scene_of(i, (goes_over(i),), aboard.get(i, THREE))) for i in range(21)}
    assert [i for i, flagged in found.items() if flagged] == [20]


def test_what_was_seen_while_its_lower_edge_was_hidden_before_a_jump_does_not_count() -> None:
    """It may be the other motorcycle's by then."""
    rule = OvercrowdedMotorcycle(GIVEN, {})
    aboard = [THREE if i >= 4 else THREE[:2] for i in range(40)]
    found = [
        rule.update(scene_of(i, (goes_over(i, hidden_from=6),), aboard[i] if i < 20 else []))
        for i in range(40)
    ]
    assert not any(found) and not rule.finish()


def test_the_one_that_was_flagged_at_a_jump_is_known_where_it_is_found_again() -> None:
    rule = OvercrowdedMotorcycle(GIVEN, {})
    found: list[Violation] = []
    for i in range(48):
        whole = track(i + 1, 2)
        again = (replace(whole, points=whole.points[22:]),) if i >= 22 else ()
        found += rule.update(scene_of(i, (goes_over(i),) if i < 40 else (), THREE if i < 20 else []))
        found += rule.update(scene_of(i, again, THREE)) if again else []
    assert len(found + rule.finish()) == 1


def test_a_rider_and_one_passenger_are_not_flagged() -> None:
    assert not watch(lambda i, box: [head(box, p) for p in THREE[:2]])


def test_a_head_seen_twice_is_one_head() -> None:
    def heads(i: int, box: Box) -> list[Detection]:
        return [
            head(box, (0.5, 0.05)),
            head(box, (0.5, 0.17)),
            head(box, (0.52, 0.21), BARE, confidence=0.75),
        ]

    assert not watch(heads)


def test_a_child_in_arms_is_in_doubt() -> None:
    assert not watch(lambda i, box: [*(head(box, p) for p in THREE[:2]), head(box, (0.5, 0.29), size=0.11)])


def test_heads_of_somebody_the_motorcycle_rides_past_are_not_flagged() -> None:
    def heads(i: int, box: Box) -> list[Detection]:
        return [*(head(box, p) for p in THREE[:2]), head(box, (1.2 - 0.05 * i, 0.3))]

    assert not watch(heads)


def test_a_rider_behind_another_is_not_flagged() -> None:
    def other(i: int) -> list[Track]:
        return [track(i + 1, 2, shift=70.0)]

    assert not watch(lambda i, box: [head(box, p) for p in THREE], others=other)


def test_two_motorcycles_side_by_side_keep_their_own_heads() -> None:
    def other(i: int) -> list[Track]:
        return [track(i + 1, 2, shift=200.0)]

    def heads(i: int, box: Box) -> list[Detection]:
        beside = (box[0] + 200, box[1], box[2] + 200, box[3])
        return [head(b, p) for b in (box, beside) for p in THREE[:2]]

    assert not watch(heads, others=other)


def test_a_standing_motorcycle_is_not_flagged() -> None:
    assert not watch(lambda i, box: [head(box, p) for p in THREE], metres=0.0)


def test_a_third_head_seen_now_and_then_is_not_flagged() -> None:
    assert not watch(lambda i, box: [head(box, p) for p in THREE[: 3 if i % 3 == 0 else 2]], frames=45)


def test_three_persons_in_a_car_are_not_flagged() -> None:
    assert not watch(lambda i, box: [head(box, p) for p in THREE], label="car")


def test_too_small_heads_and_an_unfit_clock_do_not_count() -> None:
    assert not watch(lambda i, box: [head(box, p) for p in THREE], min_head_px=60)
    assert not watch(lambda i, box: [head(box, p) for p in THREE], clock_fit=False)


@settings(max_examples=60, deadline=None)
@given(
    places=st.lists(st.tuples(st.floats(0.2, 0.8), st.floats(0.0, 0.4)), min_size=1, max_size=2),
    size=st.floats(0.12, 0.3),
    twice=st.floats(0.0, 1.0),
    passer=st.tuples(st.floats(-0.2, 1.2), st.floats(0.0, 0.6), st.floats(0.03, 0.2)),
    seed=st.randoms(use_true_random=False),
)
def test_two_persons_are_never_three(places, size, twice, passer, seed) -> None:
    """Heads jitter, some are detected twice under both names, and somebody stands where the motorcycle passes."""

    def heads(i: int, box: Box) -> list[Detection]:
        found = [head(box, (passer[0] - passer[2] * i, passer[1]), size=size)]
        for x, y in places:
            at = (x + seed.gauss(0, 0.01), y + seed.gauss(0, 0.01))
            found.append(head(box, at, size=size))
            if seed.random() < twice:
                near = (at[0] + seed.gauss(0, 0.02), at[1] + seed.gauss(0, 0.02))
                found.append(head(box, near, BARE, size * seed.uniform(0.85, 1.15), 0.6))
        return found

    assert not watch(heads, frames=40)


def piece(i: int) -> list[Track]:
    """The same motorcycle again, its rear half alone: what a detector gives beside the whole box now and then."""
    whole = track(i + 1, id_=2)
    x1, y1, x2, y2 = whole.points[-1].box_xyxy
    half = replace(whole.points[-1], box_xyxy=(x1, y1 + 1.0, (x1 + x2) / 2, y2 - 1.0))
    return [Track(2, "motorcycle", True, (*whole.points[:-1], half))]


def test_a_piece_of_the_motorcycle_is_not_another_beside_it() -> None:
    found = watch(lambda i, box: [head(box, place) for place in THREE], others=piece)
    assert [v.rule for v in found] == ["overcrowded_motorcycle"]


def test_three_heads_of_which_one_is_seen_less_surely_are_flagged() -> None:
    def heads(i: int, box: Box) -> list[Detection]:
        sure = (0.7, 0.6, 0.5 if i % 3 == 0 else 0.35)
        return [head(box, place, confidence=c) for place, c in zip(THREE, sure, strict=True)]

    assert [v.rule for v in watch(heads)] == ["overcrowded_motorcycle"]


def test_a_parcel_or_a_backpack_that_looks_a_little_like_a_head_is_not_flagged() -> None:
    def heads(i: int, box: Box) -> list[Detection]:
        return [head(box, place, confidence=c) for place, c in zip(THREE, (0.8, 0.7, 0.4), strict=True)]

    assert not watch(heads)
