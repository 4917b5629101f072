"""One step of a population as nodes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ....ir.diagnostics import CompileError, Diagnostic
from ....ir.graph import Graph, Population
from ....ir.model import Model, start_of
from ....ir.neuron import SPIKED, NeuronStep, State, types_read
from ....ir.types import DType, Fixed
from ...runnable import require_clocked
from .expressions import COUNTER, Level, Scopes, Value, Writer, constant, held
from .nodes import Array

WORD = 32  # the most bits of a state


@dataclass(frozen=True, slots=True)
class Done:
    """What a step gives: whether the neurons fired, and their states."""

    spiked: Value
    states: Mapping[str, Value]


def step_of(population: Population) -> NeuronStep:
    """The step of a population that is no input."""
    assert population.step is not None
    return population.step


def moving(population: Population) -> tuple[State, ...]:
    """The states that a step changes."""
    step = step_of(population)
    return tuple(s for s in step.states if s.name not in step.still)


def start(model: Model, population: Population, state: State) -> Array:
    """Where a state starts, int32 [] or [N]."""
    return np.asarray(start_of(model, population, state, {}, np.float64)).astype(np.int32)


def advance(
    model: Model,
    population: Population,
    scopes: Scopes,
    ports: Mapping[str, Value],
    states: Mapping[str, str],
) -> Done:
    """A step from the values of its ports and the names of its states, int32 [B, N]."""
    step = step_of(population)
    values: dict[str, Value] = dict(ports)
    for name, number in zip(step.constants, population.constants, strict=True):
        values[name] = constant(np.array(int(number), np.int32))
    for state in step.states:
        if state.name in step.still:
            values[state.name] = constant(start(model, population, state))
        else:
            dtype = state.dtype if isinstance(state.dtype, Fixed) else COUNTER
            values[state.name] = held(states[state.name], dtype, Level.STEP)
    writer = Writer(scopes, values)
    for assign in step.update:
        writer.values[assign.target] = writer.value(assign.value)
    writer.values[SPIKED] = spiked = writer.value(step.spike)
    for assign in step.after:
        writer.values[assign.target] = writer.value(assign.value)
    return Done(spiked, {s.name: writer.values[s.name] for s in moving(population)})


def require_integers(graph: Graph) -> None:
    """CompileError for a graph that has no exact form here: E075, or E071 of floats
    and of states of more than 32 bits."""
    require_clocked(graph)
    if not graph.semantics.integers:
        raise CompileError(
            Diagnostic(
                "E071",
                f"`{graph.name}` computes with floats, and ONNX is written of integers",
                help="quantize it first: snncc quantize MODEL --out q8.snnpkg",
            )
        )
    found = [each for p in graph.populations if p.step is not None for each in _unfit(p)]
    if found:
        raise CompileError(found)


def _unfit(population: Population) -> list[Diagnostic]:
    step = step_of(population)
    found = [
        f"`{state.name}` of `{population.name}` is {state.dtype}, and ONNX keeps 32 bits"
        for state in step.states
        if isinstance(state.dtype, Fixed) and state.dtype.bits > WORD
    ]
    found += [
        f"`{population.name}` computes with {dtype}, which has no integer form"
        for dtype in set(types_read(step).values())
        if dtype in (DType.F32, DType.F64)
    ]
    way_out = "quantize the network that it was made from"
    return [Diagnostic("E071", message, population.span, help=way_out) for message in found]
