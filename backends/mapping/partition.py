"""Neurons to cores: few packets, within every limit.

Multilevel, as graph partitioners do it since Hendrickson & Leland 1995: neurons that share axons
are joined, level by level; the few vertices of the coarsest level are dealt to the cores and
annealed hot; then level by level what was joined comes apart and is annealed at lower
temperatures. Further rounds do the same again and join only what lies in one core. The cost is
the weight of packets itself, and of the excess over limits while it is annealed; what then exceeds
them is moved away, and what still does is refused in the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from .axons import Axons, Ints
from .feasible import DoesNotFit, proved_misfits
from .fill import by_classes, filled
from .halves import halved
from .joining import Joining, carried, is_large
from .levels import (
    bare,
    bounds_of,
    cut_of,
    finest,
    packets_weight,
    pressure,
    weight_a_vertex,
    whole,
)
from .limits import CoreLimits, excesses, uses
from .load import Kernels
from .records import Cut, Level


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long a partition is sought. Temperatures are parts of what the axons of a vertex
    weigh."""

    rounds: int
    halving: int  # sweeps of each half
    coarsest: int  # sweeps of the coarsest level
    between: int
    last: int
    hot: float = 0.08
    warm: float = 0.04
    cold: float = 0.006
    a_core: int = 8  # vertices a core on the coarsest level
    sample: int = 24  # axons of a vertex and pins of an axon that are looked at to join it


JOINED = 20  # sweeps of each level that is joined on to one vertex a core
FINER = 2  # times as many vertices a core on the coarsest level of a large network


SCHEDULES = (
    Schedule(1, 5, 20, 4, 4, sample=8),
    Schedule(1, 10, 20, 10, 40),
    Schedule(3, 20, 150, 30, 80),
    Schedule(8, 20, 400, 60, 160),
)


@dataclass(frozen=True, slots=True, eq=False)
class Inner:
    """Where a round stands: levels from `height` up are done."""

    height: int
    part: Ints  # int32 [vertices of the level below that]
    random: Ints  # int64 [2]


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """Where a partition stands after so many rounds; arrays and numbers alone."""

    part: Ints | None  # int32 [neurons], the best of them
    round: int
    seed: int
    inner: Inner | None = None  # of the round that has begun


@dataclass(frozen=True, slots=True)
class Step:
    """What progress is told after every level: the share that is done, 0 to 1, and what is sent.
    `state` may be kept, to go on from it."""

    share: float
    packets: float
    state: State


Progress = Callable[[Step], None]


def partition(
    axons: Axons,
    limits: CoreLimits,
    cores: int,
    *,
    kernels: Kernels,
    seed: int = 0,
    effort: int = 1,
    state: State | None = None,
    progress: Progress | None = None,
) -> Ints:
    """The core of each neuron, int32 [neurons]; from a `state` on, as if it had not been
    interrupted. Where what is found exceeds a limit, it is sought once more from cores filled with
    neurons of the same classes. Raises DoesNotFit."""
    proved = proved_misfits(axons, limits, cores, kernels)
    if proved:
        raise DoesNotFit(proved)
    try:
        return _sought(axons, limits, cores, kernels, seed, effort, state, progress)
    except DoesNotFit:
        level = finest(axons, limits, kernels)
        part = filled(level, limits, cores, by_classes(axons), kernels)
        if any(excesses(uses(axons, part, limits, cores, kernels), limits)):
            raise
        start = State(part, 0, seed)
        return _sought(axons, limits, cores, kernels, seed, effort, start, progress)


def _sought(
    axons: Axons,
    limits: CoreLimits,
    cores: int,
    kernels: Kernels,
    seed: int,
    effort: int,
    state: State | None,
    progress: Progress | None,
) -> Ints:
    for found in rounds(axons, limits, cores, kernels, SCHEDULES[effort], seed, state):
        state = found.state
        if progress is not None:
            progress(found)
    assert state is not None
    assert state.part is not None
    over = tuple(excesses(uses(axons, state.part, limits, cores, kernels), limits))
    if over:
        raise DoesNotFit(over=over)
    return state.part


def rounds(
    axons: Axons,
    limits: CoreLimits,
    cores: int,
    kernels: Kernels,
    schedule: Schedule,
    seed: int,
    state: State | None,
) -> Iterator[Step]:
    """The partition after each round, the best so far."""
    fine = finest(axons, limits, kernels)
    fine = bare(fine) if is_large(fine) else fine
    search = Search(fine, limits, cores, kernels, schedule)
    unit = float(axons.rate.sum()) / max(float(fine.weight.sum()), 1.0)
    state = state or State(None, 0, seed)
    best, inner = state.part, state.inner
    for number in range(state.round, schedule.rounds):
        words = np.array([seed * 7919 + number + 1, 104729 + seed])
        for reached in search.round(best, words, inner):
            inner, share = reached.inner, (number + reached.share) / schedule.rounds
            if inner.height:
                yield Step(share, reached.weight * unit, State(best, number, seed, inner))
        inner = None
        if best is None or search.is_better(reached.cut, search.cut(best)):
            best = reached.cut.part
        packets = packets_weight(fine, search.cut(best)) * unit
        yield Step((number + 1) / schedule.rounds, packets, State(best, number + 1, seed))


@dataclass(frozen=True, slots=True, eq=False)
class Reached:
    """A level of a round that is done: the share of the round, what is sent, and all that the rest
    of it needs."""

    share: float
    weight: int
    cut: Cut
    inner: Inner


