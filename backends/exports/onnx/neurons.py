"""One step of a population as nodes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ....ir.diagnostics import CompileError, Diagnostic
from ....ir.graph import Graph, Population
from ....ir.model import Model, start_of
from ....ir.neuron import SPIKED, NeuronStep, State, types_read
from ....ir.rules import emitters, sends_numbers
from ....ir.types import DType, Fixed
from ...runnable import require_clocked
from .expressions import COUNTER, Level, Scopes, Value, Writer, constant, held
from .floats import FloatWriter, kept, real
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


def kind_of(state: State) -> type[np.generic]:
    """What keeps a state."""
    return np.float32 if state.dtype is DType.F32 else np.int32


def start(model: Model, population: Population, state: State) -> Array:
    """Where a state starts, [] or [N]."""
    constants = dict(zip(step_of(population).constants, population.constants, strict=True))
    return np.asarray(start_of(model, population, state, constants, np.float64)).astype(
        kind_of(state)
    )


def advance(
    model: Model,
    population: Population,
    scopes: Scopes,
    ports: Mapping[str, Value],
    states: Mapping[str, str],
) -> Done:
    """A step from the values of its ports and the names of its states [B, N]."""
    step = step_of(population)
    is_real = not model.graph.semantics.integers
    found = _reals(model, population, states) if is_real else code_values(model, population, states)
    writer: Writer | FloatWriter = (FloatWriter if is_real else Writer)(scopes, {**ports, **found})
    for assign in step.update:
        writer.values[assign.target] = writer.value(assign.value)
    writer.values[SPIKED] = spiked = writer.value(step.spike)
    for assign in step.after:
        writer.values[assign.target] = writer.value(assign.value)
    return Done(spiked, {s.name: writer.values[s.name] for s in moving(population)})


def code_values(
    model: Model, population: Population, states: Mapping[str, str]
) -> dict[str, Value]:
    """The constants and the states of a population of integers."""
    step, values = step_of(population), dict[str, Value]()
    for name, number in zip(step.constants, population.constants, strict=True):
        values[name] = constant(np.array(int(number), np.int32))
    for state in step.states:
        if state.name in step.still:
            values[state.name] = constant(start(model, population, state))
        else:
            dtype = state.dtype if isinstance(state.dtype, Fixed) else COUNTER
            values[state.name] = held(states[state.name], dtype, Level.STEP)
    return values


def _reals(model: Model, population: Population, states: Mapping[str, str]) -> dict[str, Value]:
    """The same of floats."""
    step, types = step_of(population), types_read(step_of(population))
    values = {
        name: real(number, types.get(name, DType.F32))
        for name, number in zip(step.constants, population.constants, strict=True)
    }
    for state in step.states:
        if state.name in step.still:
            values[state.name] = real(start(model, population, state), state.dtype)
        else:
            values[state.name] = kept(states[state.name], state.dtype)
    return values


def require_written(graph: Graph) -> None:
    """CompileError for a graph that has no form here: E075, or E071 of states of
    more than 32 bits, of integers beside floats, and of populations that send floats."""
    require_clocked(graph)
    unfit = _unfit if graph.semantics.integers else _doubles
    found = [each for p in graph.populations if p.step is not None for each in unfit(p)]
    if not graph.semantics.integers:
        sending = *filter(sends_numbers, graph.populations), *emitters(graph)
        found = [*map(_sends, sending), *found]
    if found:
        raise CompileError(found)


def _doubles(population: Population) -> list[Diagnostic]:
    """What is no float32, no counter and no truth value."""
    return [
        Diagnostic(
            "E071",
            f"`{population.name}` computes with {dtype}, and ONNX is written of float32 here",
            population.span,
            help="take the network as its program compiles",
        )
        for dtype in set(types_read(step_of(population)).values())
        if dtype is DType.F64 or isinstance(dtype, Fixed)
    ]


def _sends(population: Population) -> Diagnostic:
    message = f"`{population.name}` sends numbers, and ONNX of floats is written of spikes"
    way_out = "join it by neurons that spike, or quantize the network first: snncc quantize MODEL"
    return Diagnostic("E071", message, population.span, help=way_out)


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
