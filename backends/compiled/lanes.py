"""Synapses of different delays, as engines of one delay a projection take them: in lanes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ...ir.graph import Population, Projection
from ...ir.model import Model, weights_name
from ...ir.rules import sends_numbers
from ...ir.tensors import Tensor
from ...ir.wiring import Listed, Wiring

Array = npt.NDArray[Any]


def brings_late(projection: Projection, pre: Population, sums: str) -> bool:
    """Whether an engine that keeps what is still to arrive can take the projection as it is, delays
    of single synapses and all: it sends plain spikes, which are summed."""
    if projection.delays is None or projection.synapse is not None or sums != "exact":
        return False
    is_spiking = pre.model is None or pre.model.emit is None
    return pre.source is None and is_spiking and not sends_numbers(pre)


Kept = Callable[[Projection, Population, str], bool]  # by its pre population and what sums are


def in_lanes(model: Model, kept: Kept = lambda *_: False) -> Model:
    """The model with projections of one delay each: of one whose synapses have delays of their own
    there is a projection for each, in the order of delays, in its place, unless it is `kept`: then
    its delay is the least of theirs. What arrives is the same."""
    if all(p.delays is None for p in model.graph.projections):
        return model
    projections: list[Projection] = []
    wirings: dict[str, Wiring] = {}
    values = dict(model.values)
    populations, sums = model.graph.index(), model.graph.semantics.sums
    for projection in model.graph.projections:
        wiring = model.wirings[projection.name]
        if not isinstance(wiring, Listed) or wiring.delay is None:
            projections.append(projection)
            wirings[projection.name] = wiring
            continue
        if kept(projection, populations[projection.pre], sums):
            least = int(wiring.delay.min()) if len(wiring.delay) else projection.delay
            projections.append(replace(projection, delay=least))
            wirings[projection.name] = wiring
            continue
        weights = values.pop(weights_name(projection.name))
        for lane, own in _lanes(projection, wiring.delay):
            projections.append(lane)
            ends = wiring.pre[own], wiring.post[own]
            wirings[lane.name] = Listed(wiring.pre_neurons, wiring.post_neurons, *ends)
            values[weights_name(lane.name)] = Tensor(weights.array[own], weights.dtype)
    graph = replace(model.graph, projections=tuple(projections))
    return replace(model, graph=graph, wirings=wirings, values=values)


def lanes_of(model: Model, name: str) -> tuple[tuple[str, Array], ...]:
    """The projections that an engine has of one of the model, by name, each with the numbers of its
    synapses there."""
    projection = next(p for p in model.graph.projections if p.name == name)
    wiring = model.wirings[name]
    if not isinstance(wiring, Listed) or wiring.delay is None:
        return ((name, np.arange(wiring.synapses)),)
    return tuple((lane.name, own) for lane, own in _lanes(projection, wiring.delay))


def _lanes(
    projection: Projection, delays: npt.NDArray[np.int32]
) -> Iterator[tuple[Projection, npt.NDArray[Any]]]:
    """Every lane with the numbers of its synapses, ascending; one where there are none."""
    if not len(delays):
        yield replace(projection, delays=None), np.arange(0)
        return
    order = np.argsort(delays, kind="stable")
    steps, first = np.unique(delays[order], return_index=True)
    for delay, own in zip(steps.tolist(), np.split(order, first[1:]), strict=True):
        name = f"{projection.name}@{delay}"
        yield replace(projection, name=name, delay=delay, delays=None), own
