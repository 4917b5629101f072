"""Text to graph. Whatever the text, the outcome is a graph that holds or a CompileError."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from math import inf
from typing import Any

import numpy.typing as npt

from ..diagnostics import CompileError, Source
from ..expr import Expr
from ..graph import Block, Call, Graph, Learnt, Population, Projection, Semantics
from ..neuron import NeuronModel, NeuronStep
from ..passes.discretize import Discretize
from ..passes.fold import Fold
from ..synapse import Synapse, SynapseModel
from ..types import DType, Scalar
from ..verify import GraphError, verify
from .expressions import take_call, take_expr, take_type
from .neurons import take_model, take_step, take_synapse
from .spelling import VERSION
from .tokens import Cursor, damaged


def parse_graph(
    text: str, tensors: Mapping[str, npt.NDArray[Any]] | None = None, name: str = "graph.snnir"
) -> Graph:
    """The graph that `print_graph` wrote; E060, which shows the place in `name`, for any other
    text. `tensors` are the arrays that the graph names, which the text does not hold. The steps of
    format 1, which had no phases, are made anew from the models."""
    source = Source(name, text)
    read, is_old = _read(Cursor(source))
    graph = replace(read, tensors=dict(tensors or {}))
    try:
        verify(graph)
        if is_old:
            graph = Fold().run(Discretize().run(graph))
            verify(graph)
    except GraphError as error:
        raise damaged(source, 0, 1, str(error)) from error
    except CompileError as error:
        raise damaged(source, 0, 1, error.diagnostics[0].message) from error
    return graph


def parse_expr(text: str) -> Expr:
    """The expression that `print_expr` wrote; E060 for any other text."""
    cursor = Cursor(Source("expression", text))
    expr = take_expr(cursor)
    if cursor.kind != "end":
        raise cursor.refuse("expected the end")
    return expr


def parse_type(text: str) -> Scalar:
    """The scalar type that `print_type` wrote; E060 for any other text."""
    cursor = Cursor(Source("type", f":{text}"))
    dtype = take_type(cursor, DType.F32)
    if cursor.kind != "end":
        raise cursor.refuse("expected the end")
    return dtype


@dataclass(slots=True)
class _Parts:
    """What has been read so far."""

    models: dict[tuple[str, int], NeuronModel] = field(default_factory=dict)
    synapses: dict[tuple[str, int], SynapseModel] = field(default_factory=dict)
    steps: list[NeuronStep] = field(default_factory=list)
    populations: list[Population] = field(default_factory=list)
    projections: list[Projection] = field(default_factory=list)
    schedule: tuple[Block, ...] | None = None
    old_steps: int = 0  # of format 1, passed over


def _read(cursor: Cursor) -> tuple[Graph, bool]:
    """The graph, and whether it is to get steps anew."""
    cursor.expect("snnir")
    is_old = cursor.found("1")
    if not is_old and not cursor.found(str(VERSION)):
        raise cursor.refuse(f"this is format {cursor.text!r}; this snncc reads 1 to {VERSION}")
    cursor.expect("network")
    name = cursor.take_name()
    cursor.expect("dt")
    dt = cursor.take_float()
    semantics = Semantics() if is_old else _take_semantics(cursor)
    duration = cursor.take_float() if cursor.found("duration") else 0.0
    parts = _Parts()
    statements = _STATEMENTS | (_OLD_STATEMENTS if is_old else {})
    while cursor.kind != "end":
        statement = statements.get(cursor.text)
        if statement is None:
            raise cursor.refuse("expected " + ", ".join(_STATEMENTS))
        cursor.take()
        statement(cursor, parts)
    read = Graph(
        name, dt, tuple(parts.populations), tuple(parts.projections), parts.schedule, semantics,
        duration=duration,
    )  # fmt: skip
    return read, parts.old_steps > 0


def _take_semantics(cursor: Cursor) -> Semantics:
    cursor.expect("threshold")
    threshold = cursor.take_name()
    cursor.expect("spikes")
    spikes = cursor.take_int()
    sums = cursor.take_name() if cursor.found("sums") else "exact"
    return Semantics(threshold, spikes, sums, cursor.take_int() if cursor.found("integers") else 0)


def _take_model(cursor: Cursor, parts: _Parts) -> None:
    label = _take_label(cursor)
    if label in parts.models:
        raise cursor.refuse(f"model {label[0]!r} twice")
    parts.models[label] = take_model(cursor, label[0])


def _take_synapse(cursor: Cursor, parts: _Parts) -> None:
    label = _take_label(cursor)
    if label in parts.synapses:
        raise cursor.refuse(f"synapse {label[0]!r} twice")
    parts.synapses[label] = take_synapse(cursor, label[0])


def _take_label(cursor: Cursor) -> tuple[str, int]:
    """The name of a model and its number among models of that name."""
    name = cursor.take_name()
    return name, cursor.take_int() if cursor.found("@") else 1


def _take_step(cursor: Cursor, parts: _Parts) -> None:
    if cursor.text != str(len(parts.steps)):
        raise cursor.refuse(f"expected {len(parts.steps)}")
    cursor.take()
    parts.steps.append(take_step(cursor))


def _take_old_step(cursor: Cursor, parts: _Parts) -> None:
    """Past a step of format 1."""
    while not cursor.found("}"):
        if cursor.kind == "end":
            raise cursor.refuse("expected `}`")
        cursor.take()
    parts.old_steps += 1


def _take_population(cursor: Cursor, parts: _Parts) -> None:
    name, role, shape = cursor.take_name(), cursor.take_name(), cursor.take_list(cursor.take_int)
    model, parameters = _take_model_use(cursor, parts) if cursor.found("model") else (None, ())
    learnt = cursor.take_list(lambda: _take_learnt(cursor)) if cursor.found("learns") else ()
    drawn = cursor.take_list(lambda: _take_drawn(cursor)) if cursor.found("draws") else ()
    method = cursor.take_name() if cursor.found("method") else "euler"
    encoding = take_call(cursor) if cursor.found("encode") else None
    source = take_call(cursor) if cursor.found("source") else None
    readout = take_call(cursor) if cursor.found("readout") else None
    step, constants = _take_step_use(cursor, parts) if cursor.found("step") else (None, ())
    settings = method, encoding, step, constants, learnt, readout, drawn, source
    parts.populations.append(Population(name, shape, role, model, parameters, *settings))


def _take_drawn(cursor: Cursor) -> tuple[str, Call]:
    name = cursor.take_name()
    cursor.expect("=")
    return name, take_call(cursor)


def _take_learnt(cursor: Cursor) -> Learnt:
    name, is_shared = cursor.take_name(), cursor.found("shared")
    if not is_shared:
        cursor.expect("each")
    cursor.expect("lr_mult")
    lr_mult = cursor.take_float()
    low = cursor.take_float() if cursor.found("above") else -inf
    high = cursor.take_float() if cursor.found("below") else inf
    return Learnt(name, lr_mult, is_shared, low, high)


def _take_model_use(
    cursor: Cursor, parts: _Parts
) -> tuple[NeuronModel, tuple[tuple[str, float], ...]]:
    label = _take_label(cursor)
    if label not in parts.models:
        raise cursor.refuse(f"no model {label[0]!r}")
    return parts.models[label], cursor.take_list(lambda: _take_parameter(cursor))


def _take_step_use(cursor: Cursor, parts: _Parts) -> tuple[NeuronStep | None, tuple[float, ...]]:
    number = cursor.take_int()
    if parts.old_steps:
        cursor.take_list(cursor.take_float)
        return None, ()
    if not 0 <= number < len(parts.steps):
        raise cursor.refuse(f"no step {number}")
    return parts.steps[number], cursor.take_list(cursor.take_float)


def _take_parameter(cursor: Cursor) -> tuple[str, float]:
    name = cursor.take_name()
    cursor.expect("=")
    return name, cursor.take_float()


def _take_projection(cursor: Cursor, parts: _Parts) -> None:
    name, pre, pre_slice = cursor.take_name(), *_take_end(cursor)
    cursor.expect("->")
    post, post_slice = _take_end(cursor)
    cursor.expect("port")
    port = cursor.take_name()
    cursor.expect("delay")
    delay = cursor.take_int()
    delays = take_call(cursor) if cursor.found("delays") else None
    lr_mult = _take_learning(cursor)
    connectivity = take_call(cursor)
    cursor.expect("init")
    settings = connectivity, take_call(cursor), port, delay, lr_mult
    synapse = _take_via(cursor, parts) if cursor.found("via") else None
    parts.projections.append(
        Projection(
            *(name, pre, post, *settings),
            delays=delays,
            synapse=synapse,
            pre_slice=pre_slice,
            post_slice=post_slice,
        )
    )


def _take_via(cursor: Cursor, parts: _Parts) -> Synapse:
    label = _take_label(cursor)
    if label not in parts.synapses:
        raise cursor.refuse(f"no synapse {label[0]!r}")
    return Synapse(parts.synapses[label], cursor.take_list(lambda: _take_parameter(cursor)))


def _take_end(cursor: Cursor) -> tuple[str, tuple[int, int] | None]:
    """The name of a population, and which of its neurons."""
    name = cursor.take_name()
    if cursor.text != "(":
        return name, None
    part = cursor.take_list(cursor.take_int)
    if len(part) != 2 or not 0 <= part[0] < part[1]:
        raise cursor.refuse(f"neurons {part[:3]}")
    return name, (part[0], part[1])


def _take_learning(cursor: Cursor) -> float:
    if cursor.found("fixed"):
        return 0.0
    cursor.expect("trainable")
    if not cursor.found("("):
        return 1.0
    cursor.expect("lr_mult")
    cursor.expect("=")
    lr_mult = cursor.take_float()
    cursor.expect(")")
    return lr_mult


def _take_schedule(cursor: Cursor, parts: _Parts) -> None:
    if parts.schedule is not None:
        raise cursor.refuse("a second schedule")
    cursor.expect("{")
    blocks = []
    while not cursor.found("}"):
        is_recurrent = cursor.found("recurrent")
        if not is_recurrent:
            cursor.expect("once")
        blocks.append(Block(cursor.take_list(cursor.take_name), is_recurrent))
    parts.schedule = tuple(blocks)


_STATEMENTS: dict[str, Callable[[Cursor, _Parts], None]] = {
    "model": _take_model,
    "synapse": _take_synapse,
    "step": _take_step,
    "population": _take_population,
    "projection": _take_projection,
    "schedule": _take_schedule,
}
_OLD_STATEMENTS = {"step": _take_old_step}
