"""The vote over a track's crops: by the probabilities of texts and characters, never by counting strings.

A crop is a witness. Each gives every candidate text a probability; the witnesses' logarithms are added,
weighed by how much each could see. A witness may be wrong altogether (another vehicle, a covered plate), so
none can rule a text out alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plate_reader.beam import (
    Candidate,
    Posterior,
    agreement,
    log_probabilities,
    places,
    prefix_beam,
    shares,
    strength,
)
from plate_reader.grammar import LETTERS
from plate_reader.lookalikes import fold, log_prior, shapes

Floats = NDArray[np.float64]

_BEST_OF_EACH, _KEPT = 8, 3
# The network names a character before its middle, which moves all texts a little to the left.
_STEP_LEAN = 0.035
_FULL_SIGHT_PX, _LEAST_SIGHT_PX = 90.0, 30.0


@dataclass(frozen=True)
class Acceptance:
    """When a text may go on without a person retyping it.

    The values were chosen on rendered plates alone, by `training.plates.calibrate`.

    Attributes:
        weakest: least probability of the fused text's weakest character.
        witness: least probability of a crop's own weakest character for it to count as agreeing.
        agreeing: how many crops must by themselves read the same text.
        views_agree: whether in each agreeing crop both cuts of the number line must read it.
        contradiction: a crop that reads another text at least this surely at its weakest character stops the
            acceptance.
        least_width_px: a plate narrower than this in its crop never agrees, however sure its reading is.
        edge: least distance of the first and last character's middle from the crop's edge, as a share of the
            crop's width: nearer, the plate may go on outside.
        lopsided: by how much the margins left and right of the number may differ, as a share of the crop's
            width: more, and a character at one end may be covered.
        hole: by how much the widest step between two neighbours of a group may exceed the usual step: more,
            and a character between them may be covered.
        digits: fewest digits. Numbers with fewer are rare, texts that lost one are not.
        letters: fewest series letters, for the same reason.
    """

    weakest: float = 0.97
    witness: float = 0.85
    agreeing: int = 2
    views_agree: bool = False
    contradiction: float = 0.60
    least_width_px: float = 55.0
    edge: float = 0.085
    lopsided: float = 0.05
    hole: float = 1.65
    digits: int = 4
    letters: int = 2


@dataclass(frozen=True)
class Witness:
    """What one crop says.

    ``candidates`` are best first; ``places`` is where each character of the first stands across the crop,
    0..1; ``views`` are the posteriors of the crop's cuts, look-alikes folded in; ``forms`` how strongly they
    show each shape; ``view_texts`` what each cut reads alone.
    """

    views: tuple[Posterior, ...]
    forms: tuple[Posterior, ...]
    candidates: tuple[Candidate, ...]
    view_texts: tuple[str | None, ...]
    width_px: float
    places: tuple[float, ...]

    @property
    def weakest(self) -> float:
        """Probability of the weakest character of its own best text; 0 where it has none."""
        return min(self.candidates[0].character_probabilities) if self.candidates else 0.0

    @property
    def text(self) -> str | None:
        """What the crop reads alone."""
        return self.candidates[0].text if self.candidates else None


@dataclass(frozen=True)
class Verdict:
    """The vote's result.

    ``text`` is None where no crop held a legal one; ``reason`` is empty only where it was accepted.
    """

    text: str | None
    character_probabilities: tuple[float, ...]
    accepted: bool
    reason: str
    alternatives: tuple[tuple[str, float], ...] = ()

    @property
    def confidence(self) -> float:
        """Probability of the weakest character."""
        return min(self.character_probabilities, default=0.0)


def hear(posteriors: Sequence[Posterior], spans: Sequence[tuple[float, float]], width_px: float) -> Witness:
    """Make a witness of one crop.

    Args:
        posteriors: of its cuts, as the recogniser gave them.
        spans: from where to where each cut reaches across the crop, 0..1.
        width_px: the plate's width in the crop, before any enlarging.
    """
    views, forms = tuple(fold(p) for p in posteriors), tuple(shapes(p) for p in posteriors)
    read = [_likeliest(view) for view in views]
    texts = tuple(scored[0][0] if scored else None for scored in read)
    found = list(dict.fromkeys(text for scored in read for text, _ in scored))
    if not found:
        return Witness(views, forms, (), texts, width_px, ())
    each, scores = _mixture(views, found)
    scores = scores + _priors(found)
    order = [int(i) for i in np.argsort(-scores)]
    names, weights = [found[i] for i in order], shares([float(scores[i]) for i in order])
    candidates = []
    for i in order[:_KEPT]:
        agreed = agreement(found[i], names, weights)
        shown = np.max([strength(form, found[i]) for form in forms], axis=0)
        sure = tuple(float(a * s) for a, s in zip(agreed, shown, strict=True))
        candidates.append(Candidate(found[i], float(scores[i]), sure))
    best = int(each[:, order[0]].argmax())
    left, right = spans[best]
    across = tuple(left + place * (right - left) for place in places(forms[best], names[0]))
    return Witness(views, forms, tuple(candidates), texts, width_px, across)


def vote(witnesses: Sequence[Witness], rules: Acceptance) -> Verdict:
    """Fuse what the witnesses say and judge whether it may go on without a person."""
    texts = list(dict.fromkeys(c.text for w in witnesses for c in w.candidates))
    if not texts:
        return Verdict(None, (), False, "no text on the plate obeys the TNKB grammar")
    totals = _priors(texts)
    for witness in witnesses:
        _, logs = _mixture(witness.views, texts)
        mass = min(1.0, float(np.exp(logs).sum()))
        own = np.array(shares([float(v) for v in logs]))
        # A share of each vote goes to "anything else": the more, the less of what it saw was legal at all.
        doubt = 0.02 + 0.28 * (1 - mass)
        totals += _sight(witness.width_px) * np.log((1 - doubt) * own + doubt / len(texts))
    order = np.argsort(-totals)
    fused = shares([float(totals[i]) for i in order])
    names = [texts[i] for i in order]
    winner = names[0]
    agreed = agreement(winner, names, fused)
    shown = _shown(witnesses, winner)
    probabilities = tuple(float(a * s) for a, s in zip(agreed, shown, strict=True))
    reason = _why_not(winner, probabilities, witnesses, rules)
    alternatives = tuple(
        (name, share) for name, share in zip(names[1:4], fused[1:4], strict=True) if share > 1e-4
    )
    return Verdict(winner, probabilities, not reason, reason, alternatives)


def _why_not(
    text: str, probabilities: Sequence[float], witnesses: Sequence[Witness], rules: Acceptance
) -> str:
    weakest = min(range(len(text)), key=lambda i: probabilities[i])
    begin = len(text) - len(text.lstrip(LETTERS))
    end = len(text.rstrip(LETTERS))
    if end - begin < rules.digits or len(text) - end < rules.letters:
        return f"only {end - begin} digits and {len(text) - end} series letters: one may be hidden"
    if probabilities[weakest] < rules.weakest:
        return (
            f"character {weakest + 1} ({text[weakest]}) is certain to {probabilities[weakest]:.2f} only, "
            f"{rules.weakest:.2f} is needed"
        )
    for witness in witnesses:
        if witness.text not in (None, text) and witness.weakest >= rules.contradiction:
            return f"one crop reads {witness.text} just as surely"
    agreeing = [w for w in witnesses if _agrees(w, text, rules)]
    if len(agreeing) < rules.agreeing:
        widest = max(w.width_px for w in witnesses)
        if widest < rules.least_width_px:
            return f"the plate is only {widest:.0f} px wide, {rules.least_width_px:.0f} are needed"
        return (
            f"{len(agreeing)} of {len(witnesses)} crops read it surely by themselves, {rules.agreeing} must"
        )
    if all(w.places[0] < rules.edge or w.places[-1] > 1 - rules.edge for w in agreeing):
        return "the number reaches the crop's edge: the plate may be cut off"
    lean = float(np.median([1 - w.places[-1] - w.places[0] for w in agreeing])) - _STEP_LEAN
    if abs(lean) > rules.lopsided:
        return "the number does not stand in the middle: a character at one end may be covered"
    steps = np.diff(np.median([w.places for w in agreeing], axis=0))
    within = [float(step) for i, step in enumerate(steps, start=1) if i not in (begin, end)]
    if max(within) > rules.hole * float(np.median(within)):
        return "there is a hole between two characters: one may be covered"
    return ""


def _agrees(witness: Witness, text: str, rules: Acceptance) -> bool:
    return (
        witness.text == text
        and witness.weakest >= rules.witness
        and witness.width_px >= rules.least_width_px
        and (not rules.views_agree or all(t == text for t in witness.view_texts))
    )


def _shown(witnesses: Sequence[Witness], text: str) -> list[float]:
    """How strongly each character is shown: by the second-best witness, where there are several."""
    each = np.array([np.max([strength(form, text) for form in w.forms], axis=0) for w in witnesses])
    ranked = np.sort(each, axis=0)[::-1]
    return [float(v) for v in ranked[min(1, len(ranked) - 1)]]


def _likeliest(view: Posterior) -> list[tuple[str, float]]:
    scored = [(text, score + log_prior(text)) for text, score in prefix_beam(view)]
    return sorted(scored, key=lambda item: -item[1])[:_BEST_OF_EACH]


def _priors(texts: Sequence[str]) -> Floats:
    return np.array([log_prior(text) for text in texts])


def _mixture(views: Sequence[Posterior], texts: Sequence[str]) -> tuple[Floats, Floats]:
    """Log probabilities of texts by each of a crop's cuts (V, N), and by all (N,).

    Either cut may be the bad one, so their probabilities are averaged, not multiplied.
    """
    each = np.array([log_probabilities(view, texts) for view in views])
    together: Floats = np.logaddexp.reduce(each, axis=0) - np.log(len(views))
    return each, together


def _sight(width_px: float) -> float:
    """Weight of a witness by its plate's width: none sees for nothing, none for more than one."""
    return float(np.clip((width_px - _LEAST_SIGHT_PX) / (_FULL_SIGHT_PX - _LEAST_SIGHT_PX), 0.1, 1.0))
