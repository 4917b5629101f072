"""From neurons to few vertices: who goes together, level by level.

A level of many pins is joined far at once, since each level between would take as many bytes as it,
and as long. Who shares most axons is then told by where vertices lie: a few axons of each say
little of that, all of them as few numbers a vertex say it for the price of some sweeps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .axons import Ints
from .levels import bare, coarser, places_of, thinned, whole
from .load import Kernels
from .records import Level

MANY = 1 << 20  # pins of a level that is joined far
THIN = 16  # pins of an axon by which it is,
FEWER = 32  # to so many times fewer vertices
MOST = 0.95  # of the vertices, that are left if it is worth a level


@dataclass(frozen=True, slots=True, eq=False)
class Joining:
    """How levels are joined: to so many vertices at least, of 1.6 times the size that they have on
    average at most, by a `sample` of the axons of a vertex and of the pins of an axon."""

    fewest: int
    sample: int
    random: Ints  # int64 [2], which it changes
    kernels: Kernels

    def levels(self, fine: Level, part: Ints | None) -> tuple[list[Level], list[Ints]]:
        """The levels from this one on, large ones bare but the last, and of each vertex of all but
        the last what it is part of in the next; only vertices of one core are joined, if there is a
        `part`."""
        levels, maps = [whole(fine, self.kernels)], list[Ints]()
        del fine
        while len(levels[-1].size) > self.fewest:
            level = levels[-1]
            join = self._far if is_large(level) else self._once
            coarse, vertices = join(level, part)
            if vertices > MOST * len(level.size):
                break
            if is_large(level):
                levels[-1] = bare(level)
            levels.append(coarser(level, coarse, vertices, self.kernels))
            maps.append(coarse)
            part = part if part is None else carried(part, coarse)
        return levels, maps

    def _far(self, level: Level, part: Ints | None) -> tuple[Ints, int]:
        """What each vertex is joined to, and how many there are then: time after time by some pins
        of the axons."""
        at = places_of(level, self.random, self.kernels)
        thin = thinned(level, THIN, self.random, self.kernels)
        coarse, fewest = np.arange(len(level.size)), max(self.fewest, len(level.size) // FEWER)
        while len(thin.size) > fewest:
            further, vertices = self._once(thin, part, at)
            if vertices > MOST * len(thin.size):
                break
            thin, coarse = coarser(thin, further, vertices, self.kernels), further[coarse]
            at = _means(at, further, vertices)
            part = part if part is None else carried(part, further)
        return coarse.astype(np.int32), len(thin.size)

    def _once(self, level: Level, part: Ints | None, at: Ints | None = None) -> tuple[Ints, int]:
        """The same, once: to the nearest if it is said where they lie."""
        vertices = len(level.size)
        joined, order = np.arange(vertices, dtype=np.int32), np.arange(vertices)
        self.kernels.shuffle(self.random, order)
        held = np.stack((level.size.astype(np.int64), level.bits), axis=1)
        most = np.maximum(held.sum(axis=0) * 1.6 / self.fewest, 1).astype(np.int64)
        same = np.zeros(vertices, np.int32) if part is None else part
        rest = self.random, order, most, self.sample, joined, held
        if at is None:
            self.kernels.join_up(level, same, *rest)
        else:
            self.kernels.join_near(level, same, at, *rest)
        while (joined[joined] != joined).any():
            joined = joined[joined]
        roots, coarse = np.unique(joined, return_inverse=True)
        return coarse.astype(np.int32), len(roots)


def is_large(level: Level) -> bool:
    """Whether its sweeps are to be few."""
    return len(level.reach) > MANY


def carried(part: Ints, coarse: Ints) -> Ints:
    """A partition of vertices as one of what they were joined to within their cores."""
    fewer = np.empty(int(coarse.max()) + 1, np.int32)
    fewer[coarse] = part
    return fewer


def _means(at: Ints, coarse: Ints, vertices: int) -> Ints:
    """Where what was joined lies: in the middle of all that was."""
    sums = np.stack([np.bincount(coarse, column, vertices) for column in at.T], axis=1)
    return (sums / np.bincount(coarse, minlength=vertices)[:, None]).astype(np.float32)
