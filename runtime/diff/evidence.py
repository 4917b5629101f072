"""What both sides know of the place where they part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...backends.reference.simulator import input_spikes
from ...backends.trace import Trace
from ...ir.graph import Population
from ...ir.model import Model, sent_unit, start_of, unit_name, value_name
from ...ir.neuron import LAST_EMITTED, LOST
from ...ir.passes.pipeline import run_model_passes
from ...ir.rules import sends_numbers
from ...ir.types import Fixed
from ...ir.wiring import delays_of
from .comparison import Comparison
from .side import Batch, Side, Sizes

Array = npt.NDArray[Any]
Numbers = Mapping[str, float]


class Arrival(NamedTuple):
    """What arrives at the neuron in the step: `sent` is 1 for a spike, `delay` in steps. `value` is
    that of a `weight` that is a code; None of one that is a number itself, or means nothing known.
    """

    projection: str
    population: str
    neuron: int
    weight: float
    delay: int
    sent: float
    value: float | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """What one side says of the neuron in the step: whether it fires, its states before and after,
    and what arrives; None where it does not know. `borrowed`: populations of which the other side
    says what they sent. `codes`: what a code of 1 is worth, by state, of those that are codes."""

    spike: bool
    before: Numbers | None
    after: Numbers | None
    arriving: tuple[Arrival, ...] | None
    borrowed: tuple[str, ...] = ()
    codes: Numbers = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Sent:
    """What the populations that send to one sent on a side: [T, B, N] by population."""

    arrays: Mapping[str, Array]
    borrowed: tuple[str, ...]


def model_of(made: Comparison, k: int) -> Model | None:
    """The network of a side, or the other one's in its place."""
    packages = [made.sides[k].package, made.sides[1 - k].package]
    return next((p.model for p in packages if p is not None), None)


def seen(made: Comparison, k: int) -> Seen:
    """What side k says of the first difference."""
    place = made.found.first
    assert place is not None
    side, batch = made.sides[k], made.batches(place.sample, place.sample + 1)[k]
    trace = side.trace(batch, made.agreed.sizes, False)
    model = model_of(made, k)
    arriving: tuple[Arrival, ...] | None = None
    borrowed: tuple[str, ...] = ()
    if model is not None and place.population in model.graph.index():
        sent = sent_to(made, k, place.population, place.sample, place.sample + 1)
        arriving = _arriving(model, place.population, place.neuron, place.step, sent)
        borrowed = sent.borrowed
    return Seen(
        bool(trace.spikes[place.population][place.step, 0, place.neuron]),
        _states(side, batch, place.step, place.population, place.neuron),
        _states(side, batch, place.step + 1, place.population, place.neuron),
        arriving,
        borrowed,
        _codes(side, place.population, place.neuron),
    )


def _codes(side: Side, name: str, neuron: int) -> Numbers:
    """What a code of 1 of each state of a neuron is worth, of a package of integers."""
    population = None if side.package is None else side.package.model.graph.index().get(name)
    if side.package is None or population is None or population.step is None:
        return {}
    units = {
        s.name: _unit(side.package.model, name, s.name, neuron) for s in population.step.states
    }
    types = {s.name: s.dtype for s in population.step.states}
    return {
        state: float(np.ldexp(unit, -dtype.frac))
        for state, unit in units.items()
        if unit is not None and isinstance(dtype := types[state], Fixed)
    }


def _unit(model: Model, population: str, name: str, neuron: int) -> float | None:
    """The unit of a state or a port of a neuron, where it has one."""
    value = model.values.get(value_name(population, unit_name(name)))
    if value is None:
        return None
    return float(value.array[neuron] if value.array.ndim else value.array)


