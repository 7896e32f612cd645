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
    prefix_beam,
    shares,
    strength,
)
from plate_reader.prior import log_prior

Floats = NDArray[np.float64]

_BEST_OF_EACH, _KEPT = 8, 3
# So many of a crop's readings, our two views' and the peer's, must be one text.
_ALIKE = 2
_HEARD = 1e-4
# How much of a step's probability must be for "something covers a character" to be heard.
_COVERED = 0.4
_FULL_SIGHT_PX, _LEAST_SIGHT_PX = 90.0, 30.0


@dataclass(frozen=True)
class Acceptance:
    """When a text may go on without a person retyping it.

    The values were chosen on rendered plates alone, by `training.plates.calibrate`.

    Attributes:
        weakest: least probability of the fused text's weakest character.
        witness: least probability of a crop's own weakest character for it to count as agreeing.
        agreeing: how many crops must by themselves read the same text.
        contradiction: a crop that reads another text at least this surely at its weakest character stops the
            acceptance.
        least_width_px: a plate narrower than this in its crop never agrees, however sure its reading is.
    """

    weakest: float = 0.97
    witness: float = 0.95
    agreeing: int = 2
    contradiction: float = 0.60
    least_width_px: float = 45.0


@dataclass(frozen=True)
class Witness:
    """What one crop says.

    ``candidates`` are best first; ``own`` are our recogniser's posteriors of its views, ``peer`` the other's; ``texts``
    is what each of them reads alone, views first; ``covered`` tells that something seems to
    cover a character, ``cut_off`` that the plate seems to reach beyond its crop.
    """

    own: tuple[Posterior, ...]
    peer: tuple[Posterior, ...]
    candidates: tuple[Candidate, ...]
    texts: tuple[str | None, ...]
    width_px: float
    covered: bool = False
    cut_off: bool = False

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


def hear(
    own: Sequence[Posterior], peer: Sequence[Posterior], width_px: float, *, cut_off: bool = False
) -> Witness:
    """Make a witness of one crop.

    Args:
        own: our recogniser's posteriors of the crop's views, at least one.
        peer: another recogniser's; may be empty.
        width_px: the plate's width in the crop, before any enlarging.
        cut_off: whether the plate seems to reach beyond the crop.
    """
    own, peer = tuple(own), tuple(peer)
    read = [_likeliest(view) for view in (*own, *peer)]
    texts = tuple(scored[0][0] if scored else None for scored in read)
    covered = all(_covers(view) for view in own) or any(_covers(view) for view in peer)
    found = list(dict.fromkeys(text for scored in read for text, _ in scored))
    if not found:
        return Witness(own, peer, (), texts, width_px, covered, cut_off)
    scores = _pooled(own, peer, found) + _priors(found)
    order = [int(i) for i in np.argsort(-scores)]
    names, weights = [found[i] for i in order], shares([float(scores[i]) for i in order])
    candidates = []
    for i in order[:_KEPT]:
        agreed = agreement(found[i], names, weights)
        sure = tuple(float(a * s) for a, s in zip(agreed, _strength(own, peer, found[i]), strict=True))
        candidates.append(Candidate(found[i], float(scores[i]), sure))
    return Witness(own, peer, tuple(candidates), texts, width_px, covered, cut_off)


