"""Where vertices lie by whom they reach: means of means of random numbers, which are alike where
many axons are shared (algebraic distances, Ron, Safro & Brandt 2011)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from .coarse import room_for
from .random import below, drawn


@njit
def scatter(random: Any, at: Any) -> None:
    """Fills `at` [vertices, coordinates] with random numbers about 0."""
    for v in range(len(at)):
        for k in range(at.shape[1]):
            at[v, k] = drawn(random) / 1073741781.0 - 1.0


@njit
def average(level: Any, at: Any, middle: Any) -> None:
    """Puts each axon in the `middle` of its pins, then each vertex half-way to the mean of its
    axons by their weight."""
    start, reach, source, loops = level.start, level.reach, level.source, level.loops
    into, senders, own, weight = level.into, level.senders, level.own, level.weight
    total = np.zeros(at.shape[1], np.float32)
    for axon in range(len(source)):
        pins = start[axon + 1] - start[axon] + (source[axon] >= 0 and not loops[axon])
        total[:] = 0
        for p in range(start[axon], start[axon + 1]):
            add(total, at, reach[p], np.float32(1.0))
        if source[axon] >= 0 and not loops[axon]:
            add(total, at, source[axon], np.float32(1.0))
        for k in range(len(total)):
            middle[axon, k] = total[k] / max(pins, 1)
    for v in range(len(at)):
        whole = np.float32(0.0)
        total[:] = 0
        for i in range(into[v], into[v + 1]):
            whole += np.float32(weight[senders[i]])
            add(total, middle, senders[i], np.float32(weight[senders[i]]))
        for axon in range(own[v], own[v + 1]):
            if not loops[axon]:
                whole += np.float32(weight[axon])
                add(total, middle, axon, np.float32(weight[axon]))
        for k in range(len(total) if whole > 0 else 0):
            at[v, k] = np.float32(0.5) * (at[v, k] + total[k] / whole)


@njit(forceinline=True)
def add(total: Any, rows: Any, row: int, times: Any) -> None:
    """Adds a row, so many times."""
    for k in range(len(total)):
        total[k] += times * rows[row, k]


@njit
def join_near(
    level: Any,
    part: Any,
    at: Any,
    random: Any,
    order: Any,
    most: Any,
    sample: int,
    joined: Any,
    held: Any,
) -> None:
    """As `join_up`, but each vertex joins the nearest of those that it meets in some of its
    axons."""
    for v in order:
        if joined[v] != v or held[v, 0] != level.size[v]:
            continue
        best, where = np.inf, -1
        arriving = level.into[v + 1] - level.into[v]
        axons = arriving + level.own[v + 1] - level.own[v]
        for i in range(min(axons, sample)):
            k = i if axons <= sample else below(random, axons)
            axon = level.own[v] + k - arriving
            if k < arriving:
                axon = level.senders[level.into[v] + k]
            low, pins = level.start[axon], level.start[axon + 1] - level.start[axon]
            for j in range(min(pins, sample)):
                p = low + (j if pins <= sample else below(random, pins))
                u = joined[level.reach[p]]
                if u == v or part[u] != part[v] or not room_for(level, v, u, most, held):
                    continue
                apart = 0.0
                for c in range(at.shape[1]):
                    apart += (at[u, c] - at[v, c]) ** 2
                if apart < best:
                    best, where = apart, u
        if where >= 0:
            joined[v] = where
            held[where, 0] += held[v, 0]
            held[where, 1] += held[v, 1]
