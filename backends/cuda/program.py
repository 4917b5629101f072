"""A graph, and a rule for it, as a kernel program: the generated text and how it is launched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...ir.graph import Graph, TrainSpec
from ...ir.wiring import Wiring
from ..layout.network import wirings_of
from ..layout.optimizer import method_of, pull_of
from ..layout.plan import Plan, distinct_steps, make_plan
from ..layout.rule import Rule, make_rule
from ..trainable import refuse_shared
from .build import KernelProgram
from .codegen import module_source
from .tables import Learning, Sizes, Tables, make_learning, make_tables
from .work import make_backward, make_work

Array = npt.NDArray[Any]
FEWEST, MOST = 128, 512  # threads a block


class Weights(NamedTuple):
    """What presenting reads."""

    weights: Any  # f32[W]


class Store(NamedTuple):
    """Weights and what learns them; `rows`, `first`, `second`, `gradient` of a dense projection are
    post-major, at the same offsets as its pre-major weights."""

    weights: Any  # f32[W]
    rows: Any  # f32[W]
    first: Any  # f32[W] Adam's first moment, or the momentum
    second: Any  # f32[W] Adam's second moment
    gradient: Any  # f32[W] sums that wait for the rest of a batch


class Optimizer(NamedTuple):
    """Numbers of the update; `kind` 0 is Adam, 1 gradient descent (beta1 its momentum)."""

    kind: int
    beta1: np.float32
    beta2: np.float32
    strength: np.float32
    beta: np.float32
    limit: np.float32
    size: Any  # f32[updates] step sizes, Adam's bias corrections folded in
    eps: Any  # f32[updates]


class Data(NamedTuple):
    """Samples of a call; a data set's thresholds or rasters stay on the device."""

    row: Any  # i64[S] row of the data set
    ids: Any  # u32[S, 2] low and high word
    labels: Any  # i32[S]
    importance: Any  # f32[S]
    thresholds: Any  # u32[R, inputs]
    rasters: Any  # u8[R, T, inputs]


class Results(NamedTuple):
    """What a call fills in."""

    counts: Any  # i32[S, outputs]
    predictions: Any  # i32[S]
    cost: Any  # f32[S]
    activity: Any  # i64[N]


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """A graph as the kernels read it, in the host's memory."""

    graph: Graph
    wirings: dict[str, Wiring]
    plan: Plan
    tables: Tables
    rule: Rule | None
    learning: Learning | None
    sizes: Sizes | None


def make_layout(graph: Graph, spec: TrainSpec | None, seed: int) -> Layout:
    """The layout of a graph, and of `spec.rule` on it (CompileError(E050) if it can't be)."""
    wirings = wirings_of(graph, seed)
    plan = make_plan(graph, wirings)
    tables = make_tables(graph, plan, wirings)
    if spec is None:
        return Layout(graph, wirings, plan, tables, None, None, None)
    refuse_shared(graph, wirings)
    rule = make_rule(graph, spec, plan, wirings)
    learning, sizes = make_learning(plan, rule)
    return Layout(graph, wirings, plan, tables, rule, learning, sizes)


def kernel_program(
    graph: Graph, spec: TrainSpec | None, seed: int, threads: int | None = None
) -> KernelProgram:
    """The kernel `learn` of a graph with a train block, `run` of one without."""
    return program_of(make_layout(graph, spec, seed), spec, threads)


def program_of(layout: Layout, spec: TrainSpec | None, threads: int | None) -> KernelProgram:
    """The kernel program of a layout; `threads` is a power of two, None chooses."""
    threads = threads or threads_for(layout.plan)
    return KernelProgram(
        source=module_source(distinct_steps(layout.graph)),
        entry="run" if layout.rule is None else "learn",
        example_args=example_args(layout, spec),
        threads=threads,
        shared=shared_bytes(layout.plan, layout.tables, threads),
    )


def threads_for(plan: Plan) -> int:
    """A thread a neuron of the widest population that computes, within limits; a power of two."""
    widest = int(np.diff(plan.neurons)[plan.model >= 0].max())
    return min(MOST, max(FEWEST, 1 << (widest - 1).bit_length()))


def shared_bytes(plan: Plan, tables: Tables, threads: int) -> int:
    """Spike masks of four steps of the inputs, or three of the widest population, or a float a
    thread: they are not needed at the same time."""
    words = np.diff(tables.word)
    return 4 * int(max(4 * words[plan.inputs].max(), 3 * tables.most, threads))


def example_args(layout: Layout, spec: TrainSpec | None) -> tuple[Any, ...]:
    """Arguments of a launch as to their types, with one sample."""
    plan, tables = layout.plan, layout.tables
    make = np.zeros
    weights = np.zeros(1, np.float32)
    data = Data(
        *(np.zeros(1, np.int64), np.zeros((1, 2), np.uint32), np.zeros(1, np.int32)),
        *(weights, np.zeros((1, 1), np.uint32), np.zeros((1, 1, 1), np.uint8)),
    )
    results = Results(
        np.zeros((1, 1), np.int32), np.zeros(1, np.int32), weights, np.zeros(1, np.int64)
    )
    tail = (np.uint32(0), np.uint32(0), np.zeros(1, np.int64))
    if layout.rule is None or layout.learning is None or layout.sizes is None or spec is None:
        work = make_work(make, plan, tables, 1)
        return (narrow(plan), narrow(tables), Weights(weights), data, work, results, 0, 1, 1, *tail)
    back = make_backward(make, plan, tables, layout.sizes, layout.rule.slots, 1, 1)
    return (
        *(narrow(plan), narrow(tables), narrow(layout.rule), narrow(layout.learning)),
        optimizer_of(spec, weights, weights),
        Store(*[weights] * 5),
        *(back, data, results, 0, 1, 1, 1, *tail),
    )


def optimizer_of(spec: TrainSpec, size: Any, eps: Any) -> Optimizer:
    """The numbers of the spec's optimizer and regularizer; size and eps of each update."""
    method, f32 = method_of(spec), np.float32
    pull = pull_of(spec)
    return Optimizer(
        kind=method.kind,
        beta1=f32(method.beta1),
        beta2=f32(method.beta2),
        strength=f32(pull.strength),
        beta=f32(pull.beta),
        limit=f32(pull.limit),
        size=size,
        eps=eps,
    )


def narrow(values: Any) -> Any:
    """A named tuple as the device takes it: float32 for float64, integers for flags, and no array
    without an element, which would have no address."""
    return type(values)(*(_narrow(value) for value in values))


def _narrow(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        array = value if value.size else np.zeros([max(1, n) for n in value.shape], value.dtype)
        array = array.astype(np.float32) if array.dtype == np.float64 else array
        return np.ascontiguousarray(array)
    if isinstance(value, float):
        return np.float32(value)
    if isinstance(value, bool | np.bool_):
        return int(value)
    return value
