"""The first partition: halves of halves."""

from __future__ import annotations

import numpy as np

from .axons import Ints
from .levels import NO_LIMIT, coarser, cut_of, packets_weight, pressure, weight_a_vertex
from .load import Kernels
from .records import Bounds, Cut, Level

STARTS = 2  # waves that each half is sought from
COOL = 0.2  # of the temperature, where it ends


def halved(
    level: Level, cores: int, heat: float, sweeps: int, random: Ints, kernels: Kernels
) -> Ints:
    """The core of each vertex: split in two and again, each time where it costs least. How much
    a half may hold beyond its share is one vertex."""
    part = np.zeros(len(level.size), np.int32)
    _split(level, np.arange(len(part)), 0, cores, part, (heat, sweeps, random, kernels))
    return part


def _split(
    level: Level,
    members: Ints,
    first: int,
    cores: int,
    part: Ints,
    how: tuple[float, int, Ints, Kernels],
) -> None:
    """Deals `members`, which are the vertices of `level`, to `cores` cores from `first` on."""
    part[members] = first
    if cores == 1 or len(members) < 2:
        return
    left = cores // 2
    side = _halves(level, left / cores, *how).part
    for which, begin, count in ((0, first, left), (1, first + left, cores - left)):
        inside = side == which
        coarse = np.where(inside, np.cumsum(inside) - 1, -1).astype(np.int32)
        within = coarser(level, coarse, int(inside.sum()), how[-1])
        _split(within, members[inside], begin, count, part, how)


def _halves(
    level: Level, share: float, heat: float, sweeps: int, random: Ints, kernels: Kernels
) -> Cut:
    """The better of some cuts in two, the first side with that share of the neurons."""
    total = int(level.size.sum())
    load = np.full((2, 4), NO_LIMIT, np.int64)
    load[:, 0] = -(-total * share // 1), -(-total * (1 - share) // 1)
    bounds = Bounds(load, np.full(level.kind.shape[1], NO_LIMIT, np.int64), 0, False, False)
    scale = weight_a_vertex(level)
    heats = np.geomspace(heat, COOL * heat, sweeps) * scale
    presses = np.full(sweeps, pressure(level, bounds, scale))
    best: Cut | None = None
    for _ in range(STARTS):
        cut = cut_of(level, _wave(level, share, random, kernels), 2, bounds, kernels)
        order = np.arange(len(level.size))
        kernels.anneal(level, cut, bounds, random, order, True, heats, presses)
        if best is None or packets_weight(level, cut) < packets_weight(level, best):
            best = cut
    assert best is not None
    return best


def _wave(level: Level, share: float, random: Ints, kernels: Kernels) -> Ints:
    """A side for each vertex: first come those that are near to one at the edge."""
    vertices = len(level.size)
    order = np.empty(vertices, np.int64)
    kernels.spread_out(level, int(kernels.below(random, vertices)), order)
    kernels.spread_out(level, int(order[-1]), order)
    before = np.cumsum(level.size[order]) - level.size[order]
    side = np.empty(vertices, np.int32)
    side[order] = before >= share * level.size.sum()
    return side
