"""What neurons and synapses do that a node of NIR does not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from ....ir.graph import Population, Projection
from ....ir.model import Model, value_name
from ....ir.noise import noises
from ....ir.tensors import numbers
from .cells import Cell
from .model import known_of, value_of
from .trouble import LOSSY, Trouble


def losses(model: Model, cells: Mapping[str, Cell]) -> Iterator[Trouble]:
    """Each of them, with its place."""
    for population in model.graph.populations:
        span = population.span
        if population.role == "source":
            message = f"`{population.name}` fires by itself, and NIR has no sources"
            yield Trouble(message, span, f"let it be an `input`; {LOSSY}", lost=True)
        elif population.name in cells:
            for message in _of_neurons(model, population, cells[population.name]):
                yield Trouble(message, span, LOSSY, lost=True)
    for projection in model.graph.projections:
        for message in _of_synapses(projection):
            yield Trouble(message, projection.span, LOSSY, lost=True)


def _of_neurons(model: Model, population: Population, cell: Cell) -> Iterator[str]:
    name, neuron, known = population.name, population.model, known_of(model, population)
    assert neuron is not None
    if neuron.refractory is not None:
        steps = np.max(np.round(value_of(neuron.refractory.duration, known) / model.graph.dt))
        if steps > 0:
            yield f"`{name}` is refractory for {steps:g} steps, and NIR has no refractory time"
    if any(noises(population)):
        yield f"`{name}` has noise in its equations, and NIR has none"
    for state in neuron.states:
        own = model.values.get(value_name(name, state.name))
        start = value_of(state.init, known) if own is None else numbers(own)
        if np.any(start):
            yield f"`{state.name}` of `{name}` begins at {np.ravel(start)[0]:g}, in NIR at 0"
    if population.readout is not None:
        yield f"`{name}` is scored by `{population.readout.kind}`, and NIR says nothing of scores"
    if cell.firing is not None:
        for other in cell.firing.also:
            yield f"a spike of `{name}` changes `{other}` too, in NIR the potential alone"
        if cell.firing.slack:
            yield f"`{name}` fires {cell.firing.slack:g} below the threshold that its reset takes"


def _of_synapses(projection: Projection) -> Iterator[str]:
    if projection.synapse is not None:
        yield f"synapses of `{projection.name}` have states, and in NIR they are weights"
