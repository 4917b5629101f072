"""Vertices leave cores that exceed a limit."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from .cuts import EVEN, has_room, shift, strain
from .random import below
from .refine import weigh

LOOKED = 16  # vertices of a core that are compared
ROUNDS = 4  # through all cores; further ones are worth it
WORTH = 0.75  # if no more than this part of the excess is left after the last,
HOPELESS = 0.25  # and none if cores exceed their limits by so many cores a core and one more


@njit
def bucket(part: Any, first: Any, members: Any) -> None:
    """Lists the vertices of each core, those of core c from `first[c]` on."""
    first[:] = 0
    for v in range(len(part)):
        first[part[v] + 1] += 1
    for core in range(len(first) - 1):
        first[core + 1] += first[core]
    at = first.copy()
    for v in range(len(part)):
        members[at[part[v]]] = v
        at[part[v]] += 1


@njit
def relieve(level: Any, cut: Any, bounds: Any, random: Any) -> None:
    """Moves vertices out of cores that exceed a limit to where that lowers the excess: of some
    random ones of the core the one that costs least, time after time, as long as it helps."""
    cores, vertices = len(cut.load), len(cut.part)
    first, members = np.zeros(cores + 1, np.int64), np.zeros(vertices, np.int32)
    worth, touched = np.zeros(cores, np.int64), np.zeros(cores, np.int32)
    before = excess(cut, bounds)
    turn = 0
    while 0.0 < before < 1.0 + HOPELESS * cores:
        bucket(cut.part, first, members)
        for home in range(cores):
            inside = members[first[home] : first[home + 1]]
            while is_over(cut, bounds, home):
                who, where = cheapest(level, cut, bounds, random, home, inside, worth, touched)
                if who < 0:
                    break
                shift(level, cut, bounds, who, where)
        turn += 1
        left = excess(cut, bounds)
        if left == before or (turn >= ROUNDS and left > WORTH * before):
            return
        before = left


@njit
def excess(cut: Any, bounds: Any) -> float:
    """By how much the cores exceed their limits, each limit being 1."""
    load, most, total = cut.load, bounds.load, 0.0
    for core in range(len(load)):
        for i in range(4):
            total += max(load[core, i] - most[core, i], 0) / max(most[core, i], 1)
        for i in range(len(bounds.used)):
            total += max(cut.used[core, i] - bounds.used[i], 0) / max(bounds.used[i], 1)
    return total


@njit
def cheapest(
    level: Any, cut: Any, bounds: Any, random: Any, home: int, inside: Any, worth: Any, touched: Any
) -> Any:
    """(vertex, core) of the move out of `home` that costs least of those that lower the excess,
    among some of the vertices `inside`; -1 if there is none."""
    best, who, to = 1 << 62, -1, -1
    for _ in range(min(len(inside), LOOKED)):
        v = inside[below(random, len(inside))]
        if cut.part[v] != home:
            continue
        stays, _ = weigh(level, cut, v, worth, touched)
        is_free = has_room(level, cut, v, -1)
        for core in range(len(worth)):
            cost = stays - worth[core]
            if core == home or cost >= best:
                continue
            if not is_free and not has_room(level, cut, v, core):
                continue
            if strain(level, cut, bounds, v, core) < -EVEN:
                best, who, to = cost, v, core
        worth[:] = 0
    return who, to


@njit
def is_over(cut: Any, bounds: Any, core: int) -> bool:
    """Whether a core exceeds a limit."""
    for i in range(4):
        if cut.load[core, i] > bounds.load[core, i]:
            return True
    for i in range(len(bounds.used)):  # noqa: SIM110 - compiled
        if cut.used[core, i] > bounds.used[i]:
            return True
    return False
