"""A model of integers, its neurons assigned to cores, as a layout."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...ir.model import Model, weights_name
from ...ir.tensors import Tensor
from ...ir.wiring import Listed, Windows, Wiring, spans
from ..mapping.limits import Mesh
from .image import Layout
from .numbering import Numbering

Array = npt.NDArray[Any]
AT_ONCE = 1 << 22  # synapses


class Synapses(NamedTuple):
    """Some synapses of a projection whose code is not 0: numbers of the sender and of the neuron,
    and the code."""

    pre: Array
    post: Array
    code: Array


def synapses_of(
    model: Model, numbering: Numbering, pre: str | None = None
) -> Iterator[tuple[int, Synapses]]:
    """All synapses but those of code 0, those of one pre population alone if that is said, by the
    number of their projection, some at once."""
    for via, projection in enumerate(model.graph.projections):
        if pre is not None and projection.pre != pre:
            continue
        wiring = model.wirings[projection.name]
        weights = model.values[weights_name(projection.name)].array.ravel()
        for ends, reached, code in _written_out(wiring, weights):
            kept = np.flatnonzero(code)
            made = Synapses(
                ends[kept] + np.int32(numbering.first[projection.pre]),
                reached[kept] + np.int32(numbering.first[projection.post]),
                code[kept],
            )
            yield via, made


def _written_out(wiring: Wiring, weights: Array) -> Iterator[tuple[Array, Array, Array]]:
    """Pre, post and code of some synapses at once."""
    if isinstance(wiring, Windows):
        yield *wiring.pairs(), weights[wiring.places()]
        return
    for some in spans(wiring.synapses, AT_ONCE):
        yield *wiring.ends(some), weights[some]


def listed(model: Model) -> Model:
    """The model with all synapses written out as lists, but for those of code 0."""
    wirings, values = {}, dict(model.values)
    for projection in model.graph.projections:
        name, wiring = projection.name, model.wirings[projection.name]
        weights = model.values[weights_name(name)]
        none = np.zeros(0, np.int32), np.zeros(0, np.int32), weights.array.ravel()[:0]
        parts = [none, *_written_out(wiring, weights.array.ravel())]
        pre, post, code = (np.concatenate(part) for part in zip(*parts, strict=True))
        order = np.lexsort((post, pre))
        order = order[code[order] != 0]
        wirings[name] = Listed(wiring.pre_neurons, wiring.post_neurons, pre[order], post[order])
        values[weights_name(name)] = Tensor(code[order], weights.dtype)
    return replace(model, wirings=wirings, values=values)


def build(model: Model, chip: str, mesh: Mesh, core_of: Array, slot: Array) -> Layout:
    """The layout of a model after the passes: neuron n lies on core `core_of[n]`, core c at
    `slot[c]`."""
    numbering = Numbering.of(model.graph)
    cores = len(slot)
    neuron = np.argsort(core_of, kind="stable").astype(np.int32)
    neuron_start = _starts(core_of, cores)
    place = np.empty(numbering.neurons, np.int32)
    place[neuron] = np.arange(numbering.neurons) - np.repeat(
        neuron_start[:-1], np.diff(neuron_start)
    )
    pooled = _pooled(model, numbering, core_of, place, cores)
    axons = _axons(pooled)
    left = {n: v for n, v in model.values.items() if n not in _weights_of(model)}
    return Layout(
        chip,
        model.graph,
        left,
        mesh,
        np.asarray(slot, np.int32),
        neuron_start,
        neuron,
        axons.axon_start,
        axons.sender,
        axons.synapse_start,
        pooled.post,
        pooled.code,
        pooled.via,
        *_routes(axons.sender, numbering.senders),
    )


def _weights_of(model: Model) -> set[str]:
    return {weights_name(p.name) for p in model.graph.projections}


def _starts(keys: Array, count: int) -> Array:
    """Where each of 0 … count - 1 begins among the sorted keys."""
    return np.concatenate([[0], np.cumsum(np.bincount(keys, minlength=count))]).astype(np.int64)


class _Pooled(NamedTuple):
    """All synapses, core by core from `start` on; `post` is the place on the core."""

    start: Array
    pre: Array
    post: Array
    code: Array
    via: Array


def _pooled(
    model: Model, numbering: Numbering, core_of: Array, place: Array, cores: int
) -> _Pooled:
    """The synapses in the cores' memories, each core's by sender, projection and post."""
    counts = np.zeros(cores, np.int64)
    for _, some in synapses_of(model, numbering):
        counts += np.bincount(core_of[some.post], minlength=cores)
    start = np.concatenate([[0], np.cumsum(counts)])
    made = _empty(model, int(start[-1]), int(place.max(initial=0)), start)
    filled = start[:-1].copy()
    for via, some in synapses_of(model, numbering):
        core = core_of[some.post]
        order = np.argsort(core.astype(np.int16 if cores < 2**15 else np.int32), kind="stable")
        here = np.bincount(core, minlength=cores)
        begins = np.cumsum(here) - here
        into = np.arange(len(order)) + np.repeat(filled - begins, here)
        made.pre[into], made.post[into] = some.pre[order], place[some.post[order]]
        made.code[into], made.via[into] = some.code[order], via
        filled += here
    for lo, hi in pairwise(start):
        _sort(made, slice(lo, hi))
    return made


def _empty(model: Model, count: int, last: int, start: Array) -> _Pooled:
    """Room for so many synapses, in the smallest types that hold them."""
    codes = [model.values[n].array for n in sorted(_weights_of(model))]
    code = np.result_type(*(c.dtype for c in codes)) if codes else np.dtype(np.int8)
    return _Pooled(
        start,
        np.empty(count, np.int32),
        np.empty(count, np.min_scalar_type(last)),
        np.empty(count, code),
        np.empty(count, np.min_scalar_type(max(0, len(model.graph.projections) - 1))),
    )


def _sort(made: _Pooled, own: slice) -> None:
    """Those of a core; what was added projection by projection is sorted within each."""
    arrays = (made.pre, made.via, made.post)
    order = np.lexsort([array[own] for array in reversed(arrays)])
    for array in (*arrays, made.code):
        array[own] = array[own][order]


class _Axons(NamedTuple):
    axon_start: Array
    sender: Array
    synapse_start: Array


def _axons(pooled: _Pooled) -> _Axons:
    """One axon for each sender that has a synapse on a core."""
    begins, sender, counts = [], [], [0]
    for lo, hi in pairwise(pooled.start):
        pre = pooled.pre[lo:hi]
        first = np.flatnonzero(np.diff(pre, prepend=-1))
        begins.append(first + lo)
        sender.append(pre[first])
        counts.append(len(first))
    ends = np.concatenate([*begins, [pooled.start[-1]]]).astype(np.int64)
    return _Axons(np.cumsum(counts), np.concatenate([np.zeros(0, np.int32), *sender]), ends)


def _routes(sender: Array, senders: int) -> tuple[Array, Array]:
    """The axons of each sender, cores ascending."""
    return _starts(sender, senders), np.argsort(sender, kind="stable").astype(np.int32)
