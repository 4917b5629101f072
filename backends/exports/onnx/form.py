"""What makes a graph a model: the versions that it is written in, and what its metadata say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from onnx import ModelProto, ValueInfoProto, checker, helper

from ....ir.diagnostics import CompileError, Diagnostic
from ....ir.graph import Graph, Population
from ....ir.model import Model, unit_name, value_name
from ....ir.neuron import State
from ....ir.rules import sends_numbers
from ....ir.types import Fixed
from .neurons import start
from .nodes import Nodes

# The keys of what a model says of itself.
DT, SEMANTICS, DIGEST = "snncc.dt", "snncc.semantics", "snncc.graph"
SENDER = "numbers"
POPULATIONS, STATES, NUMBERS = "snncc.populations", "snncc.states", "snncc.numbers"


@dataclass(frozen=True, slots=True)
class Pair:
    """A version of the format with the operator set that runtimes of its time have."""

    ir: int
    operators: int


OLD, NEWEST = Pair(8, 18), Pair(13, 25)  # of 2022, and of 2025


@dataclass(slots=True)
class Ends:
    """The inputs and outputs of a model, as they come; `results` are the values that the outputs
    show, by name."""

    inputs: list[ValueInfoProto] = field(default_factory=list)
    outputs: list[ValueInfoProto] = field(default_factory=list)
    results: list[tuple[str, str]] = field(default_factory=list)


def made(
    model: Model, nodes: Nodes, ends: Ends, pair: Pair, metadata: Mapping[str, str]
) -> ModelProto:
    """The whole model, checked; CompileError(E071) where two of its ends have one name."""
    _require_distinct(model.graph, ends)
    for name, value in ends.results:
        nodes.add("Identity", [value], [name])
    found = helper.make_model(
        nodes.graph(model.graph.name, ends.inputs, ends.outputs),
        ir_version=pair.ir,
        opset_imports=[helper.make_opsetid("", pair.operators)],
        producer_name="snncc",
    )
    helper.set_model_props(found, dict(metadata))
    checker.check_model(found, full_check=True)
    return found


def _require_distinct(graph: Graph, ends: Ends) -> None:
    names = [each.name for each in (*ends.inputs, *ends.outputs)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        message = f"two inputs or outputs of `{graph.name}` in ONNX would be called `{twice[0]}`"
        raise CompileError(Diagnostic("E071", message, help="rename the state or the population"))


def metadata(
    model: Model,
    digest: str,
    states: Mapping[str, tuple[Population, State]],
    is_coded: bool = False,
) -> dict[str, str]:
    """What is said of a model: `snncc.dt` [ms], `snncc.semantics`, `snncc.graph`, the digest of
    the graph, `snncc.numbers`, with what it computes; and as JSON `snncc.populations`, rows (name,
    neurons, role), of inputs that send numbers the role SENDER, the inputs in the order of their
    columns, the others in that of evaluation, and `snncc.states`, of each state by the name of its
    input or output: where it starts, and its fraction bits and unit, so that code 2^-frac unit is
    its value."""
    rows = [
        (p.name, p.neurons, SENDER if sends_numbers(p) else p.role)
        for block in model.graph.schedule or ()
        for p in map(model.graph.population, block.populations)
    ]
    return {
        DT: repr(model.graph.dt),
        SEMANTICS: str(model.graph.semantics.integers),
        NUMBERS: numbers_of(model.graph, is_coded),
        DIGEST: digest,
        POPULATIONS: _json(_in_columns(model.graph, rows)),
        STATES: _json({name: _about(model, *state) for name, state in states.items()}),
    }


def numbers_of(graph: Graph, is_coded: bool = False) -> str:
    """What a model computes with, and whether its bits are those of the reference."""
    if graph.semantics.integers:
        return "integers, bit exact"
    return "float32 with weights of int8, not bit exact" if is_coded else "float32, not bit exact"


Row = tuple[str, int, str]


def _in_columns(graph: Graph, rows: list[Row]) -> list[Row]:
    """The inputs first, in the order of their columns."""
    order = {p.name: k for k, p in enumerate(graph.populations)}
    inputs = [row for row in rows if row[2] in ("input", SENDER)]
    return [*sorted(inputs, key=lambda row: order[row[0]]), *(r for r in rows if r not in inputs)]


def _json(document: Any) -> str:
    return json.dumps(document, separators=(",", ":"))


def _about(model: Model, population: Population, state: State) -> dict[str, Any]:
    unit = model.values.get(value_name(population.name, unit_name(state.name)))
    return {
        "start": _listed(start(model, population, state)),
        "frac": state.dtype.frac if isinstance(state.dtype, Fixed) else 0,
        "unit": 1.0 if unit is None else _listed(unit.array),
        "of": state.unit,
    }


def _listed(array: Any) -> Any:
    """One number where all neurons have one, else a list."""
    return array.flat[0].item() if array.size and not np.ptp(array) else array.tolist()