@dataclass(frozen=True, slots=True, eq=False)
class Search:
    """A network and limits, under search."""

    fine: Level
    limits: CoreLimits
    cores: int
    kernels: Kernels
    schedule: Schedule

    def cut(self, part: Ints) -> Cut:
        """A partition of the neurons, counted."""
        bounds = bounds_of(self.limits, self.cores, self.fine.kind.shape[1])
        return cut_of(self.fine, part, self.cores, bounds, self.kernels)

    def is_better(self, found: Cut, best: Cut) -> bool:
        """Whether it exceeds limits less, or sends less and exceeds them no more."""
        now, then = self._excess(found), self._excess(best)
        if now != then:
            return now < then
        return packets_weight(self.fine, found) < packets_weight(self.fine, best)

    def _excess(self, cut: Cut) -> float:
        bounds = bounds_of(self.limits, self.cores, self.fine.kind.shape[1])
        over = np.maximum(cut.load - bounds.load, 0) / np.maximum(bounds.load, 1)
        kinds = np.maximum(cut.used - bounds.used, 0) / np.maximum(bounds.used, 1)
        return float(over.sum() + kinds.sum())

    def round(self, part: Ints | None, words: Ints, inner: Inner | None) -> Iterator[Reached]:
        """A partition, from nothing or from another, level by level; the last is of the neurons.
        What a round has come to is not done again."""
        random = words % 2147483398 + 1
        is_first = part is None
        levels, maps = self._joining(random).levels(self.fine, part)
        work = np.cumsum([len(level.reach) + len(level.size) for level in levels][::-1])[::-1]
        if inner is not None:
            part, random = inner.part, inner.random.copy()
            del levels[inner.height :]
        elif part is None:
            part = self._begun(levels, maps, random)
        else:
            for coarse in maps:
                part = carried(part, coarse)
        for height in range(len(levels) - 1, -1, -1):
            level = whole(levels.pop(), self.kernels)
            cut = self._refined(level, part, random, height, len(maps), is_first)
            part = cut.part[maps[height - 1]] if height else cut.part
            share = float(work[height] / work[0])
            reached = Inner(height, part, random.copy())
            yield Reached(share, packets_weight(level, cut), cut, reached)

    def _begun(self, levels: list[Level], maps: list[Ints], random: Ints) -> Ints:
        """A partition of the coarsest level: by halves where the level below it is large. Where it
        is not, that level is the coarsest, and its vertices are joined on to one a core: they are
        dealt, and refined on the way back."""
        schedule, kernels, top = self.schedule, self.kernels, len(maps)
        if top == 0 or is_large(levels[top - 1]):
            warm, sweeps = schedule.warm, schedule.halving
            return halved(levels[top], self.cores, warm, sweeps, random, kernels)
        del levels[top], maps[-1]
        longer = replace(schedule, a_core=1, between=JOINED, last=JOINED)
        return replace(self, fine=levels[-1], schedule=longer)._joined_on(random)

    def _joined_on(self, random: Ints) -> Ints:
        """A partition from as few vertices as they are joined to."""
        levels, maps = self._joining(random).levels(self.fine, None)
        part = np.arange(len(levels[-1].size), dtype=np.int32) % self.cores
        for height in range(len(maps), -1, -1):
            level = whole(levels[height], self.kernels)
            cut = self._refined(level, part, random, height, len(maps), False)
            part = cut.part[maps[height - 1]] if height else cut.part
        return part

    def _joining(self, random: Ints) -> Joining:
        schedule = self.schedule
        finer = FINER if is_large(self.fine) else 1  # whole cores cannot come to be empty so easily
        fewest = finer * schedule.a_core * self.cores
        return Joining(fewest, schedule.sample, random, self.kernels)

    def _refined(
        self, level: Level, part: Ints, random: Ints, height: int, top: int, is_first: bool
    ) -> Cut:
        schedule, kernels = self.schedule, self.kernels
        bounds = bounds_of(self.limits, self.cores, level.kind.shape[1])
        cut = cut_of(level, part, self.cores, bounds, kernels)
        scale = weight_a_vertex(level)
        press = pressure(level, bounds, scale)
        sweeps, warm = schedule.between, schedule.warm
        if height == top and is_first:
            sweeps, warm = schedule.coarsest, schedule.hot
        if height == 0:
            sweeps = schedule.last
        heats = np.geomspace(warm, schedule.cold, sweeps) * scale
        presses = press * np.geomspace(1, 1 if height else 100, sweeps)
        order, shuffles = np.arange(len(level.size)), not is_large(level)
        if not shuffles:  # those of a core have most of their axons in common
            order = _core_by_core(part, self.cores, random, kernels)
        kernels.anneal(level, cut, bounds, random, order, shuffles, heats, presses)
        if height == 0:
            if len(cut.core):  # lists of cores get their spare places again
                cut = cut_of(level, cut.part, self.cores, bounds, kernels)
            kernels.relieve(level, cut, bounds, random)
            if shuffles:
                kernels.shuffle(random, order)
            kernels.descend(level, cut, bounds, order, 1e300, 8 if shuffles else 2)
        return cut


def _core_by_core(part: Ints, cores: int, random: Ints, kernels: Kernels) -> Ints:
    """The vertices of one core after those of another, cores in disorder."""
    rank = np.arange(cores)
    kernels.shuffle(random, rank)
    return np.argsort(rank[part], kind="stable")
