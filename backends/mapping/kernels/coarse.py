"""A level of fewer vertices: who goes together, and the axons between those."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from .random import below

MOD = 2305843009213  # its numbers times FACTOR stay below 2^63
FACTOR = 1000003


@njit
def join_up(
    level: Any, part: Any, random: Any, order: Any, most: Any, sample: int, joined: Any, held: Any
) -> int:
    """Lets each vertex that is still alone join the one that it shares most axons with, for its
    size, and of the same core and kinds. `joined[v]` is with whom, itself at first; `held` are
    neurons and bits of those together, at most `most`. How many vertices are left."""
    score = np.zeros(len(joined))
    touched = np.empty(len(joined), np.int32)
    left = len(joined)
    for v in order:
        if joined[v] != v or held[v, 0] != level.size[v]:
            continue
        count = 0
        arriving, leaving = level.into[v + 1] - level.into[v], level.own[v + 1] - level.own[v]
        for k in range(min(arriving, sample)):
            skip = k if arriving <= sample else below(random, arriving)
            axon = level.senders[level.into[v] + skip]
            count = add_scores(level, random, axon, joined, sample, score, touched, count)
        for k in range(min(leaving, sample)):
            skip = k if leaving <= sample else below(random, leaving)
            axon = level.own[v] + skip
            if not level.loops[axon]:
                count = add_scores(level, random, axon, joined, sample, score, touched, count)
        best = choose(level, part, v, most, held, score, touched, count)
        if best >= 0:
            joined[v] = best
            held[best, 0] += held[v, 0]
            held[best, 1] += held[v, 1]
            left -= 1
    return left


@njit
def add_scores(
    level: Any,
    random: Any,
    axon: int,
    joined: Any,
    sample: int,
    score: Any,
    touched: Any,
    count: int,
) -> int:
    """Adds an axon's weight, shared among its pins, to those it reaches and to its source."""
    low, pins = level.start[axon], level.start[axon + 1] - level.start[axon]
    worth = (level.weight[axon] + 1.0) / max(pins, 1)
    looked = min(pins, sample)
    source = level.source[axon]
    for k in range(looked + 1):
        if k == looked:
            if source < 0 or level.loops[axon]:
                break
            u = joined[source]
        else:
            u = joined[level.reach[low + (k if pins <= sample else below(random, pins))]]
        if score[u] == 0.0:
            touched[count] = u
            count += 1
        score[u] += worth
    return count


@njit
def choose(
    level: Any, part: Any, v: int, most: Any, held: Any, score: Any, touched: Any, count: int
) -> int:
    """The best of those touched that v may join, -1 if there is none; scores are 0 again."""
    best, where = 0.0, -1
    for i in range(count):
        u = touched[i]
        worth = score[u] / held[u, 0]
        score[u] = 0.0
        if u == v or worth <= best or part[u] != part[v]:
            continue
        if room_for(level, v, u, most, held):
            best, where = worth, u
    return where


@njit(forceinline=True)
def room_for(level: Any, v: int, u: int, most: Any, held: Any) -> bool:
    """Whether v may join u: by what they hold together, and by their kinds."""
    fits = held[u, 0] + held[v, 0] <= most[0] and held[u, 1] + held[v, 1] <= most[1]
    for k in range(level.kind.shape[1]):
        fits = fits and level.kind[u, k] == level.kind[v, k]
    return fits


@njit
def thin_out(level: Any, most: int, random: Any, start: Any, reach: Any, loops: Any) -> None:
    """Fills `reach` with at most so many vertices of each axon, one at random out of each of as
    many equal parts, and `loops` with whether its source is among them."""
    for axon in range(len(level.source)):
        low, pins = level.start[axon], level.start[axon + 1] - level.start[axon]
        kept = start[axon + 1] - start[axon]
        for k in range(kept):
            begin, end = k * pins // kept, (k + 1) * pins // kept
            skip = begin if end - begin == 1 else begin + below(random, end - begin)
            reach[start[axon] + k] = level.reach[low + skip]
            loops[axon] |= reach[start[axon] + k] == level.source[axon]


