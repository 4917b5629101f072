"""Why a side did what it did: the change of a network with which a population does the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np

from .alone import SENT, Case, Score
from .change import TIE, UNKNOWN, Change
from .margins import margins
from .variants import TIERS, changes

MOST_SENT = 4_000  # spikes of a sample at hand or more, in which all candidates are tried
MOST_CANDIDATES = 400  # of a tier
ALIKE = 8  # candidates of a tier that are tried in all samples
CLEARLY = 4  # times fewer bins are wrong than without a change
ROUNDING = 2.0**-24  # of a sum in float32, of its size
OPERATIONS = 8  # in a step, beside the sums


@dataclass(frozen=True, slots=True)
class Tried:
    """A change and how well it does; `rank` is low of what is the better reason where both are
    clear: what explains all without changing all of it, what the other side's network has, all of
    that, any other guess."""

    change: Change
    score: Score
    tier: int

    @property
    def rank(self) -> tuple[int, int]:
        """See the class; then the bins that stay wrong."""
        is_exact = not (self.score.wrong or self.change.is_whole)
        is_guess = self.tier > 0
        place = 0 if is_exact else 2 if self.change.is_whole else 3 if is_guess else 1
        return place, self.score.wrong


@dataclass(frozen=True, slots=True)
class Cause:
    """The class of a cause, what was found out in words, and in numbers: neurons that do as the
    side did, with the change and without, of so many, in so many samples; candidates tried; other
    changes that explain as much; the margin to the threshold where the sides part."""

    cause: str
    said: str = ""
    explained: int = 0
    unchanged: int = 0
    neurons: int = 0
    samples: int = 0
    tried: int = 0
    others: tuple[str, ...] = ()
    margin: float | None = None
    bound: float | None = None


def find_cause(case: Case, step: int, neuron: int) -> Cause | None:
    """The cause of what the case wants, which parts at a step of a neuron in its first sample. None
    if the network as it is does all of it."""
    unchanged = case.score(case.model)
    if not unchanged.wrong:
        return None
    tried, count = _search(case)
    margin, bound = _margin(case, step, neuron)
    clear = [t for t in tried if CLEARLY * t.score.wrong <= unchanged.wrong]
    best, *rest = sorted(clear, key=lambda t: t.rank) or tried
    is_clear = bool(clear)
    same = [t.change for t in rest if is_clear and t.score == best.score]
    others = [change.said for change in same if change.cause != best.change.cause]
    return Cause(
        best.change.cause if is_clear else _tied(margin, bound),
        best.change.said,
        best.score.neurons,
        unchanged.neurons,
        case.population.neurons,
        case.wanted.shape[1],
        count,
        tuple(others[:3]),
        margin,
        bound,
    )


def _search(case: Case) -> tuple[list[Tried], int]:
    """Candidates that were tried in all samples, the best first, of equal ones the one that was
    tried first; and how many there were. No tier is tried after one of which one explains all."""
    few = case.first(_affordable(case))
    limit = few.score(few.model).wrong // CLEARLY
    found: list[Tried] = []
    count = 0
    for tier in range(TIERS):
        tried = list(_scored(few, islice(changes(few, tier), MOST_CANDIDATES), tier))
        count += len(tried)
        found += _scored(case, (t.change for t in _promising(tried, limit)), tier)
        if any(not (each.score.wrong or each.change.is_whole) for each in found):
            break
    return sorted(found, key=lambda t: t.score.wrong), count


def _promising(tried: list[Tried], limit: int) -> list[Tried]:
    """The best few of those that leave no more bins wrong than the limit, or the best one."""
    ranked = sorted(tried, key=lambda t: t.score.wrong)
    return [t for t in ranked[:ALIKE] if t.score.wrong <= limit] or ranked[:1]


def _affordable(case: Case) -> int:
    """The samples in which all candidates are tried."""
    sent = sum(int(np.count_nonzero(array[:, 0])) for array in case.sent.values())
    return max(1, min(len(case.wanted[0]), MOST_SENT // max(1, sent)))


def _scored(case: Case, candidates: Iterable[Change], tier: int) -> Iterator[Tried]:
    for change in candidates:
        yield Tried(change, case.score(change.model, change.real), tier)


def _margin(case: Case, step: int, neuron: int) -> tuple[float | None, float | None]:
    """By how much the threshold is passed where the sides part, and what rounding may do there:
    the roundings of a sum, one an arrival and some a step, each of the size of the threshold or of
    the largest state."""
    found = margins(case)
    if found is None:
        return None, None
    value = float(found.value[step, 0, neuron])
    sent = (case.sent[p.pre.removesuffix(SENT)][: step + 1, 0] for p in case.projections)
    arrivals = sum(int(np.count_nonzero(array)) for array in sent)
    size = float(np.abs(found.value[: step + 1, 0, neuron]).max() + np.abs(found.level[neuron]))
    return value, ROUNDING * (arrivals + OPERATIONS * (step + 1)) * size


def _tied(margin: float | None, bound: float | None) -> str:
    is_near = margin is not None and bound is not None and abs(margin) <= bound
    return TIE if is_near else UNKNOWN