def _states(side: Side, batch: Batch, steps: int, name: str, neuron: int) -> Numbers | None:
    """The states of the neuron after so many steps; 0 is where they start."""
    if not steps and side.package is None:
        return None
    found = _starts(side.package.model, name) if not steps and side.package is not None else None
    if steps:
        found = (side.states_at(batch, steps) or {}).get(name)
    if found is None:
        return None
    return {s: float(a[neuron]) for s, a in found.items() if not s.endswith(LOST)}


def _starts(model: Model, name: str) -> Mapping[str, Array]:
    settled = run_model_passes(model)
    population = settled.graph.population(name)
    if population.step is None:
        return {}
    constants = dict(zip(population.step.constants, population.constants, strict=True))
    return {
        s.name: np.broadcast_to(
            start_of(settled, population, s, constants, np.float64), (population.neurons,)
        )
        for s in population.step.states
    }


def sent_to(made: Comparison, k: int, name: str, first: int, last: int) -> Sent:
    """What reaches a population on side k; of a population that it does not tell, what it sent on
    the other side."""
    graphs = [s.package.model.graph for s in made.sides if s.package is not None]
    senders = {
        p.pre: graph.population(p.pre)
        for graph in reversed(graphs)
        for p in graph.projections
        if p.post == name
    }
    found: dict[str, Array] = {}
    borrowed = []
    for nth in (k, 1 - k):
        wanted = [p for n, p in senders.items() if n not in found]
        told = _emitted(made, nth, wanted, first, last) if wanted else {}
        found |= told
        borrowed += list(told) if nth != k else []
    return Sent(found, tuple(borrowed))


def _emitted(
    made: Comparison, k: int, populations: list[Population], first: int, last: int
) -> dict[str, Array]:
    """What populations sent on side k, of those that it knows."""
    side, batch = made.sides[k], made.batches(first, last)[k]
    known = [p for p in populations if p.name in side.neurons]
    graded = {p.name for p in known if p.step is not None and p.step.emit is not None}
    sizes = Sizes(made.agreed.sizes.steps, {p.name: p.neurons for p in known})
    trace = side.trace(batch, sizes, bool(graded))
    found = {}
    for p in known:
        array = _numbers(side, batch, p, trace) if p.name in graded or sends_numbers(p) else None
        if p.name not in graded and not sends_numbers(p):
            array = trace.spikes[p.name]
        if array is not None:
            found[p.name] = np.asarray(array, np.float64)
    return found


def _numbers(side: Side, batch: Batch, population: Population, trace: Trace) -> Array | None:
    """The numbers that a population sends, if the side tells them."""
    if not sends_numbers(population):
        return trace.states.get(population.name, {}).get(LAST_EMITTED)
    if side.presents is None or batch.samples is None:
        return None
    model = side.presents.model
    steps = next(iter(trace.spikes.values())).shape[0]
    return input_spikes(model.graph, batch.samples, steps, model.seed)[population.name]


def _arriving(
    model: Model, name: str, neuron: int, step: int, sent: Sent
) -> tuple[Arrival, ...] | None:
    found: list[Arrival] = []
    for p in model.graph.projections:
        if p.post != name or p.synapse is not None:  # what those send is no product
            continue
        if p.pre not in sent.arrays:
            return None
        wiring = model.wirings[p.name]
        pre, post = wiring.pairs()
        delays = delays_of(p, wiring)
        into = np.flatnonzero((post == neuron) & (delays <= step))
        numbers = sent.arrays[p.pre][step - delays[into], 0, pre[into]]
        into, numbers = into[numbers != 0], numbers[numbers != 0]
        weights = model.weights(p.name).ravel()[wiring.places()[into]]
        unit, sends = _unit(model, name, p.port, neuron), model.graph.population(p.pre)
        found += [
            Arrival(
                *(p.name, p.pre, int(n), float(w), int(delay), float(number)),
                None if unit is None else float(w) * unit / sent_unit(model, sends),
            )
            for n, w, delay, number in zip(pre[into], weights, delays[into], numbers, strict=True)
        ]
    return tuple(found)