@njit
def count_coarse(level: Any, coarse: Any, vertices: int, pins: Any, inside: Any) -> None:
    """How many vertices of the coarse level each axon reaches; none if it has no pin but one,
    which is counted at that vertex. Those that are part of -1 are left out."""
    seen = np.full(vertices, -1, np.int64)
    for axon in range(len(level.source)):
        count, last = 0, -1
        for p in range(level.start[axon], level.start[axon + 1]):
            u = coarse[level.reach[p]]
            if u >= 0 and seen[u] != axon:
                seen[u] = axon
                last = u
                count += 1
        source = coarse[level.source[axon]] if level.source[axon] >= 0 else -1
        if count == 1 and (source < 0 or source == last):
            inside[last] += level.times[axon]
            count = 0
        pins[axon] = count


@njit
def list_coarse(
    level: Any, coarse: Any, vertices: int, first: Any, to: Any, key: Any, loops: Any
) -> None:
    """The vertices of the coarse level that each axon reaches, ascending; a number that is the
    same for the same; and whether its source is among them."""
    seen = np.full(vertices, -1, np.int64)
    for axon in range(len(level.source)):
        at = first[axon]
        if first[axon + 1] == at:
            continue
        for p in range(level.start[axon], level.start[axon + 1]):
            u = coarse[level.reach[p]]
            if u >= 0 and seen[u] != axon:
                seen[u] = axon
                to[at] = u
                at += 1
        to[first[axon] : at].sort()
        number = np.int64(0)
        for p in range(first[axon], at):
            number = (number * FACTOR + int(to[p]) + 7) % MOD
        key[axon] = number
        source = coarse[level.source[axon]] if level.source[axon] >= 0 else -1
        loops[axon] = source >= 0 and seen[source] == axon


@njit
def turn_round(start: Any, reach: Any, into: Any, senders: Any) -> None:
    """Fills `into` (zeros) and `senders`: by vertex the axons that reach it."""
    for p in range(len(reach)):
        into[reach[p] + 1] += 1
    for v in range(len(into) - 1):
        into[v + 1] += into[v]
    for axon in range(len(start) - 1):
        for p in range(start[axon], start[axon + 1]):
            senders[into[reach[p]]] = axon
            into[reach[p]] += 1
    for v in range(len(into) - 1, 0, -1):
        into[v] = into[v - 1]
    into[0] = 0


@njit
def find_loops(start: Any, reach: Any, loops: Any) -> None:
    """Which neurons reach themselves."""
    for v in range(len(loops)):
        for p in range(start[v], start[v + 1]):
            if reach[p] == v:
                loops[v] = 1
                break


@njit
def spread_out(level: Any, begin: int, order: Any) -> None:
    """The vertices as a wave from one of them meets them, those it never meets last."""
    met, passed = np.zeros(len(order), np.bool_), np.zeros(len(level.source), np.bool_)
    count, at = 0, 0
    for seed in range(-1, len(order)):
        v = begin if seed < 0 else seed
        if not met[v]:
            met[v] = True
            order[count] = v
            count += 1
        while at < count:
            count = meet(level, order[at], met, passed, order, count)
            at += 1


@njit
def meet(level: Any, v: int, met: Any, passed: Any, order: Any, count: int) -> int:
    """How many are met when the wave has passed the axons of v, which go into `order`."""
    arriving, leaving = level.into[v + 1] - level.into[v], level.own[v + 1] - level.own[v]
    for i in range(arriving + leaving):
        axon = level.own[v] + i - arriving
        if i < arriving:
            axon = level.senders[level.into[v] + i]
        if passed[axon]:
            continue
        passed[axon] = True
        low, high, source = level.start[axon], level.start[axon + 1], level.source[axon]
        for p in range(low, high + (source >= 0)):
            u = level.reach[p] if p < high else source
            if not met[u]:
                met[u] = True
                order[count] = u
                count += 1
    return count
