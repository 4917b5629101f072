"""Pass of a model: every parameter's value into the graph, one for each neuron where it varies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

import numpy as np
import numpy.typing as npt

from ..analysis.leak import rates_of
from ..expr import Const, evaluate, names
from ..graph import Graph, Population
from ..model import Model, value_name
from ..neuron import NeuronStep, State, types_read
from ..schemes import SCHEMES
from ..tensors import Tensor, numbers, stored
from ..types import DType, Scalar
from .derived import derived
from .discretize import REFRACTORY_STEPS, Discretize, assemble
from .fold import Fold, fold_step

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Settle:
    """No value is of a parameter afterwards, and none is learnt. A constant that varies from neuron
    to neuron, or follows a parameter that is learnt, becomes a state that nothing assigns; where
    its neurons start is among the values."""

    name: str = "settle"
    requires: frozenset[str] = frozenset({"shapes", "steps", "folded"})

    def run(self, model: Model) -> Model:
        """The model with its parameters settled; CompileError(E022, E045) for one that no step
        can have."""
        left, populations = dict(model.values), []
        for population in model.graph.populations:
            given = {
                name: left.pop(value_name(population.name, name))
                for name, _ in population.parameters
                if value_name(population.name, name) in left
            }
            starts: Mapping[str, Tensor] = {}
            if given:
                population, starts = _settled(population, given, model.graph)
            populations.append(population)
            left = {value_name(population.name, k): v for k, v in starts.items()} | left
        graph = replace(model.graph, populations=tuple(populations))
        return replace(model, graph=graph, values=left)


def require_steps(model: Model) -> None:
    """CompileError for a neuron whose own values no step can have."""
    if any(population.drawn for population in model.graph.populations):
        Settle().run(model)


def _settled(
    population: Population, given: Mapping[str, Tensor], graph: Graph
) -> tuple[Population, dict[str, Tensor]]:
    """The population with the parameters, and where states of it start."""
    table = np.stack([_of_neurons(t, population.neurons) for t in given.values()], axis=1)
    rows, kind = np.unique(table, axis=0, return_inverse=True)
    (first,) = _variants(population, tuple(given), rows[:1], graph)
    assert first.step is not None
    constants = _constants(population, tuple(given), rows, graph)
    followed = derived(population, graph.dt).numbers if population.learnt else {}
    varies = (constants != constants[0]).any(axis=0)
    varies |= np.array([name in followed for name in first.step.constants], bool)
    step, starts = _without(first.step, constants, np.flatnonzero(varies).tolist())
    kept = tuple(float(x) for x in constants[0, ~varies])
    each = kind.reshape(-1)
    tensors = {name: Tensor(t.array[each], t.dtype) for name, t in starts.items()}
    return replace(first, step=step, constants=kept, learnt=()), tensors


def _of_neurons(value: Tensor, neurons: int) -> Numbers:
    return np.broadcast_to(numbers(value).astype(np.float64), (neurons,))


def _variants(
    population: Population, given: tuple[str, ...], rows: Numbers, graph: Graph
) -> tuple[Population, ...]:
    """The population once for each row of values of the parameters `given`, its step folded."""
    parameters = dict(population.parameters)
    variants = tuple(
        replace(population, parameters=tuple((parameters | changed).items()), learnt=())
        for changed in (dict(zip(given, map(float, row), strict=True)) for row in rows)
    )
    alone = replace(graph, populations=variants, projections=(), schedule=None)
    return Fold().run(Discretize().run(alone)).populations


def _constants(
    population: Population, given: tuple[str, ...], rows: Numbers, graph: Graph
) -> Numbers:
    """The constants of the folded step for each row, [rows, constants]: those of its own population
    of few, all at once of many, where only a row that no step can have is worked out by itself."""
    if len(rows) <= FEW:
        variants = _variants(population, given, rows, graph)
        return np.array([v.constants for v in variants]).reshape(len(rows), -1)
    model = population.model
    assert model is not None
    scheme = SCHEMES[population.method].scheme(model, graph.dt)
    folded = fold_step(assemble(model, scheme))
    known: dict[str, Any] = dict(population.parameters)
    known |= dict(zip(given, rows.T, strict=True))
    with np.errstate(all="ignore"):
        wrong = _falls_too_far(population, known, graph.dt)
        if model.refractory is not None:
            steps = evaluate(model.refractory.duration, known, np.float64) / graph.dt
            known[REFRACTORY_STEPS] = np.round(steps)
            wrong = wrong | (steps < 0) | ~(abs(steps - np.round(steps)) <= WHOLE)
        known |= dict(zip(scheme.constants, scheme.own.values(known), strict=True))
        columns = [evaluate(each, known, np.float64) for each in folded.definitions]
    table = np.stack([np.broadcast_to(c, len(rows)) for c in columns], axis=1)
    doubtful = np.broadcast_to(wrong, len(rows)) | ~np.isfinite(table).all(axis=1)
    for row in np.flatnonzero(doubtful)[:FEW]:
        table[row] = _variants(population, given, rows[row : row + 1], graph)[0].constants
    return table


FEW = 64  # rows of values
WHOLE = 1e-6  # of a step, by which a time may miss a whole number of them


def _falls_too_far(population: Population, known: Mapping[str, Any], dt: float) -> Any:
    """Where a state falls by more than its method can (see `discretize`)."""
    falls = SCHEMES[population.method].falls
    assert population.model is not None
    rates = (evaluate(rate, known, np.float64) for _, rate, _ in rates_of(population.model))
    return reduce(np.logical_or, (-rate * dt > falls for rate in rates), np.zeros(1, bool))


def _without(
    step: NeuronStep, table: Numbers, columns: list[int]
) -> tuple[NeuronStep, dict[str, Tensor]]:
    """The step with some of its constants as states, and where states start, a number for each
    row of the constants' `table`."""
    moved = {step.constants[k]: table[:, k] for k in columns}
    types = types_read(step)
    added = {name: State(name, "1", _zero(types[name]), types[name]) for name in moved}
    starts = {name: _tensor(column, added[name].dtype) for name, column in moved.items()}
    states = []
    known = dict(zip(step.constants, table.T, strict=True))
    for state in step.states:
        if names(state.init) & moved.keys():
            starts[state.name] = _tensor(evaluate(state.init, known, np.float64), state.dtype)
            state = replace(state, init=_zero(state.dtype))
        states.append(state)
    constants = tuple(name for name in step.constants if name not in moved)
    return replace(step, states=(*states, *added.values()), constants=constants), starts


def _zero(dtype: Scalar) -> Const:
    return Const(0 if dtype is DType.I32 else 0.0, dtype)


def _tensor(column: Numbers, dtype: Scalar) -> Tensor:
    return Tensor(np.asarray(column).astype(stored(dtype)), dtype)