def vote(witnesses: Sequence[Witness], rules: Acceptance) -> Verdict:
    """Fuse what the witnesses say and judge whether it may go on without a person."""
    texts = list(dict.fromkeys(c.text for w in witnesses for c in w.candidates))
    if not texts:
        return Verdict(None, (), False, "no text on the plate obeys the TNKB grammar")
    totals = _priors(texts)
    for witness in witnesses:
        totals += _sight(witness.width_px) * _pooled(witness.own, witness.peer, texts)
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
    if probabilities[weakest] < rules.weakest:
        return (
            f"character {weakest + 1} ({text[weakest]}) is certain to {probabilities[weakest]:.2f} only, "
            f"{rules.weakest:.2f} is needed"
        )
    for witness in witnesses:
        if witness.text not in (None, text) and witness.weakest >= rules.contradiction:
            return f"one crop reads {witness.text} just as surely"
    reading = [w for w in witnesses if w.text is not None]
    agreeing = [w for w in reading if _agrees(w, text, rules)]
    if len(agreeing) < rules.agreeing:
        widest = max(w.width_px for w in witnesses)
        if widest < rules.least_width_px:
            return f"the plate is only {widest:.0f} px wide, {rules.least_width_px:.0f} are needed"
        return (
            f"{len(agreeing)} of {len(witnesses)} crops read it surely by themselves, {rules.agreeing} must"
        )
    if all(w.cut_off for w in agreeing):
        return "the plate reaches beyond the crop: it may be cut off"
    if all(w.covered for w in agreeing) or 2 * sum(w.covered for w in reading) >= len(reading):
        return "something seems to cover a character"
    return ""


def _covers(view: Posterior) -> bool:
    return float(1 - view.sum(axis=1).min()) > _COVERED


def _agrees(witness: Witness, text: str, rules: Acceptance) -> bool:
    return (
        witness.text == text
        and witness.weakest >= rules.witness
        and witness.width_px >= rules.least_width_px
        and witness.texts.count(text) >= min(len(witness.texts), _ALIKE)
    )


def _shown(witnesses: Sequence[Witness], text: str) -> list[float]:
    """How strongly each character is shown: by the second-best witness, where there are several."""
    each = np.array([_strength(w.own, w.peer, text) for w in witnesses])
    ranked = np.sort(each, axis=0)[::-1]
    return [float(v) for v in ranked[min(1, len(ranked) - 1)]]


def _likeliest(view: Posterior) -> list[tuple[str, float]]:
    scored = [(text, score + log_prior(text)) for text, score in prefix_beam(view)]
    return sorted(scored, key=lambda item: -item[1])[:_BEST_OF_EACH]


def _priors(texts: Sequence[str]) -> Floats:
    return np.array([log_prior(text) for text in texts])


def _strength(own: Sequence[Posterior], peer: Sequence[Posterior], text: str) -> Floats:
    """How strongly one crop shows each character, to whoever of the two recognisers sees it better."""
    out = np.mean([strength(view, text) for view in own], axis=0)
    for view in peer:
        out = np.maximum(out, strength(view, text))
    return np.asarray(out)


def _pooled(own: Sequence[Posterior], peer: Sequence[Posterior], texts: Sequence[str]) -> Floats:
    """Log scores of texts by one crop, (N,): the two recognisers' words multiplied, so that either can cast doubt.

    Views of one recogniser err alike, so their probabilities are averaged before.
    """
    word, _ = _word(own, texts)
    if not peer:
        return word
    other, mass = _word(peer, texts)
    # A peer that saw nothing legal at all has no say.
    return word + other if mass > _HEARD else word


def _word(views: Sequence[Posterior], texts: Sequence[str]) -> tuple[Floats, float]:
    each = [log_probabilities(view, texts) for view in views]
    logs = np.logaddexp.reduce(each, axis=0) - np.log(len(views))
    mass = min(1.0, float(np.exp(logs).sum()))
    # A share of each word goes to "anything else": the more, the less of what was seen was legal at all.
    doubt = 0.002 + 0.3 * (1 - mass)
    share = np.array(shares([float(v) for v in logs]))
    return np.asarray(np.log((1 - doubt) * share + doubt / len(texts))), mass


def _sight(width_px: float) -> float:
    """Weight of a witness by its plate's width: none sees for nothing, none for more than one."""
    return float(np.clip((width_px - _LEAST_SIGHT_PX) / (_FULL_SIGHT_PX - _LEAST_SIGHT_PX), 0.1, 1.0))
