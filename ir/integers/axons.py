"""Weights by axon type: a neuron has a few weights, and the type of the axon chooses one of them.

So it is on TrueNorth and its kin (Akopyan et al., "TrueNorth: design and tool flow of a 65 mW 1
million neuron programmable neurosynaptic chip", 2015, sec. III): a synapse is a bit, and what it
brings is w(i, type(j)) for an axon j that is joined to a neuron i, which is the same for all axons
of a type.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..wiring import AllPairs, Listed

Numbers = npt.NDArray[np.float64]
Types = npt.NDArray[np.int64]
Wired = tuple[AllPairs | Listed, Numbers]  # and its weights, as they are stored
ROUNDS = 40


class AxonTypes(NamedTuple):
    """The type of each pre neuron of a wiring, `kinds` [pre], and of each neuron at which it ends
    the weight for each type, `levels` [types, post]."""

    kinds: Types
    levels: Numbers


def by_axon_types(into: Sequence[Wired], count: int) -> list[tuple[Numbers, Types]]:
    """The weights nearest to those of all wirings into the same neurons, as they are stored, of
    which each neuron has `count` at most, by the type of the pre neuron, or 0; and those types
    [pre], of each wiring.

    Types and weights are fitted in turns, as by k-means: the squares of what changes never grow.
    A local optimum, the same for the same weights.
    """
    types = axon_types(into, count)
    kept = of_axon_types(into, types)
    return [(weights, each.kinds) for weights, each in zip(kept, types, strict=True)]


def axon_types(into: Sequence[Wired], count: int) -> list[AxonTypes]:
    """Those types, and the weights of the neurons."""
    table = np.concatenate([_table(wiring, weights) for wiring, weights in into])
    fits = [
        _fitted(table, types, count) for types in (_by_mean(table, count), _apart(table, count))
    ]
    best = min(fits, key=lambda fit: fit.changed)
    ends = np.cumsum([0, *(wiring.pre_neurons for wiring, _ in into)]).tolist()
    return [AxonTypes(best.types[first:last], best.levels) for first, last in pairwise(ends)]


def of_axon_types(into: Sequence[Wired], types: Sequence[AxonTypes]) -> list[Numbers]:
    """The weights of all wirings into the same neurons, as they are stored, brought to as many a
    neuron as there are types: joined are those that are nearer to what their type had than to 0,
    and have the mean of all that are."""
    places, joined, values = [], [], []
    for (wiring, weights), each in zip(into, types, strict=True):
        pre, post = wiring.pairs()
        own, kind = weights.ravel()[wiring.places()], each.kinds[pre]
        places.append(kind * wiring.post_neurons + post)
        joined.append(abs(own - each.levels[kind, post]) < abs(own))
        values.append(own)
    place, is_joined = np.concatenate(places), np.concatenate(joined)
    sums = np.bincount(place, np.concatenate(values) * is_joined)
    means = sums / np.maximum(np.bincount(place, is_joined), 1.0)
    found = []
    for (wiring, weights), at, kept in zip(into, places, joined, strict=True):
        made = np.zeros(weights.size)
        made[wiring.places()] = np.where(kept, means[at], 0.0)
        found.append(made.reshape(weights.shape))
    return found


def _table(wiring: AllPairs | Listed, weights: Numbers) -> Numbers:
    """The weights as a matrix [pre, post]."""
    pre, post = wiring.pairs()
    table = np.zeros((wiring.pre_neurons, wiring.post_neurons))
    table[pre, post] = weights.ravel()[wiring.places()]
    return table


class _Fit(NamedTuple):
    """Types [pre], the weight of each [count, post], and the sum of squares of what they change."""

    changed: float
    types: Types
    levels: Numbers


def _fitted(table: Numbers, types: Types, count: int) -> _Fit:
    """From these types on, in turns."""
    best = _Fit(np.inf, types, np.zeros((count, table.shape[1])))
    for _ in range(ROUNDS):
        levels = np.stack([_levels(table[types == t]) for t in range(count)])
        each = np.stack([_changed(table, level).sum(axis=1) for level in levels])
        changed = float(each[types, np.arange(len(types))].sum())
        if not changed < best.changed:
            break
        best, types = _Fit(changed, types, levels), each.argmin(axis=0)
    return best


def _by_mean(table: Numbers, count: int) -> Types:
    """As many pre neurons of each type, in the order of what they bring on average."""
    order = np.argsort(table.mean(axis=1), kind="stable")
    types = np.zeros(len(table), np.int64)
    types[order] = np.arange(len(table)) * count // max(1, len(table))
    return types


def _apart(table: Numbers, count: int) -> Types:
    """Those that are nearest to pre neurons that lie far apart: each is the one that those before
    it would change the most."""
    each = [(table**2).sum(axis=1)]
    for _ in range(count if len(table) else 0):
        far = table[np.min(each, axis=0).argmax()]
        each.append(_changed(table, far).sum(axis=1))
    return np.argmin(each[1:], axis=0) if len(table) else np.zeros(0, np.int64)


def _changed(table: Numbers, level: Numbers) -> Numbers:
    """The squares of what changes where a weight becomes its neuron's level, or 0."""
    return np.minimum(table**2, (table - level) ** 2)


def _levels(table: Numbers) -> Numbers:
    """For each column the number for which those squares sum to the least: the mean of the k
    largest or of the k least weights, for the k by which (their sum)^2 / k is the most."""
    if not len(table):
        return np.zeros(table.shape[1])
    rising = np.sort(table, axis=0)
    counts = np.arange(1.0, len(table) + 1.0)[:, None]
    columns = np.arange(table.shape[1])
    best, levels = np.zeros(table.shape[1]), np.zeros(table.shape[1])
    for sums in (np.cumsum(rising, axis=0), np.cumsum(rising[::-1], axis=0)):
        gains = sums**2 / counts
        k = gains.argmax(axis=0)
        better = gains[k, columns] > best
        best = np.where(better, gains[k, columns], best)
        levels = np.where(better, sums[k, columns] / (k + 1.0), levels)
    return levels
