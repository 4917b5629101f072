"""The axons of a core: of each who drives it, how late, its type, and whom it joins.

A neuron has TYPES weights, one for each type of an axon, and a synapse is a bit: a sender whose
synapses on a core have weights of several types, or several delays, drives several axons there.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
TYPES = 4


class Synapses(NamedTuple):
    """Synapses of a core or of all: who sends, how many steps they take, the neuron, the code."""

    sender: Array
    delay: Array
    post: Array
    code: Array

    def of(self, which: Array) -> Synapses:
        """Some of them."""
        return Synapses(*(array[which] for array in self))


class Axons(NamedTuple):
    """Of each axon of a core `sender`, `delay` and `kind`, its type; of each synapse its `axon`;
    of each neuron its weights, `table` [neurons, TYPES]."""

    sender: Array
    delay: Array
    kind: Array
    axon: Array
    table: Array


def most_values(synapses: Synapses, neurons: int) -> Array:
    """How many values the weights into each neuron have."""
    pairs = np.unique(np.stack((synapses.post, synapses.code)).astype(np.int64), axis=1)
    return np.bincount(pairs[0], minlength=neurons)


def typed(synapses: Synapses, neurons: int) -> Axons:
    """Axons for the synapses of a core, of whose neurons none has weights of more than TYPES
    values.

    What one sender brings with one delay is given a type under which each of its synapses finds its
    weight, the one under which the most are there already; where there is none, it is split. Large
    groups come first. A neuron keeps room for those of its values that are to come.
    """
    column = columns(synapses)
    order = np.argsort(column, kind="stable")
    sizes = np.bincount(column) if len(column) else np.zeros(0, np.int64)
    starts = np.cumsum(sizes) - sizes
    tables = _Tables(neurons, most_values(synapses, neurons))
    axon = np.zeros(len(column), np.int64)
    made: list[tuple[int, int, int]] = []
    for k in np.argsort(-sizes, kind="stable"):
        left = order[starts[k] : starts[k] + sizes[k]]
        while len(left):
            kind, holds = tables.best(synapses.post[left], synapses.code[left])
            taken = left[holds]
            tables.take(kind, synapses.post[taken], synapses.code[taken])
            axon[taken] = len(made)
            made.append((int(synapses.sender[left[0]]), int(synapses.delay[left[0]]), kind))
            left = left[~holds]
    table = np.array(made, np.int64).reshape(-1, 3)
    return _sorted(Axons(table[:, 0], table[:, 1], table[:, 2], axon, tables.weight))


def columns(synapses: Synapses) -> Array:
    """The group of each synapse: of one sender, one delay, and a neuron only once. Each takes an
    axon, or several."""
    keys = np.stack((synapses.sender, synapses.delay, synapses.post)).astype(np.int64)
    order = np.lexsort(keys[::-1])
    ends = keys[:, order]
    is_new = np.ones(len(order), bool)
    is_new[1:] = (np.diff(ends, axis=1) != 0).any(axis=0)
    first = np.flatnonzero(is_new)
    again = np.empty(len(order), np.int64)
    again[order] = np.arange(len(order)) - np.repeat(first, np.diff([*first, len(order)]))
    _, column = np.unique(np.stack((*keys[:2], again)), axis=1, return_inverse=True)
    return np.asarray(column).ravel()


def _sorted(axons: Axons) -> Axons:
    """Axons by sender, then delay, then type."""
    order = np.lexsort((axons.kind, axons.delay, axons.sender))
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    sender, delay, kind = (array[order] for array in axons[:3])
    return Axons(sender, delay, kind, place[axons.axon], axons.table)


class _Tables:
    """The weights of all neurons by type, as far as they are known, and how many of the values of
    each have none yet."""

    def __init__(self, neurons: int, values: Array) -> None:
        self.weight = np.zeros((neurons, TYPES), np.int64)
        self.known = np.zeros((neurons, TYPES), bool)
        self.missing = values.copy()

    def best(self, post: Array, code: Array) -> tuple[int, Array]:
        """The type under which the most of these synapses find their weight, or room for it, and
        which of them do."""
        known, here = self.known[post], self.weight[post] == code[:, None]
        there = known & here
        room = TYPES - known.sum(axis=1)
        may_take = np.where(there.any(axis=1), room > self.missing[post], room > 0)
        holds = there | (~known & may_take[:, None])
        kind = max(range(TYPES), key=lambda t: (holds[:, t].sum(), there[:, t].sum(), -t))
        return kind, holds[:, kind]

    def take(self, kind: int, post: Array, code: Array) -> None:
        """Note these weights under a type."""
        is_there = self.known[post] & (self.weight[post] == code[:, None])
        self.missing[post] -= ~is_there.any(axis=1)
        self.weight[post, kind], self.known[post, kind] = code, True
