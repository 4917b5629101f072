"""What a partition takes and sends, counted axon by axon."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit
def count_axons(start: Any, reach: Any, part: Any, axons_in: Any, axons_out: Any) -> None:
    """Adds the distinct senders that reach each core, and the pairs of its neurons and other
    cores that they reach."""
    neurons = len(part)
    seen = np.full(len(axons_in), -1, np.int64)  # the last sender that reached the core
    for s in range(len(start) - 1):
        home = part[s] if s < neurons else -1
        for p in range(start[s], start[s + 1]):
            core = part[reach[p]]
            if seen[core] == s:
                continue
            seen[core] = s
            axons_in[core] += 1
            if home >= 0 and core != home:
                axons_out[home] += 1


@njit
def count_work(
    start: Any, reach: Any, synapses: Any, part: Any, rate: Any, held: Any, events: Any, local: Any
) -> None:
    """Adds the synapses of each core, the spikes a step that pass them, and the spikes of its
    neurons that reach one of the core itself. Without `synapses` each pin is one."""
    neurons = len(part)
    seen = np.full(len(held), -1, np.int64)
    for s in range(len(start) - 1):
        for p in range(start[s], start[s + 1]):
            core = part[reach[p]]
            count = synapses[p] if len(synapses) else 1
            held[core] += count
            events[core] += count * rate[s]
            if s < neurons and core == part[s] and seen[core] != s:
                seen[core] = s
                local[core] += rate[s]


@njit
def count_synapses(start: Any, reach: Any, synapses: Any, held: Any, senders: Any) -> None:
    """Adds the synapses of each neuron, and the senders that reach it."""
    for p in range(start[len(start) - 1]):
        held[reach[p]] += synapses[p] if len(synapses) else 1
        senders[reach[p]] += 1


@njit
def count_remote(start: Any, reach: Any, part: Any, cores: int, remote: Any) -> None:
    """How many cores but its own each sender reaches."""
    neurons = len(part)
    seen = np.full(cores, -1, np.int64)
    for s in range(len(start) - 1):
        if s < neurons:
            seen[part[s]] = s
        for p in range(start[s], start[s + 1]):
            core = part[reach[p]]
            if seen[core] != s:
                seen[core] = s
                remote[s] += 1


@njit
def list_remote(
    start: Any, reach: Any, part: Any, cores: int, first: Any, to: Any, key: Any
) -> None:
    """The cores but its own that each sender reaches, ascending, from `first[s]` on; and a number
    of them and of its own core (`cores`: outside), the same for the same."""
    neurons = len(part)
    seen = np.full(cores, -1, np.int64)
    for s in range(len(start) - 1):
        home, at = cores, first[s]
        if s < neurons:
            home = part[s]
            seen[home] = s
        for p in range(start[s], start[s + 1]):
            core = part[reach[p]]
            if seen[core] != s:
                seen[core] = s
                to[at] = core
                at += 1
        to[first[s] : at].sort()
        number = int(home) + 1
        for p in range(first[s], at):
            number = (number * 1000003 + int(to[p]) + 7) % 2305843009213
        key[s] = number


@njit
def merge_equal(order: Any, key: Any, home: Any, first: Any, to: Any, group: Any) -> int:
    """How many groups of equal axons between cores there are, and the one of each; in `order` of
    their keys, where equal ones lie side by side."""
    groups, leader = 0, -1
    for s in order:
        same = leader >= 0 and key[s] == key[leader] and home[s] == home[leader]
        same = same and first[s + 1] - first[s] == first[leader + 1] - first[leader]
        if same:
            apart = first[leader] - first[s]
            for p in range(first[s], first[s + 1]):
                if to[p] != to[p + apart]:
                    same = False
                    break
        if not same:
            leader = s
            groups += 1
        group[s] = groups - 1
    return groups


@njit
def gather(first: Any, to: Any, chosen: Any, start: Any, into: Any) -> None:
    """Puts the lists of those chosen one after the other, each from its `start` on."""
    for i in range(len(chosen)):
        apart = first[chosen[i]] - start[i]
        for p in range(start[i], start[i + 1]):
            into[p] = to[p + apart]
