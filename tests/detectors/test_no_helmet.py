"""`no_helmet`: votes for each seat, and heads that belong to somebody else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hand_made import BEGAN, Signal, Vehicle, camera, rules_of, run, straight

from detectors.facing import backs
from detectors.rules.heads import assign
from detectors.rules.no_helmet import NoHelmet
from detectors.types import Box, Detection, Scene, SignalState, Track, TrackPoint, Violation
from detectors.viewpoint import viewpoint

GIVEN = camera(enforce={"no_helmet": {}})
GREEN = Signal([(0, SignalState.GREEN)])
MOTORCYCLE: Box = (100.0, 100.0, 160.0, 240.0)
HELMET, BARE, UNTOLD, DARK = "head_helmet", "head_bare", "head_untold", "head_dark"


def ride(*heads: str, x: float = -1.75, label: str = "motorcycle") -> Vehicle:
    return Vehicle(label, straight(30, x, -30), heads)


def night_ride(metres_a_second: float) -> Vehicle:
    start = -10.0 if metres_a_second > 0 else 22.0
    heading = 0.0 if metres_a_second >= 0 else np.pi
    return Vehicle(
        "motorcycle", lambda t: (-1.75, start + metres_a_second * t, heading) if t < 4 else None, (DARK,)
    )


def ridden(
    path: Callable[[float], tuple[float, float]],
    seconds: float = 3.0,
    rider_m: Callable[[float], float] = lambda t: 1.6,
    high: float | None = np.inf,
    hidden: slice = slice(None),
    left_px: float | None = None,
    **changes: bool,
) -> list[float]:
    """When, at 12 frames a second, a rider so far beside and before the camera showed its back; the camera is taken to
    be so high at most, or nowhere."""
    view = viewpoint(GIVEN.homography.image_to_road, GIVEN.file.frame_size)
    assert view is not None
    x, y, _ = view.position
    points = []
    for i in range(round(12 * seconds)):
        beside, before = path(i / 12)
        ends = view.to_image(np.array([(x + beside, y + before, z) for z in (rider_m(i / 12), 0.0)]))
        left = ends[0, 0] - 30 if left_px is None else left_px
        box = (left, ends[0, 1], left + 60, ends[1, 1])
        seen = TrackPoint(i, i / 12, BEGAN, box, 0.9, (x + beside, y + before))
        points.append(replace(seen, **changes) if i in range(1000)[hidden] else seen)
    taken = None if high is None else replace(view, position=(x, y, min(high, view.position[2])))
    return [i / 12 for i in sorted(backs(taken, GIVEN, points))]


def head(
    label: str, x: float = 130.0, y: float = 115.0, size: float = 24.0, confidence: float = 0.8
) -> Detection:
    return Detection(label, confidence, (x - size / 2, y - size / 2, x + size / 2, y + size / 2))


def track(id_: int = 1, box: Box = MOTORCYCLE, frames: int = 1, label: str = "motorcycle") -> Track:
    points = tuple(
        TrackPoint(i, i / 12, BEGAN + timedelta(seconds=i / 12), box, 0.9, (0.0, float(i)))
        for i in range(frames)
    )
    return Track(id_, label, True, points)


def aside(box: Box, px: float) -> Box:
    return box[0] + px, box[1], box[2] + px, box[3]


def watch(
    per_frame: list[list[Detection]],
    px_per_frame: float = 8.0,
    box: Box = MOTORCYCLE,
    **parameters: float,
) -> list[str]:
    """Show the heads of one motorcycle that rides across the picture, or stands in it."""
    rule = NoHelmet(GIVEN, parameters)
    for i, heads in enumerate(per_frame):
        px = i * px_per_frame
        seen = tuple(replace(d, box_xyxy=aside(d.box_xyxy, px)) for d in heads)
        rule.update(Scene(i, i / 12, BEGAN, (track(box=aside(box, px), frames=i + 1),), (), seen))
    return [v.rule for v in rule.finish()]


def test_one_picture_of_a_standing_rider_over_and_over_is_not_flagged() -> None:
    assert not watch([[head(BARE)]] * 60, px_per_frame=0.0)
    assert not watch([[head(BARE)]] * 60, px_per_frame=0.02)


def test_looks_on_which_detector_and_second_look_disagree_speak_for_the_rider() -> None:
    disputed = [head(BARE, confidence=0.41), head(HELMET, confidence=0.37)]
    sure = [head(BARE, confidence=0.8)]
    assert not watch([disputed] * 40)
    assert not watch([sure, sure, sure, disputed] * 12)


def test_a_head_that_is_surely_bare_in_a_few_looks_only_is_not_flagged() -> None:
    sure, unsure = [head(BARE, confidence=0.8)], [head(BARE, confidence=0.5)]
    assert not watch([unsure, unsure, sure] * 12)
    assert watch([sure, sure, unsure] * 12) == ["no_helmet"]


@pytest.mark.parametrize(("there", "flagged"), [(0.5, True), (0.8, False)])
def test_what_a_standing_rider_shows_over_and_over_is_one_look_however_sure(
    there: float, flagged: bool
) -> None:
    """Who waits for a minute is seen as often as everything before and after together."""
    rule, px = NoHelmet(GIVEN, {}), 0.0
    riding = 0.8 if flagged else 0.5
    for i, confidence in enumerate([riding] * 6 + [there] * 60 + [riding] * 6):
        px += 0.0 if confidence == there else 8.0
        seen = (replace(head(BARE, confidence=confidence), box_xyxy=aside(head(BARE).box_xyxy, px)),)
        rule.update(Scene(i, i / 12, BEGAN, (track(box=aside(MOTORCYCLE, px), frames=i + 1),), (), seen))
    assert bool(rule.finish()) is flagged


@pytest.mark.parametrize(("metres_a_second", "flagged"), [(8.0, True), (-8.0, False), (0.0, False)])
def test_a_black_head_by_night_is_told_from_behind_alone(metres_a_second: float, flagged: bool) -> None:
    """From before, a bare head would show a face. The camera stands at the near end of the road."""
    found = run([night_ride(metres_a_second)], GREEN, given=GIVEN)
    assert rules_of(found) == ["no_helmet"] * flagged


@pytest.mark.parametrize("changes", [{}, {"clipped": True}, {"occluded": True}])
@pytest.mark.parametrize("hidden", [slice(0, 18), slice(18, 36)])
def test_who_rides_away_shows_its_back_also_while_its_wheels_are_not_seen(
    changes: dict[str, bool], hidden: slice
) -> None:
    assert len(ridden(lambda t: (0.0, 14.0 + 5 * t), hidden=hidden, **changes)) == 36


def test_whose_wheels_are_never_seen_shows_no_back_for_certain() -> None:
    assert not ridden(lambda t: (0.0, 14.0 + 5 * t), occluded=True)


@pytest.mark.parametrize("metres_a_second", [-5.0, 0.0, 0.8, 1.8])
def test_who_comes_near_stands_or_backs_away_on_foot_shows_no_back_for_certain(
    metres_a_second: float,
) -> None:
    assert not ridden(lambda t: (0.0, 20.0 + metres_a_second * t), 4.0)
    assert not ridden(lambda t: (0.0, 20.0 + metres_a_second * t), 4.0, clipped=True)


def test_who_turns_about_shows_its_back_once_it_rides_away() -> None:
    """Towards the camera, a half circle of two metres around a point 18 m before it at 4 m/s, and away."""

    def path(t: float) -> tuple[float, float]:
        turned = min(max(2 * (t - 2), 0.0), np.pi)
        along = 4 * min(t - 2, 0.0) - 4 * max(t - 2 - np.pi / 2, 0.0)
        return 2 - 2 * float(np.cos(turned)), 18.0 - 2 * float(np.sin(turned)) - along

    seen = ridden(path, 6.0)
    assert min(seen) > 2 + np.pi / 2 - 0.6
    assert len(seen) > 24


@pytest.mark.parametrize("still_s", [0.0, 2.0])
def test_who_stands_or_crosses_the_road_and_rides_away_then_did_not_show_its_back_first(
    still_s: float,
) -> None:
    def path(t: float) -> tuple[float, float]:
        return (0.0 if still_s else min(4 * t - 8, 0.0)), 18.0 + 5 * max(t - 2, 0.0)

    seen = ridden(path, 5.0)
    assert min(seen) > 1.6
    assert len(seen) > 24


def test_a_rider_who_sits_up_does_not_ride_away() -> None:
    """Its upper edge rises as if it went 3 m farther."""

    def sits_up(t: float) -> float:
        return 1.05 + min(0.7 * t, 0.7)

    assert not ridden(lambda t: (0.0, 18.0), rider_m=sits_up)
    for changes in ({"occluded": True}, {"clipped": True}):
        assert not ridden(lambda t: (0.0, 25.0), rider_m=sits_up, hidden=slice(0, 30), **changes)


@pytest.mark.parametrize(("x", "told"), [(600.0, True), (2.0, False), (-62.0, False)])
def test_while_the_picture_cuts_a_box_at_a_side_nothing_is_told(x: float, told: bool) -> None:
    left = x if x >= 0 else GIVEN.file.frame_size[0] + x
    assert bool(ridden(lambda t: (0.0, 14.0 + 5 * t), left_px=left)) is told


@pytest.mark.parametrize("high", [None, 4.0])
def test_a_camera_too_low_to_look_down_on_riders_tells_nobodys_back(high: float | None) -> None:
    assert not ridden(lambda t: (0.0, 14.0 + 5 * t), high=high)


def test_few_sightings_tell_nothing() -> None:
    assert not ridden(lambda t: (0.0, 14.0 + 5 * t), 2 / 12)
    assert not ridden(lambda t: (0.0, 14.0 + 5 * t), 0.0)


@pytest.mark.parametrize(("metres_a_second", "flagged"), [(-2.5, False), (4.0, True)])
def test_a_track_that_goes_over_to_another_rider_shows_the_backs_of_each_alone(
    metres_a_second: float, flagged: bool
) -> None:
    """Who comes near seems to have left where the one before was nearer."""
    rule, points = NoHelmet(GIVEN, {}), []
    found: list[Violation] = []
    for i in range(60):
        y = 0.1 * i - 9 if i < 30 else 6.0 + metres_a_second * (i - 30) / 12
        box = Vehicle("motorcycle", lambda t, y=y: (-1.75, y, 0.0)).box(0.0)
        assert box is not None
        points.append(TrackPoint(i, i / 12, BEGAN + timedelta(seconds=i / 12), box, 0.9, (-1.75, y)))
        its = head(HELMET if i < 30 else DARK, (box[0] + box[2]) / 2, box[1] + 15.0, size=26.0)
        now = Track(1, "motorcycle", True, tuple(points))
        found += rule.update(Scene(i, i / 12, BEGAN, (now,), (), (its,)))
    assert bool(found + rule.finish()) is flagged


def test_looks_in_which_it_cannot_be_told_say_nothing_either_way() -> None:
    untold, sure = [head(UNTOLD)], [head(BARE)]
    assert not watch([untold] * 60)
    assert not watch([untold] * 40 + [sure] * 6)
    assert watch([untold] * 40 + [sure] * 10) == ["no_helmet"]


def test_far_looks_do_not_convict_where_the_near_ones_cannot_be_told() -> None:
    far, near = [head(BARE, size=25.0)], [head(UNTOLD, size=50.0)]
    assert watch([far] * 20) == ["no_helmet"]
    assert not watch([far] * 20 + [near] * 6)


def test_a_near_look_that_cannot_be_told_takes_no_look_at_a_helmet_away() -> None:
    helmet, bare = [head(HELMET, size=20.0)], [head(BARE, size=31.0)]
    for near in (0, 1, 6):
        assert not watch([helmet] * 60 + [bare] * 10 + [[head(UNTOLD, size=50.0)]] * near)


def test_a_head_that_cannot_be_told_takes_no_seat_from_one_that_can() -> None:
    bare, blob = [head(BARE, x=130, size=24.0)], head(UNTOLD, x=130, y=115, size=24.0)
    helmet = head(HELMET, x=133, y=130, size=24.0)
    assert not watch([bare] * 10 + [bare, [helmet, blob]] * 15)


def test_a_head_that_is_never_surely_bare_is_not_flagged() -> None:
    assert not watch([[head(BARE, confidence=0.45)]] * 60)


@pytest.mark.parametrize("heads", [(BARE,), (HELMET, BARE), (BARE, HELMET), (BARE, BARE)])
def test_a_bare_head_on_any_seat_is_one_violation(heads: tuple[str, ...]) -> None:
    found = run([ride(*heads)], GREEN, given=GIVEN)
    assert rules_of(found) == ["no_helmet"]
    assert float(found[0].measured["bare_votes"]) >= 8


@pytest.mark.parametrize("heads", [(HELMET,), (HELMET, HELMET), ()])
def test_helmets_on_all_seats_are_not_flagged(heads: tuple[str, ...]) -> None:
    assert not run([ride(*heads)], GREEN, given=GIVEN)


def test_a_bare_head_in_a_car_is_not_flagged() -> None:
    assert not run([ride(BARE, label="car")], GREEN, given=GIVEN)


def test_the_bare_head_goes_to_its_own_motorcycle_only() -> None:
    found = run([ride(BARE, x=-2.6), ride(HELMET, x=-1.2)], GREEN, given=GIVEN)
    assert rules_of(found) == ["no_helmet"]


def test_too_few_bare_votes_are_not_flagged() -> None:
    assert not watch([[head(BARE)], []] * 5 + [[]] * 10)
    assert watch([[head(BARE)], []] * 6 + [[]] * 10) == ["no_helmet"]


def test_votes_within_half_a_second_are_not_flagged() -> None:
    assert not watch([[head(BARE)]] * 6)
    assert watch([[head(BARE)]] * 7) == ["no_helmet"]


def test_a_hood_that_is_called_bare_now_and_then_is_not_flagged() -> None:
    assert not watch([[head(BARE)], [head(HELMET)], [head(BARE)]] * 8)


def test_heads_too_small_to_judge_do_not_vote() -> None:
    assert not watch([[head(BARE, size=9.0)]] * 20, sure_head_px=8)
    assert watch([[head(BARE, size=9.0)]] * 20, sure_head_px=8, min_head_px=8) == ["no_helmet"]


def test_a_head_that_nobody_could_tell_in_the_evidence_is_not_flagged() -> None:
    assert not watch([[head(BARE, size=14.0)]] * 40)
    assert watch([[head(BARE, size=14.0)]] * 40, sure_head_px=14) == ["no_helmet"]


def test_a_head_claimed_by_both_classes_alike_does_not_vote() -> None:
    assert not watch([[head(BARE, confidence=0.6), head(HELMET, x=131, confidence=0.55)]] * 20)


def test_a_pedestrians_head_beside_or_below_is_nobodys() -> None:
    assert not assign([track()], [head(BARE, x=190.0), head(BARE, y=200.0)])


def test_a_head_between_two_motorcycles_is_nobodys() -> None:
    left, right = track(1), track(2, (130.0, 100.0, 190.0, 240.0))
    assert not assign([left, right], [head(BARE, x=145.0)])


def test_a_track_that_breaks_and_resumes_nearby_is_not_flagged_again() -> None:
    whole = straight(20, -1.75, -20, until=30.0)
    broken = Vehicle("motorcycle", lambda t: None if 3.0 < t < 4.6 else whole(t), (BARE,))
    assert rules_of(run([broken], GREEN, given=GIVEN)) == ["no_helmet"]


def test_another_motorcycle_a_little_later_is_flagged_for_itself() -> None:
    found = run([ride(BARE), Vehicle("motorcycle", straight(30, -1.75, -62), (BARE,))], GREEN, given=GIVEN)
    assert rules_of(found) == ["no_helmet", "no_helmet"]


PILLION = {"y": 133.0}


def test_a_bare_pillion_whose_head_overlaps_the_riders_helmet_is_flagged() -> None:
    assert watch([[head(HELMET, y=124.0), head(BARE, **PILLION, confidence=0.75)]] * 12) == ["no_helmet"]


def test_a_helmet_far_away_does_not_outvote_the_bare_head_seen_near() -> None:
    assert watch([[head(BARE, size=24.0)]] * 10 + [[head(HELMET, size=12.0)]] * 60) == ["no_helmet"]


def test_one_look_from_very_near_does_not_weigh_more_than_the_network_is_shown() -> None:
    near = [[head(BARE, size=54.0)]] * 12
    close = {"box": (60.0, 100.0, 200.0, 420.0)}
    assert watch([*near, [head(HELMET, size=84.0)]], **close) == ["no_helmet"]
    assert not watch([*near, [head(HELMET, size=84.0)], [head(HELMET, size=84.0)]], **close)


def test_a_helmet_that_is_shown_as_well_counts_as_much_from_farther_away() -> None:
    close = {"box": (60.0, 100.0, 200.0, 420.0), "px_per_frame": 30.0}
    for size in (50.0, 62.0):
        assert not watch([[head(HELMET, size=size)]] * 60 + [[head(BARE, size=104.0)]] * 8, **close)


def test_what_is_told_from_near_is_not_outvoted_from_farther_away() -> None:
    close = {"box": (60.0, 100.0, 200.0, 420.0)}
    assert not watch([[head(BARE, size=40.0)]] * 20 + [[head(HELMET, size=100.0)]], **close)
    assert not watch([[head(BARE, size=40.0)]] * 20 + [[head(UNTOLD, size=100.0)]] * 20, **close)
    assert not watch([[head(BARE, size=34.0)]] * 6 + [[head(UNTOLD, size=62.0)]] * 20, **close)


def test_a_bare_head_far_away_does_not_count_against_the_helmet_seen_near() -> None:
    assert not watch([[head(HELMET, size=24.0)]] * 10 + [[head(BARE, size=12.0)]] * 60)


def test_where_one_of_two_heads_is_seen_midway_it_is_nobodys() -> None:
    both = [head(HELMET, y=110.0), head(HELMET, **PILLION)]
    assert not watch([both] * 4 + [[head(BARE, y=121.5)]] * 60)


@pytest.mark.parametrize("clock_fit", [True, False])
def test_looks_from_before_a_jump_or_a_doubtful_clock_speak_against_nobody(clock_fit: bool) -> None:
    """The track went over to another motorcycle: whoever rode the first one is not this one's rider."""
    rule = NoHelmet(GIVEN, {})
    whole = track(frames=40)
    points = tuple(
        replace(p, box_xyxy=aside(p.box_xyxy, 8.0 * i), road_xy=(0.0, i / 12 + (60.0 if i >= 36 else 0.0)))
        for i, p in enumerate(whole.points)
    )
    for i in range(40):
        heads = (replace(head(BARE), box_xyxy=aside(head(BARE).box_xyxy, 8.0 * i)),) if i < 36 else ()
        seen = heads or (replace(head(HELMET), box_xyxy=aside(head(HELMET).box_xyxy, 8.0 * i)),)
        now = replace(whole, points=points[: i + 1])
        rule.update(Scene(i, i / 12, BEGAN, (now,), (), seen, clock_fit=clock_fit or i >= 36))
    assert not rule.finish()
