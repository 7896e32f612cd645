"""Whether what a rule flagged stands: the picture was fit, the vehicle was one and has no right of way, its plate and
its record exempt nobody."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from detectors.rules.base import LetPass, PassageRule, PlateRule, Rule, SeenPlate
from detectors.types import Frame, Violation
from pipeline.pending import Pending
from pipeline.picture_watch import PictureWatch
from pipeline.right_of_way import beacon
from pipeline.types import Counters
from plate_reader.types import PlateReading

# Every rule has flagged what it will of a track that ended so long ago.
HANDED_OVER_KEPT_S = 120.0


class Judge:
    """Lets pass what must not be flagged, and counts it with its reason.

    Args:
        rules: of the camera; those about plates judge their candidates.
        counters: of the camera's run.
        watch: pauses enforcement while the picture is unfit; None: it never is.
        exempts: says of a rule and a plate read without doubt why its record lets it pass, None where it does not.
    """

    def __init__(
        self,
        rules: Sequence[Rule],
        counters: Counters,
        watch: PictureWatch | None = None,
        exempts: Callable[[str, str], str | None] | None = None,
    ) -> None:
        self._plate_rules = {r.rule_id: r for r in rules if isinstance(r, PlateRule)}
        self._counters, self._watch, self._exempts = counters, watch, exempts
        self._handed_over: dict[int, float] = {}

    def note_handed_over(self, last_s_by_track: Mapping[int, float], t_s: float) -> None:
        """Note from when on tracks may have been another vehicle's, see `pipeline.tracking.TrackUpdate`."""
        if last_s_by_track:
            kept = {k: s for k, s in self._handed_over.items() if t_s - s <= HANDED_OVER_KEPT_S}
            self._handed_over = {**kept, **last_s_by_track}

    def until_s(self, track_id: int) -> float:
        """Give until when a track was surely one vehicle's, seconds."""
        return self._handed_over.get(track_id, math.inf)

    def count_flag(self, rule: str, by: int = 1) -> None:
        """Count what was flagged; a candidate of a rule about plates counts once it has been judged."""
        self._counters.flagged[rule] += by * (rule not in self._plate_rules)

    def is_passage(self, violation: Violation) -> bool:
        """Tell whether this is no violation yet, but a passage that another camera's may complete."""
        return isinstance(self._plate_rules.get(violation.rule), PassageRule)

    def stands(self, pending: Pending, now: Frame | None) -> bool:
        """Tell whether it may go on to its plate's reading; ``now`` is the newest frame."""
        violation = pending.violation
        if pending.flagged_s > self.until_s(violation.track_id):
            self._counters.let_pass["two vehicles that met may have changed tracks"] += 1
        elif doubt := self._doubt(violation, now):
            self._counters.paused[doubt] += 1
        elif colour := beacon(pending):
            self._counters.let_pass[f"a {colour} beacon flashes on the vehicle"] += 1
        else:
            return True
        self.count_flag(violation.rule, -1)
        return False

    def judged(self, violation: Violation, reading: PlateReading | None) -> Violation | None:
        """Let a rule about plates judge its candidate; other rules' violations stand."""
        rule = self._plate_rules.get(violation.rule)
        if rule is None:
            return violation
        plate = None if reading is None else SeenPlate(reading.text, reading.accepted, reading.colour)
        judged = rule.judge(violation, plate)
        if not isinstance(judged, LetPass) and self._exempts is not None and plate is not None and plate.text:
            reason = self._exempts(violation.rule, plate.text)
            judged = judged if reason is None else LetPass(reason)
        if isinstance(judged, LetPass):
            self._counters.let_pass[judged.reason] += 1
            return None
        self._counters.flagged[violation.rule] += not isinstance(rule, PassageRule)
        return judged

    def _doubt(self, violation: Violation, now: Frame | None) -> str | None:
        if self._watch is None or now is None:
            return None
        return self._watch.doubt(violation.start_s, violation.end_s, now)
