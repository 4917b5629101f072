"""A population and the projections into it, in integers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ..diagnostics import CompileError, Diagnostic
from ..graph import Population, Projection
from ..model import Model, unit_name, value_name, weights_name
from ..neuron import LOST, NeuronStep
from ..rules import sends_numbers
from ..tensors import Tensor, numbers, stored, tensor
from .precision import Precision
from .steps import IntegerStep
from .terms import known_of
from .units import least_base, relative_units
from .weights import Synapses, as_codes, base_units

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Integers:
    """What became of a population, of the projections into it and of the values of both."""

    population: Population
    projections: tuple[Projection, ...]
    values: Mapping[str, Tensor]


def integers_of(
    model: Model, population: Population, precision: Precision, method: str
) -> Integers:
    """A population of a settled model in integers; CompileError(E080, E081)."""
    into = tuple(p for p in model.graph.projections if p.post == population.name)
    if population.step is None:
        return Integers(population, into, {})
    _refuse_numbers(model, into)
    step = _without_lost(population.step)
    known = known_of(model, population, step)
    synapses = {p.name: _synapses(model, population, p, precision) for p in into}
    relative = relative_units(step, known)
    scaled = _scaled_alone if precision.scale == "projection" else _scaled_together
    into, ports, synapses, base = scaled(population, into, synapses, relative, precision, method)
    if step.emit is not None:  # what is compared among neurons has one unit
        base = np.full_like(base, base.max())
    base = np.maximum(base, least_base(step, known, relative, precision.state))
    units = {name: unit * base for name, unit in relative.items() if name not in step.ports}
    units |= {port: relative[port] * base for port, own in ports.items() if own == (port,)}
    units |= {p.port: synapses[p.name].unit * base for p in into}  # that of its weights
    maker = IntegerStep(step, known, units, ports, precision, (population.name, population.span))
    made = maker.made()
    kept = dict(zip(step.constants, population.constants, strict=True))
    constants = tuple(kept[name] for name in made.constants)
    types = {s.name: s.dtype for s in made.states}
    values = {
        name: Tensor(codes.astype(stored(types[name])), types[name])
        for name, codes in maker.starts.items()
    }
    values |= {unit_name(name): tensor(_plain(unit)) for name, unit in units.items()}
    named = {value_name(population.name, name): value for name, value in values.items()}
    named |= {weights_name(name): as_codes(each, base) for name, each in synapses.items()}
    return Integers(replace(population, step=made, constants=constants), into, named)


def _refuse_numbers(model: Model, into: tuple[Projection, ...]) -> None:
    """CompileError(E080) where something arrives that is no spike."""
    index = model.graph.index()
    for projection in into:
        pre = index[projection.pre]
        if sends_numbers(pre) or (pre.step is not None and pre.step.emit is not None):
            message = f"what `{pre.name}` sends are numbers, which have no integer form"
            way_out = "send spikes: `encode poisson(…)` or a model that fires"
            raise CompileError(Diagnostic("E080", message, projection.span, help=way_out))


def _plain(unit: Numbers) -> Numbers:
    """One number where all neurons have one."""
    return unit if np.ptp(unit) else np.asarray(unit.flat[0])


def _without_lost(step: NeuronStep) -> NeuronStep:
    """The step without what watches for numbers that are none: integers are finite."""
    kept = tuple(s for s in step.states if not s.name.endswith(LOST))
    phases = {
        phase: tuple(a for a in assigns if not a.target.endswith(LOST))
        for phase, assigns in step.assigns.items()
    }
    return replace(step, states=kept).with_phases(phases)


def _synapses(
    model: Model, population: Population, projection: Projection, precision: Precision
) -> Synapses:
    name = projection.name
    weights = numbers(model.values[weights_name(name)]).astype(np.float64)
    if not np.isfinite(weights).all():
        raise CompileError(
            Diagnostic("E081", f"a weight of `{name}` is no finite number", projection.span)
        )
    unit = np.ones(population.neurons)
    return Synapses(name, model.wirings[name], weights, precision.weight(name), unit)


Scaled = tuple[tuple[Projection, ...], dict[str, tuple[str, ...]], dict[str, Synapses], Numbers]


def _scaled_together(
    population: Population,
    into: tuple[Projection, ...],
    synapses: Mapping[str, Synapses],
    relative: Mapping[str, Numbers],
    precision: Precision,
    method: str,
) -> Scaled:
    """One unit for all that arrives at a neuron's port."""
    assert population.step is not None
    ones = np.ones(population.neurons)
    own = {p.name: replace(synapses[p.name], unit=relative[p.port] * ones) for p in into}
    base = base_units(tuple(own.values()), population.neurons, method, precision.scale)
    if not base.all():
        raise CompileError(_no_scale(population))
    return into, {port: (port,) for port in population.step.ports}, own, base


def _scaled_alone(
    population: Population,
    into: tuple[Projection, ...],
    synapses: Mapping[str, Synapses],
    relative: Mapping[str, Numbers],
    precision: Precision,
    method: str,
) -> Scaled:
    """A unit and a port for each projection; that of the states is the largest of them."""
    assert population.step is not None
    scales = {
        name: base_units((each,), population.neurons, method, "population")
        for name, each in synapses.items()
    }
    sizes = [scales[p.name] / relative[p.port] for p in into if scales[p.name].all()]
    if not sizes:
        raise CompileError(_no_scale(population))
    base = np.full(population.neurons, max(size.max() for size in sizes))
    ports: dict[str, tuple[str, ...]] = {}
    moved = []
    for port in population.step.ports:
        own = [p for p in into if p.port == port]
        names = tuple(f"{port}.{k}" for k in range(len(own))) if len(own) > 1 else (port,)
        ports[port] = names
        moved += [replace(p, port=name) for p, name in zip(own, names, strict=False)]
    units = {name: np.where(scale > 0.0, scale, base) / base for name, scale in scales.items()}
    own_unit = {name: replace(each, unit=units[name]) for name, each in synapses.items()}
    return tuple(moved), ports, own_unit, base


def _no_scale(population: Population) -> Diagnostic:
    return Diagnostic(
        "E081",
        f"no weight but 0 leads to `{population.name}`, so that its integers have no unit",
        population.span,
        help="train the network first, or leave the population out",
    )
