"""The grid on which the weights of an integer network lie, and other weights brought onto it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..graph import Projection
from ..model import Model, sent_unit, unit_name, value_name, weights_name
from ..tensors import numbers
from ..types import Fixed
from .weights import Numbers, Synapses, as_codes, units_of_weights


def recoded(integers: Model, floats: Model) -> Model:
    """The integers with the weights of a network of floats, of the same projections and shapes, as
    codes of their units."""
    codes = {
        weights_name(p.name): as_codes(_synapses(integers, floats, p), np.ones(()))
        for p in integers.graph.projections
    }
    return replace(integers, values={**integers.values, **codes})


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


def _synapses(integers: Model, floats: Model, projection: Projection) -> Synapses:
    name = projection.name
    weights = numbers(floats.values[weights_name(name)]).astype(np.float64)
    dtype, units = _dtype(integers, projection), _units(integers, projection)
    return Synapses(name, integers.wirings[name], weights, dtype, units)


def _units(integers: Model, projection: Projection) -> Numbers:
    """The unit of a weight that ends at each neuron, [neurons]: that of the port, of which a code
    that is sent brings the weight times what it means."""
    unit = integers.values[value_name(projection.post, unit_name(projection.port))].array
    neurons = integers.graph.population(projection.post).neurons
    sent = sent_unit(integers, integers.graph.population(projection.pre))
    return np.broadcast_to(np.asarray(unit, np.float64) / sent, (neurons,))


def _dtype(integers: Model, projection: Projection) -> Fixed:
    dtype = integers.values[weights_name(projection.name)].dtype
    assert isinstance(dtype, Fixed)
    return dtype
