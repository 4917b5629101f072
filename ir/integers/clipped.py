"""A network of floats whose states are clipped where those of its integers are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..expr import Apply, Const, Ref, apply
from ..graph import Population
from ..model import Model, unit_name, value_name
from ..neuron import Assign, NeuronStep
from ..types import DType, Fixed
from .sizes import wants_ranges
from .terms import known_of


def clipped(floats: Model, integers: Model) -> Model:
    """The settled model of floats, the states of its neurons with products clipped after an update
    as the integers clip them. Their equations may leave every bound where spikes come later than
    they would themselves have it."""
    made = integers.graph.index()
    populations = tuple(
        _clipped(floats, p, integers, made[p.name]) for p in floats.graph.populations
    )
    return replace(floats, graph=replace(floats.graph, populations=populations))


def _clipped(model: Model, population: Population, integers: Model, made: Population) -> Population:
    step = population.step
    if (
        step is None
        or made.step is None
        or not wants_ranges(step, known_of(model, population, step))
    ):
        return population
    limits = _limits(integers, population.name, made.step)
    types = {s.name: s.dtype for s in step.states}
    clips = tuple(
        Assign(name, _between(Ref(name, types[name]), limit)) for name, limit in limits.items()
    )
    phases = {"integrate": (*step.integrate, *clips)}
    return replace(population, step=step.with_phases(phases))


def _limits(integers: Model, population: str, step: NeuronStep) -> dict[str, float]:
    """What the largest codes of clipped states mean."""
    found = {}
    for assign in step.integrate:
        value = assign.value
        if isinstance(value, Apply) and value.op == "saturate":
            assert isinstance(value.dtype, Fixed)
            assert isinstance(value.immediate, int)
            unit = integers.values[value_name(population, unit_name(assign.target))].array
            places = value.immediate - 1 - value.dtype.frac
            found[assign.target] = float(np.ldexp(unit.max(), places))
    return found


def _between(state: Ref, limit: float) -> Apply:
    high, low = Const(limit, DType.F32), Const(-limit, DType.F32)
    return apply("min", apply("max", state, low), high)
