"""From a recogniser's posteriors to legal texts: a CTC prefix beam that walks the grammar.

A posterior is (T, 1 + len(ALPHABET)) float: per time step the probability of the blank, then of each
character. Rows may sum to less than one where the recogniser saw a sign outside the alphabet: that mass
speaks for no text.

Source: Graves et al., Connectionist Temporal Classification, ICML 2006; prefix beam as in Hannun et al. 2014.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import NDArray

from plate_reader.grammar import ALPHABET, allowed_next, is_complete

Posterior = NDArray[np.float64]

_INDEX = {character: 1 + i for i, character in enumerate(ALPHABET)}
_TINY = 1e-30


@dataclass(frozen=True)
class Candidate:
    """One legal text. ``log_probability`` is natural, of the posterior, summed over all alignments.

    ``character_probabilities`` are what is known of each character given that the text is legal: its share
    among all legal texts found, times the strength with which the picture shows it.
    """

    text: str
    log_probability: float
    character_probabilities: tuple[float, ...]


def decode(
    posterior: Posterior,
    *,
    width: int = 24,
    most: int = 5,
    allowed: Callable[[str], str] = allowed_next,
    complete: Callable[[str], bool] = is_complete,
) -> list[Candidate]:
    """Give the most probable legal texts, best first; empty where none could be formed.

    Args:
        posterior: (T, 37), see the head of this module.
        width: how many prefixes are kept at each step.
        most: how many texts are given at most.
        allowed: characters that the grammar lets follow a prefix.
        complete: whether the grammar takes a text as whole.
    """
    scored = prefix_beam(posterior, width=width, allowed=allowed, complete=complete)
    weights, names = shares([score for _, score in scored]), [text for text, _ in scored]
    out = []
    for text, score in scored[:most]:
        agreed, shown = agreement(text, names, weights), strength(posterior, text)
        out.append(Candidate(text, score, tuple(a * s for a, s in zip(agreed, shown, strict=True))))
    return out


def prefix_beam(
    posterior: Posterior,
    *,
    width: int = 24,
    allowed: Callable[[str], str] = allowed_next,
    complete: Callable[[str], bool] = is_complete,
) -> list[tuple[str, float]]:
    """Give legal texts with their natural log probabilities, best first; arguments as for `decode`."""
    # A prefix's mass is kept in two parts: alignments that end in the blank, and in its last character.
    beam: dict[str, tuple[float, float]] = {"": (1.0, 0.0)}
    scale = 0.0
    for row in posterior:
        blank = float(row[0])
        step: dict[str, list[float]] = {}
        for prefix, (in_blank, in_last) in beam.items():
            kept = step.setdefault(prefix, [0.0, 0.0])
            kept[0] += (in_blank + in_last) * blank
            if prefix:
                kept[1] += in_last * float(row[_INDEX[prefix[-1]]])
            for character in allowed(prefix):
                p = float(row[_INDEX[character]])
                if p < 1e-7:
                    continue
                before = in_blank if prefix.endswith(character) else in_blank + in_last
                if before > 0.0:
                    step.setdefault(prefix + character, [0.0, 0.0])[1] += before * p
        best = sorted(step.items(), key=lambda item: -(item[1][0] + item[1][1]))[:width]
        top = best[0][1][0] + best[0][1][1] if best else 0.0
        if top <= 0.0:
            return []
        scale += log(top)
        beam = {prefix: (a / top, b / top) for prefix, (a, b) in best}
    whole = [(p, log(a + b) + scale) for p, (a, b) in beam.items() if a + b > 0.0 and complete(p)]
    return sorted(whole, key=lambda item: -item[1])


def greedy(posterior: Posterior) -> str:
    """Read without any grammar: the likeliest sign at each step, repeats and blanks dropped."""
    best = posterior.argmax(axis=1)
    kept = [int(b) for i, b in enumerate(best) if b and (i == 0 or b != best[i - 1])]
    return "".join(ALPHABET[b - 1] for b in kept)


def log_probabilities(posterior: Posterior, texts: Sequence[str]) -> NDArray[np.float64]:
    """Give the natural log of the posterior's probability of each text, summed over all alignments: (N,)."""
    longest = 2 * max(map(len, texts)) + 1
    labels = np.zeros((len(texts), longest), int)
    ends = np.zeros((len(texts), longest))
    skip = np.zeros((len(texts), longest), bool)
    for i, text in enumerate(texts):
        own = _with_blanks(text)
        labels[i, : len(own)] = own
        ends[i, len(own) - 2 : len(own)] = 1.0
        skip[i, : len(own)] = _may_skip(own)
    rows = np.maximum(posterior, _TINY)
    alpha = np.zeros(labels.shape)
    alpha[:, :2] = rows[0][labels[:, :2]]
    scale = np.zeros(len(texts))
    for row in rows[1:]:
        stepped = alpha.copy()
        stepped[:, 1:] += alpha[:, :-1]
        stepped[:, 2:] += np.where(skip[:, 2:], alpha[:, :-2], 0.0)
        alpha = stepped * row[labels]
        total = alpha.sum(axis=1)
        alpha /= total[:, None]
        scale += np.log(total)
    out: NDArray[np.float64] = scale + np.log(np.maximum((alpha * ends).sum(axis=1), 1e-300))
    return out


