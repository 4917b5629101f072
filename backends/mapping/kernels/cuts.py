"""A partition under change: what a move saves, what limits say of it, and the move itself.

Arrays are taken out of their records once a function: in loops that costs counts of references.
`pins` below are the four arrays (base, core, count, degree) of `records.Cut`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

EVEN = 1e-12  # what sums of equal excesses differ by


@njit(forceinline=True)
def place_of(base: Any, where: Any, degree: Any, cores: int, axon: int, core: int) -> int:
    """Where the pins of an axon in a core are counted; -1 if nowhere."""
    low = base[axon]
    if base[axon + 1] - low == cores:
        return low + core
    for at in range(low, low + degree[axon]):
        if where[at] == core:
            return at
    return -1


@njit(forceinline=True)
def pins_in(
    base: Any, where: Any, count: Any, degree: Any, cores: int, axon: int, core: int
) -> int:
    """How many pins of an axon lie in a core."""
    at = place_of(base, where, degree, cores, axon, core)
    return count[at] if at >= 0 else 0


@njit(forceinline=True)
def add_pin(
    base: Any, where: Any, count: Any, degree: Any, cores: int, axon: int, core: int
) -> int:
    """How many pins the axon had there before there was one more."""
    at = place_of(base, where, degree, cores, axon, core)
    if at < 0:
        at = base[axon] + degree[axon]
        where[at] = core
        count[at] = 0
    count[at] += 1
    degree[axon] += count[at] == 1
    return count[at] - 1


@njit(forceinline=True)
def drop_pin(
    base: Any, where: Any, count: Any, degree: Any, cores: int, axon: int, core: int
) -> int:
    """How many it had before there was one less."""
    at, low = place_of(base, where, degree, cores, axon, core), base[axon]
    pins = count[at]
    count[at] = pins - 1
    if pins == 1:
        degree[axon] -= 1
        if base[axon + 1] - low < cores:
            last = low + degree[axon]
            where[at] = where[last]
            count[at] = count[last]
    return pins


@njit
def saved(level: Any, cut: Any, v: int, core: int) -> int:
    """What moving a vertex to another core saves of the packets' weight."""
    base, where, count, degree, cores = cut.base, cut.core, cut.pins, cut.degree, len(cut.load)
    senders, weight, own, loops = level.senders, level.weight, level.own, level.loops
    home, total, arriving = cut.part[v], 0, level.into[v + 1] - level.into[v]
    first = level.into[v]
    for i in range(arriving + own[v + 1] - own[v]):
        axon = senders[first + i] if i < arriving else own[v] + i - arriving
        if i >= arriving and loops[axon]:
            continue
        if pins_in(base, where, count, degree, cores, axon, home) == 1:
            total += weight[axon]
        if pins_in(base, where, count, degree, cores, axon, core) == 0:
            total -= weight[axon]
    return total


@njit(forceinline=True)
def rise(most: int, used: int, change: int) -> float:
    """By how much the square of the excess over a limit rises; the limit is 1."""
    after, before = max(used + change - most, 0), max(used - most, 0)
    if after == before:
        return 0.0
    return (float(after) * after - float(before) * before) / (float(most) * most + 1.0)


@njit
def strain(level: Any, cut: Any, bounds: Any, v: int, core: int) -> float:
    """By how much moving a vertex to another core raises the excess over all limits: the sum of
    its squares, so that it is lower where it is shared."""
    home, load, most = cut.part[v], cut.load, bounds.load
    size = level.size[v]
    total = rise(most[home, 0], load[home, 0], -size) + rise(most[core, 0], load[core, 0], size)
    for i in range(len(bounds.used)):
        kind = level.kind[v, i]
        if cut.classes[home, kind] == level.size[v]:
            total += rise(bounds.used[i], cut.used[home, i], -1)
        if cut.classes[core, kind] == 0:
            total += rise(bounds.used[i], cut.used[core, i], 1)
    if bounds.counts_in:
        total += strain_in(level, cut, bounds, v, core)
    if bounds.counts_out:
        total += strain_out(level, cut, most[0, 2], v, core)
    return total


@njit
def strain_in(level: Any, cut: Any, bounds: Any, v: int, core: int) -> float:
    """The same of axons in and of bits."""
    base, where, count, degree, cores = cut.base, cut.core, cut.pins, cut.degree, len(cut.load)
    senders, source, loops, times = level.senders, level.source, level.loops, level.times
    part, load, most = cut.part, cut.load, bounds.load
    home, gone, come = part[v], level.inside[v], level.inside[v]
    for i in range(level.into[v], level.into[v + 1]):
        axon = senders[i]
        lies = part[source[axon]] if source[axon] >= 0 and not loops[axon] else -1
        here = pins_in(base, where, count, degree, cores, axon, home)
        there = pins_in(base, where, count, degree, cores, axon, core)
        gone += times[axon] if here - (lies == home) == 1 else 0
        come += times[axon] if there - (lies == core) == 0 else 0
    total = rise(most[home, 1], load[home, 1], -gone) + rise(most[core, 1], load[core, 1], come)
    gone = level.bits[v] + gone * bounds.axon_bits
    come = level.bits[v] + come * bounds.axon_bits
    total += rise(most[home, 3], load[home, 3], -gone) + rise(most[core, 3], load[core, 3], come)
    return total


