"""The grid on which the weights of an integer network lie, and other weights brought onto it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from ..graph import Projection
from ..model import Model, sent_unit, unit_name, value_name, weights_name
from ..tensors import numbers
from ..types import Fixed
from ..wiring import Windows
from .axons import AxonTypes, Wired, axon_types, of_axon_types
from .weights import Numbers, Synapses, as_codes, units_of_weights

Typed = Mapping[str, AxonTypes]  # by projection
NO_TYPES: Typed = MappingProxyType({})


def recoded(integers: Model, floats: Model, types: Typed = NO_TYPES) -> Model:
    """The integers with the weights of a network of floats, of the same projections and shapes, as
    codes of their units, for given `types` those of `nearest_of_types`."""
    names = [p.name for p in integers.graph.projections]
    weights = {n: numbers(floats.values[weights_name(n)]).astype(np.float64) for n in names}
    kept = nearest_of_types(integers, weights, types)
    codes = {
        weights_name(p.name): as_codes(_synapses(integers, kept[p.name], p), np.ones(()))
        for p in integers.graph.projections
    }
    return replace(integers, values={**integers.values, **codes})


def types_of(integers: Model, floats: Model, count: int) -> Typed:
    """The types of axons, so many, for the weights of floats; none for 0."""
    names = [p.name for p in integers.graph.projections] if count else []
    weights = {n: numbers(floats.values[weights_name(n)]).astype(np.float64) for n in names}
    found: dict[str, AxonTypes] = {}
    for into in _ends(integers) if count else ():
        each = axon_types(_wired(integers, weights, into), count)
        found |= {p.name: types for p, types in zip(into, each, strict=True)}
    return found


def nearest_of_types(
    integers: Model, weights: Mapping[str, Numbers], types: Typed
) -> dict[str, Numbers]:
    """Of each projection the weights for these by types of axons, see `axons.of_axon_types`; as
    they are, where there are no types."""
    found = dict(weights)
    for into in _ends(integers) if types else ():
        wired = _wired(integers, weights, into)
        each = of_axon_types(wired, [types[p.name] for p in into])
        found |= {p.name: kept / _sent(integers, p) for p, kept in zip(into, each, strict=True)}
    return found


def _ends(integers: Model) -> list[list[Projection]]:
    """The projections that end at the same neurons, where there are any."""
    graph = integers.graph
    each = [[p for p in graph.projections if p.post == post.name] for post in graph.populations]
    return [into for into in each if into]


def _wired(
    integers: Model, weights: Mapping[str, Numbers], into: Sequence[Projection]
) -> list[Wired]:
    """What a code or a spike brings, of each projection."""
    found: list[Wired] = []
    for projection in into:
        wiring = integers.wirings[projection.name]
        assert not isinstance(wiring, Windows), "refused before"
        found.append((wiring, weights[projection.name] * _sent(integers, projection)))
    return found


def _sent(integers: Model, projection: Projection) -> float:
    return sent_unit(integers, integers.graph.population(projection.pre))


def grid_of(integers: Model) -> tuple[Numbers, Numbers]:
    """The unit of every weight and the largest code of its type, f64[W] each, the projections in
    the order of the graph."""
    units, limits = [np.zeros(0)], [np.zeros(0)]
    for projection in integers.graph.projections:
        shape = integers.weights(projection.name).shape
        unit = units_of_weights(integers.wirings[projection.name], _units(integers, projection))
        units.append(np.broadcast_to(unit, shape).ravel())
        limits.append(np.full(units[-1].size, float(_dtype(integers, projection).high)))
    return np.concatenate(units), np.concatenate(limits)


def _synapses(integers: Model, weights: Numbers, projection: Projection) -> Synapses:
    name = projection.name
    dtype, units = _dtype(integers, projection), _units(integers, projection)
    return Synapses(name, integers.wirings[name], weights, dtype, units)


def _units(integers: Model, projection: Projection) -> Numbers:
    """The unit of a weight that ends at each neuron, [neurons]: that of the port, of which a code
    that is sent brings the weight times what it means."""
    unit = integers.values[value_name(projection.post, unit_name(projection.port))].array
    neurons = integers.graph.population(projection.post).neurons
    return np.broadcast_to(np.asarray(unit, np.float64) / _sent(integers, projection), (neurons,))


def _dtype(integers: Model, projection: Projection) -> Fixed:
    dtype = integers.values[weights_name(projection.name)].dtype
    assert isinstance(dtype, Fixed)
    return dtype
