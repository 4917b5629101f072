"""A layout counted again from its image: what each core takes, and whether the image is whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from ...ir.model import Model
from .build import synapses_of
from .image import Layout
from .numbering import Numbering

Array = npt.NDArray[Any]


def counts(layout: Layout) -> dict[str, Array]:
    """Of each core: its neurons, the axons that reach it, the pairs of a neuron of its own and
    another core, and its synapses. int64 [cores] each."""
    ends = layout.synapse_start[layout.axon_start]
    return {
        "neurons": np.diff(layout.neuron_start),
        "axons_in": np.diff(layout.axon_start),
        "axons_out": _axons_out(layout),
        "synapses": np.diff(ends),
    }


def _axons_out(layout: Layout) -> Array:
    """Counted along the routes."""
    home = np.full(layout.numbering.senders, -1, np.int64)
    home[: layout.numbering.neurons] = layout.core_of_neuron()
    senders = np.repeat(np.arange(len(home)), np.diff(layout.route_start))
    there = layout.core_of_axon()[layout.route]
    leaves = (home[senders] >= 0) & (home[senders] != there)
    return np.bincount(home[senders[leaves]], minlength=layout.cores)


def faults(layout: Layout) -> Iterator[str]:
    """What no core could work with; nothing of an image that is whole."""
    numbering = layout.numbering
    if not np.array_equal(np.sort(layout.neuron), np.arange(numbering.neurons)):
        yield "not every neuron lies on one core"
    if not (_rise(layout.neuron, layout.neuron_start) and _rise(layout.sender, layout.axon_start)):
        yield "the neurons or the axons of a core are out of order"
    if len(np.unique(layout.slot)) != layout.cores or not _within(layout.slot, layout.mesh.cores):
        yield "two cores lie at one place, or one lies beyond the mesh"
    if not np.array_equal(np.sort(layout.route), np.arange(len(layout.sender))):
        yield "not every axon has one route"
    elif not np.array_equal(layout.sender[layout.route], _senders_of_routes(layout)):
        yield "a route leads to the axon of another sender"
    if not _within(layout.via, len(layout.graph.projections)):
        yield "a synapse of no projection"
        return
    yield from _faults_of_ends(layout, numbering)


def _rise(array: Array, start: Array) -> bool:
    """Whether the entries of each core rise."""
    rises = np.diff(array.astype(np.int64)) > 0
    bounds = start[(start > 0) & (start < len(array))]
    rises[bounds - 1] = True
    return bool(rises.all())


def _within(array: Array, end: int) -> bool:
    return not array.size or bool(array.min() >= 0 and array.max() < end)


def _senders_of_routes(layout: Layout) -> Array:
    return np.repeat(np.arange(layout.numbering.senders), np.diff(layout.route_start))


def _faults_of_ends(layout: Layout, numbering: Numbering) -> Iterator[str]:
    """Synapses that begin or end elsewhere than their projection."""
    projections = layout.graph.projections
    places = {p.name: k for k, p in enumerate(numbering.populations)}
    pre = np.array([places[p.pre] for p in projections], np.int64)
    post = np.array([places[p.post] for p in projections], np.int64)
    for core in range(layout.cores):
        axons, own = layout.axons_of(core), layout.neurons_of(core)
        lo, hi = layout.synapse_start[[axons.start, axons.stop]]
        if not _within(layout.post[lo:hi], len(own)):
            yield f"a synapse of core {core} ends at none of its neurons"
            continue
        via = layout.via[lo:hi]
        sender = np.repeat(
            layout.sender[axons.start : axons.stop],
            np.diff(layout.synapse_start[axons.start : axons.stop + 1]),
        )
        begins = numbering.population_of(sender)
        ends = numbering.population_of(own)[layout.post[lo:hi]]
        if not (np.array_equal(begins, pre[via]) and np.array_equal(ends, post[via])):
            yield f"a synapse of core {core} joins other populations than its projection"


def is_of(layout: Layout, model: Model) -> bool:
    """Whether the image has each synapse of the model, with its code, as often as that:
    by sums of 64-bit mixes, which do not depend on the order."""
    mine = np.zeros(len(layout.graph.projections) * 2, np.uint64)
    own = mine.copy()
    numbering = layout.numbering
    for number, some in synapses_of(model, numbering):
        _add(mine, np.full(len(some.pre), number), some.pre, some.post, some.code)
    for core in range(layout.cores):
        axons = layout.axons_of(core)
        starts = layout.synapse_start[axons.start : axons.stop + 1]
        here = slice(int(starts[0]), int(starts[-1]))
        pre = np.repeat(layout.sender[axons.start : axons.stop], np.diff(starts))
        post = layout.neurons_of(core)[layout.post[here]]
        _add(own, layout.via[here], pre, post, layout.weight[here])
    return np.array_equal(mine, own)


def _add(sums: Array, via: Array, *parts: Any) -> None:
    """Add to each projection the number of synapses, and their mixes."""
    mixed = np.zeros(len(via), np.uint64)
    for part in parts:
        mixed = _mixed(mixed ^ np.asarray(part).astype(np.int64).view(np.uint64))
    np.add.at(sums, 2 * via.astype(np.int64), 1)
    np.add.at(sums, 2 * via.astype(np.int64) + 1, mixed)


def _mixed(x: Array) -> Array:
    """The finalizer of splitmix64 (Steele, Lea and Flood 2014)."""
    x = x + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(x ^ (x >> np.uint64(31)))
