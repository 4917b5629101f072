"""Annealing and descent of a partition: each vertex to the core that is best for it."""

from __future__ import annotations

from math import log
from typing import Any

import numpy as np
from numba import njit

from .cuts import EVEN, has_room, rise, shift, strain
from .random import drawn, shuffle

RESTS = 8.0  # temperatures that a vertex's best move loses if the vertex rests,
REST = 4  # for so many sweeps


@njit
def anneal(
    level: Any,
    cut: Any,
    bounds: Any,
    random: Any,
    order: Any,
    shuffles: bool,
    heats: Any,
    presses: Any,
) -> int:
    """Weight of packets saved by sweeps of these temperatures, in which the excess over limits
    weighs so much: each vertex tries the core that is best for it, in this order, or in another
    for every sweep. One whose best move loses many times the temperature, and relieves no core,
    is passed over for some sweeps."""
    cores, total = len(cut.load), 0
    senders, degree, into, own = level.senders, cut.degree, level.into, level.own
    worth, touched = np.zeros(cores, np.int64), np.zeros(cores, np.int32)
    wakes = np.zeros(len(cut.part), np.int16)
    for sweep in range(len(heats)):
        if shuffles:
            shuffle(random, order)
        press, heat = presses[sweep], heats[sweep]
        for v in order:
            if wakes[v] > sweep:
                continue
            if not is_cut(senders, degree, into[v], into[v + 1], own[v], own[v + 1]):
                continue
            core, gain = best_core(level, cut, bounds, v, press, worth, touched)
            if core < 0:
                continue
            strained = strain(level, cut, bounds, v, core)
            value = gain - press * strained
            if value >= heat * log(drawn(random) / 2147483563.0):
                shift(level, cut, bounds, v, core)
                total += gain
            elif value < -RESTS * heat and strained >= 0.0:
                wakes[v] = sweep + 1 + REST
    return total


@njit
def descend(level: Any, cut: Any, bounds: Any, order: Any, press: float, passes: int) -> int:
    """Weight saved by moving each vertex to the best core that its axons reach, until none
    saves. No excess over limits rises."""
    cores, total = len(cut.load), 0
    senders, degree, into, own = level.senders, cut.degree, level.into, level.own
    worth, touched = np.zeros(cores, np.int64), np.zeros(cores, np.int32)
    for _ in range(passes):
        found = 0
        for v in order:
            if not is_cut(senders, degree, into[v], into[v + 1], own[v], own[v + 1]):
                continue
            core, gain = best_core(level, cut, bounds, v, press, worth, touched)
            if core >= 0 and gain > 0 and strain(level, cut, bounds, v, core) <= EVEN:
                shift(level, cut, bounds, v, core)
                found += gain
        total += found
        if found == 0:
            break
    return total


@njit(forceinline=True)
def is_cut(senders: Any, degree: Any, low: int, high: int, first: int, last: int) -> bool:
    """Whether one of these axons has pins in several cores."""
    for i in range(low, high):
        if degree[senders[i]] > 1:
            return True
    for axon in range(first, last):  # noqa: SIM110 - compiled
        if degree[axon] > 1:
            return True
    return False


@njit
def best_core(
    level: Any, cut: Any, bounds: Any, v: int, press: float, worth: Any, touched: Any
) -> Any:
    """(the core that it is best to move a vertex to, what that saves); -1 if its axons reach no
    other, or if there is no place to count it at the best. `worth` is of zeros before and after."""
    stays, touches = weigh(level, cut, v, worth, touched)
    load, most, home, size = cut.load, bounds.load, cut.part[v], level.size[v]
    best, best_at, saves, is_dense = -1e300, -1, 0, len(cut.core) == 0
    for i in range(touches):
        core = i if is_dense else touched[i]
        found, worth[core] = worth[core], 0
        value = found - press * rise(most[core, 0], load[core, 0], size)
        if value > best and core != home:
            best, best_at, saves = value, core, found
    if best_at >= 0 and not is_dense and not has_room(level, cut, v, best_at):
        best_at = -1
    return best_at, saves - stays


@njit
def weigh(level: Any, cut: Any, v: int, worth: Any, touched: Any) -> Any:
    """(weight of the vertex's axons that would still reach its core without it, how many cores
    have got a `worth`: the weight of its axons that reach them anyway). These are `touched`, or all
    if there is a place for each."""
    base, where, count, degree, cores = cut.base, cut.core, cut.pins, cut.degree, len(worth)
    senders, weight, own, loops = level.senders, level.weight, level.own, level.loops
    home, first, stays, touches = cut.part[v], level.into[v], 0, 0
    arriving = level.into[v + 1] - first
    axons, is_dense = arriving + own[v + 1] - own[v], len(where) == 0
    for i in range(axons):
        axon = senders[first + i] if i < arriving else own[v] + i - arriving
        if weight[axon] == 0 or (i >= arriving and loops[axon]):
            continue
        if is_dense:
            credit_all(count[base[axon] : base[axon] + cores], weight[axon], worth)
            stays += weight[axon] if count[base[axon] + home] > 1 else 0
        else:
            low, high = base[axon], base[axon] + degree[axon]
            if base[axon + 1] - low == cores:
                touches = credit(count[low : low + cores], weight[axon], worth, touched, touches)
                stays += weight[axon] if count[low + home] > 1 else 0
                continue
            for at in range(low, high):
                core = where[at]
                if worth[core] == 0:
                    touched[touches] = core
                    touches += 1
                worth[core] += weight[axon]
                stays += weight[axon] if core == home and count[at] > 1 else 0
    return stays, cores if is_dense else touches


@njit(forceinline=True)
def credit_all(row: Any, weight: int, worth: Any) -> None:
    """Adds an axon's weight to every core where it has pins."""
    for core in range(len(worth)):
        worth[core] += weight if row[core] else 0


@njit(forceinline=True)
def credit(row: Any, weight: int, worth: Any, touched: Any, touches: int) -> int:
    """The same, and lists those that had no worth before; how many are listed then."""
    for core in range(len(worth)):
        if row[core] == 0:
            continue
        if worth[core] == 0:
            touched[touches] = core
            touches += 1
        worth[core] += weight
    return touches