def strength(posterior: Posterior, text: str) -> tuple[float, ...]:
    """Give for each character the highest probability it reaches on the best alignment of ``text``."""
    return tuple(
        float(posterior[steps, _INDEX[c]].max()) if len(steps) else 0.0
        for c, steps in _align(posterior, text)
    )


def _align(posterior: Posterior, text: str) -> list[tuple[str, list[int]]]:
    labels = _with_blanks(text)
    rows = np.log(np.maximum(posterior[:, labels], _TINY))
    skip = _may_skip(labels)
    score = np.full(len(labels), -np.inf)
    score[: min(2, len(labels))] = rows[0, : min(2, len(labels))]
    back = np.zeros(rows.shape, int)
    for t in range(1, len(rows)):
        options = np.full((3, len(labels)), -np.inf)
        options[0] = score
        options[1, 1:] = score[:-1]
        options[2, 2:] = np.where(skip[2:], score[:-2], -np.inf)
        back[t] = options.argmax(axis=0)
        score = options.max(axis=0) + rows[t]
    out: list[tuple[str, list[int]]] = [(c, []) for c in text]
    at = len(labels) - 1
    if len(labels) > 1 and score[-2] > score[-1]:
        at -= 1
    for t in range(len(rows) - 1, -1, -1):
        if at % 2:
            out[at // 2][1].append(t)
        at -= int(back[t, at])
    return out


def agreement(text: str, others: Sequence[str], weights: Sequence[float]) -> tuple[float, ...]:
    """Give for each character of ``text`` the weight of those ``others`` that have it at the same place."""
    out = np.zeros(len(text))
    for other, weight in zip(others, weights, strict=True):
        out += weight * np.array(_same(text, other), float)
    return tuple(float(min(1.0, v)) for v in out)


def _same(text: str, other: str) -> list[bool]:
    if len(text) == len(other):
        return [a == b for a, b in zip(text, other, strict=True)]
    # Of another length: what lies between common head and tail is in dispute, neighbours of a gap included.
    shorter = min(len(text), len(other))
    head = next((i for i in range(shorter) if text[i] != other[i]), shorter)
    tail = next((i for i in range(shorter - head) if text[-1 - i] != other[-1 - i]), shorter - head)
    dispute = range(max(0, min(head, len(text) - 1)), max(head + 1, len(text) - tail))
    return [i not in dispute for i in range(len(text))]


def _with_blanks(text: str) -> list[int]:
    labels = [0]
    for character in text:
        labels += [_INDEX[character], 0]
    return labels


def _may_skip(labels: list[int]) -> NDArray[np.bool_]:
    return np.array([i >= 2 and label != 0 and label != labels[i - 2] for i, label in enumerate(labels)])


def shares(scores: Sequence[float]) -> list[float]:
    """Turn natural logs into shares that sum to one."""
    if not scores:
        return []
    weights = np.exp(np.array(scores) - max(scores))
    return [float(w) for w in weights / weights.sum()]
