"""Neurons off the slowest cores, as long as the square of a step's energy times its time falls.

`pace` is a `records.Pace`. The level is the finest, so that axon v is that of neuron v, and the cut
has a place for every core of an axon.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from .cuts import EVEN, shift, strain
from .random import below


@njit
def measure(start: Any, reach: Any, part: Any, pace: Any, counts: Any) -> None:
    """Fills the times of cores [cores, moments] when neuron n is in core `part[n]`; `counts` are
    the synapses of each pin, in the order of `reach`, or none."""
    neurons, sends, receives, fired = len(part), pace.sends, pace.receives, pace.fired
    seen = np.full(len(sends), -1, np.int64)
    for axon in range(len(start) - 1):
        reached = 0
        for p in range(start[axon], start[axon + 1]):
            core = part[reach[p]]
            arrives = pace.arrives if seen[core] != axon else 0.0
            reached += seen[core] != axon
            seen[core] = axon
            each = pace.synapse * (counts[p] if len(counts) else 1) + arrives
            add_spikes(receives[core], fired[axon], each)
        if axon < neurons:
            add_spikes(sends[part[axon]], fired[axon], pace.spike + pace.leaves * reached)
            sends[part[axon]] += np.float32(pace.neuron)


@njit
def retime(level: Any, cut: Any, pace: Any, v: int, core: int) -> float:
    """Brings the times of cores to where neuron v has moved to another core, before it is moved;
    packets more a step, those for its sender's own core among them."""
    base, pins, part, rate = cut.base, cut.pins, cut.part, pace.rate
    senders, loops, counts, fired = level.senders, level.loops, pace.counts, pace.fired
    receives, sends, neurons = pace.receives, pace.sends, len(part)
    home, more, change = part[v], 0.0, 0
    own = cut.degree[v] - (not loops[v] and pins[base[v] + home] == 1)
    here, there, moments = receives[home], receives[core], fired.shape[1]
    synapse, arrives = np.float32(pace.synapse), np.float32(pace.arrives)
    for i in range(level.into[v], level.into[v + 1]):
        axon = senders[i]
        lies = part[axon] if axon < neurons and not loops[axon] else -1
        gone = int(pins[base[axon] + home] - (lies == home) == 1)
        come = int(pins[base[axon] + core] - (lies == core) == 0)
        events = synapse * np.float32(counts[i] if len(counts) else 1)
        less, extra = events + arrives * np.float32(gone), events + arrives * np.float32(come)
        for k in range(moments):
            spikes = fired[axon, k]
            here[k] -= less * spikes
            there[k] += extra * spikes
        more += (come - gone) * rate[axon]
        if axon == v:
            change = come - gone
        elif axon < neurons and come != gone:
            add_spikes(sends[part[axon]], fired[axon], pace.leaves * (come - gone))
    lose, win = sends[home], sends[core]
    add_spikes(lose, fired[v], -pace.spike - pace.leaves * own)
    add_spikes(win, fired[v], pace.spike + pace.leaves * (own + change))
    for k in range(len(lose)):
        lose[k] -= pace.neuron
        win[k] += pace.neuron
    return more


@njit
def add_spikes(times: Any, fired: Any, amount: float) -> None:
    """Adds an amount for each spike, moment by moment."""
    each = np.float32(amount)
    for k in range(len(times)):
        times[k] += each * fired[k]


@njit
def worth(pace: Any, messages: float, longest: Any) -> float:
    """The square of a step's energy, with so many packets, times its time: how long the core takes
    whose work takes longest, on average, and the barrier. `longest` is for each moment."""
    longest[:] = 0.0
    for core in range(len(pace.sends)):
        sends, receives = pace.sends[core], pace.receives[core]
        for k in range(len(longest)):
            longest[k] = max(longest[k], sends[k], receives[k])
    energy = pace.energy + pace.message * messages
    return energy * energy * (longest.mean() + pace.barrier)