@njit
def strain_out(level: Any, cut: Any, most: int, v: int, core: int) -> float:
    """The same of axons out, which may change in any core that has a sender of the vertex."""
    base, where, count, degree, cores = cut.base, cut.core, cut.pins, cut.degree, len(cut.load)
    senders, source, times, part = level.senders, level.source, level.times, cut.part
    load, pull, home = cut.load, cut.pull, cut.part[v]
    for i in range(level.into[v], level.into[v + 1]):
        axon = senders[i]
        if source[axon] >= 0 and source[axon] != v:
            more = int(pins_in(base, where, count, degree, cores, axon, core) == 0)
            more -= pins_in(base, where, count, degree, cores, axon, home) == 1
            pull[part[source[axon]]] += times[axon] * more
    for axon in range(level.own[v], level.own[v + 1]):
        more = int(pins_in(base, where, count, degree, cores, axon, core) == 0)
        more -= pins_in(base, where, count, degree, cores, axon, home) == 1
        pull[home] -= times[axon] * (degree[axon] - 1)
        pull[core] += times[axon] * (degree[axon] - 1 + more)
    total = rise(most, load[home, 2], pull[home]) + rise(most, load[core, 2], pull[core])
    pull[home] = 0
    pull[core] = 0
    for i in range(level.into[v], level.into[v + 1]):
        if source[senders[i]] >= 0:
            other = part[source[senders[i]]]
            total += rise(most, load[other, 2], pull[other])
            pull[other] = 0
    return total


@njit
def has_room(level: Any, cut: Any, v: int, core: int) -> bool:
    """Whether the lists of cores of the vertex's axons have a place for this one more; -1: for any
    core."""
    base, where, count, degree, cores = cut.base, cut.core, cut.pins, cut.degree, len(cut.load)
    senders, own, first = level.senders, level.own, level.into[v]
    if len(where) == 0:
        return True
    arriving = level.into[v + 1] - first
    for i in range(arriving + own[v + 1] - own[v]):
        axon = senders[first + i] if i < arriving else own[v] + i - arriving
        full = base[axon] + degree[axon] == base[axon + 1]
        if full and pins_in(base, where, count, degree, cores, axon, core) == 0:
            return False
    return True


@njit
def shift(level: Any, cut: Any, bounds: Any, v: int, core: int) -> None:
    """Moves a vertex to another core."""
    base, where, count, degree, cores = cut.base, cut.core, cut.pins, cut.degree, len(cut.load)
    senders, source, loops, times = level.senders, level.source, level.loops, level.times
    part, load, own, size = cut.part, cut.load, level.own, level.size[v]
    home, gone, come = part[v], level.inside[v], level.inside[v]
    for axon in range(own[v], own[v + 1]):
        load[home, 2] -= times[axon] * (degree[axon] - 1)
    for i in range(level.into[v], level.into[v + 1]):
        axon = senders[i]
        here = drop_pin(base, where, count, degree, cores, axon, home)
        there = add_pin(base, where, count, degree, cores, axon, core)
        lies = part[source[axon]] if source[axon] >= 0 else -1
        if lies >= 0 and source[axon] != v:
            load[lies, 2] += times[axon] * (int(there == 0) - (here == 1))
        lies = -1 if loops[axon] else lies
        gone += times[axon] if here - (lies == home) == 1 else 0
        come += times[axon] if there - (lies == core) == 0 else 0
    for axon in range(own[v], own[v + 1]):
        if not loops[axon]:
            drop_pin(base, where, count, degree, cores, axon, home)
            add_pin(base, where, count, degree, cores, axon, core)
        load[core, 2] += times[axon] * (degree[axon] - 1)
    load[home, 0] -= size
    load[core, 0] += size
    load[home, 1] -= gone
    load[core, 1] += come
    load[home, 3] -= level.bits[v] + gone * bounds.axon_bits
    load[core, 3] += level.bits[v] + come * bounds.axon_bits
    for i in range(level.kind.shape[1]):
        kind = level.kind[v, i]
        cut.classes[home, kind] -= size
        cut.used[home, i] -= cut.classes[home, kind] == 0
        cut.used[core, i] += cut.classes[core, kind] == 0
        cut.classes[core, kind] += size
    part[v] = core


@njit
def count_degrees(level: Any, part: Any, cores: int, degree: Any) -> None:
    """How many cores the pins of each axon lie in."""
    start, reach, source = level.start, level.reach, level.source
    seen = np.full(cores, -1, np.int64)
    for axon in range(len(source)):
        if source[axon] >= 0:
            seen[part[source[axon]]] = axon
            degree[axon] = 1
        for p in range(start[axon], start[axon + 1]):
            core = part[reach[p]]
            if seen[core] != axon:
                seen[core] = axon
                degree[axon] += 1


@njit
def count_pins(level: Any, cut: Any, bounds: Any) -> None:
    """Fills the counts of a cut from its `part`; all are 0 before."""
    base, where, count, degree, cores = cut.base, cut.core, cut.pins, cut.degree, len(cut.load)
    start, reach, source, times = level.start, level.reach, level.source, level.times
    load, part, seen = cut.load, cut.part, np.full(len(cut.load), -1, np.int64)
    for axon in range(len(source)):
        for p in range(start[axon], start[axon + 1]):
            core = part[reach[p]]
            add_pin(base, where, count, degree, cores, axon, core)
            if seen[core] != axon:
                seen[core] = axon
                load[core, 1] += times[axon]
        if source[axon] >= 0:
            core = part[source[axon]]
            if not level.loops[axon]:
                add_pin(base, where, count, degree, cores, axon, core)
            load[core, 2] += times[axon] * (degree[axon] - 1)
    for v in range(len(part)):
        core, size = part[v], level.size[v]
        load[core, 0] += size
        load[core, 1] += level.inside[v]
        load[core, 3] += level.bits[v]
        for i in range(level.kind.shape[1]):
            kind = level.kind[v, i]
            cut.used[core, i] += cut.classes[core, kind] == 0
            cut.classes[core, kind] += size
    for core in range(cores):
        load[core, 3] += load[core, 1] * bounds.axon_bits