@njit
def critical(pace: Any, moment: int) -> int:
    """The core whose work takes longest at a moment."""
    which, longest = 0, -1.0
    for core in range(len(pace.sends)):
        time = max(pace.sends[core, moment], pace.receives[core, moment])
        if time > longest:
            which, longest = core, time
    return which


@njit
def met(level: Any, cut: Any, random: Any, v: int) -> int:
    """A core in which an axon that reaches the neuron has pins, or its own; or any."""
    way = below(random, 4)
    low, high = level.into[v], level.into[v + 1]
    axon = level.senders[low + below(random, high - low)] if way < 2 and high > low else v
    low, high = level.start[axon], level.start[axon + 1]
    if way < 3 and high > low:
        return cut.part[level.reach[low + below(random, high - low)]]
    return below(random, len(cut.load))


@njit
def moves(level: Any, cut: Any, bounds: Any, pace: Any, some: Any, core: int) -> Any:
    """(excess over limits more, packets more) by moving neurons, which are moved."""
    strained, more = 0.0, 0.0
    for v in some:
        strained += strain(level, cut, bounds, v, core)
        more += retime(level, cut, pace, v, core)
        shift(level, cut, bounds, v, core)
    return strained, more


@njit
def enlist(lists: Any, some: Any, home: int, core: int) -> None:
    """Neurons of one core, which are moved, stand in the list of another."""
    first, members, at, load = lists.first, lists.members, lists.at, lists.held
    left, held = load[home], load[core]
    for v in some:
        left -= 1
        last = members[first[home] + left]
        members[at[v]] = last
        at[last] = at[v]
        at[v] = first[core] + held
        members[at[v]] = v
        held += 1
    load[home], load[core] = left, held


@njit
def weight_of(level: Any, some: Any) -> int:
    """Pins that are looked at when these neurons move."""
    total, into, start = 0, level.into, level.start
    for v in some:
        total += 1 + into[v + 1] - into[v] + start[v + 1] - start[v]
    return total


@njit
def ease(level: Any, cut: Any, bounds: Any, pace: Any, random: Any, lists: Any, work: int) -> float:
    """What `worth` says after random groups of neurons, every other of the slowest core of a random
    moment, have gone to another core, in exchange for one of its own where it is full, if that
    lowers it and raises no excess; so many pins are looked at."""
    load, most, messages = lists.held, bounds.load, pace.messages[0]
    first, members = lists.first, lists.members
    group, begins, grouped = lists.group, lists.begins, lists.grouped
    moments = pace.fired.shape[1]
    longest, nobody = np.zeros(moments, np.float32), grouped[:0]
    now = worth(pace, messages, longest)
    while work > 0:
        home = below(random, len(load))
        if below(random, 2) == 0:
            home = critical(pace, below(random, moments))
        work -= 8
        if load[home] == 0:
            continue
        v = members[first[home] + below(random, load[home])]
        core = met(level, cut, random, v)
        if core == home:
            continue
        some, others = grouped[begins[group[v]] : begins[group[v] + 1]], nobody
        if load[core] + len(some) > most[core, 0]:
            u = members[first[core] + below(random, load[core])]
            others = grouped[begins[group[u]] : begins[group[u] + 1]]
            room = most[core, 0] - load[core] - len(some) + len(others)
            if room < 0 or load[home] - len(some) + len(others) > most[home, 0]:
                continue
        work -= 2 * (weight_of(level, some) + weight_of(level, others))
        strained, more = moves(level, cut, bounds, pace, some, core)
        again, further = moves(level, cut, bounds, pace, others, home)
        then = worth(pace, messages + more + further, longest)
        if strained + again > EVEN or then >= now * (1.0 - 1e-9):
            moves(level, cut, bounds, pace, others, core)
            moves(level, cut, bounds, pace, some, home)
            continue
        now, messages = then, messages + more + further
        enlist(lists, some, home, core)
        enlist(lists, others, core, home)
    pace.messages[0] = messages
    return now
