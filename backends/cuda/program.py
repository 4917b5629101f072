"""A graph as a kernel program: the generated text and how it is launched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...ir.graph import Graph
from ...ir.model import Model
from ..compiled.network import ready
from ..compiled.plan import Plan, distinct_steps, make_plan
from ..compiled.store import Results
from .build import KernelProgram
from .codegen import module_source
from .scratch import make_work
from .tables import Tables, make_tables

Array = npt.NDArray[Any]
FEWEST, MOST = 128, 512  # threads a block


class Weights(NamedTuple):
    """What presenting reads."""

    weights: Any  # f32[W]


class Data(NamedTuple):
    """Samples of a call; a data set's thresholds or rasters stay on the device."""

    row: Any  # i64[S] row of the data set
    ids: Any  # u32[S, 2] low and high word
    labels: Any  # i32[S]
    importance: Any  # f32[S]
    epoch: int
    thresholds: Any  # u32[R, inputs]
    rasters: Any  # u8[R, T, inputs]
    numbers: Any  # f32[R, inputs] what inputs send in every step


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """A graph as the kernels read it, in the host's memory."""

    model: Model
    plan: Plan
    tables: Tables

    @property
    def graph(self) -> Graph:
        """The model's graph."""
        return self.model.graph


def make_layout(model: Model, has_currents: bool = False) -> Layout:
    """The layout of a model, whose kernels keep what arrived (`has_currents`) or not;
    CompileError(E071) where it has values of other types.

    What the kernels add up has the type of `plan.real_init`: f32, of integers i32, their codes."""
    model = ready(model)
    plan = make_plan(model)
    if model.graph.semantics.integers:
        plan = plan._replace(real_init=plan.real_init.view(np.int32))
    return Layout(model, plan, make_tables(model.graph, plan, model.wirings, has_currents))


def run_program(layout: Layout, threads: int | None) -> KernelProgram:
    """The kernel `run` of a layout; `threads` is a power of two, None chooses."""
    threads = threads or threads_for(layout.plan)
    return KernelProgram(
        source=module_source(distinct_steps(layout.graph)),
        entry="run",
        example_args=_example_args(layout),
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
    return 4 * int(max(4 * words[plan.inputs].max(initial=0), 3 * tables.most, threads))


def _example_args(layout: Layout) -> tuple[Any, ...]:
    """Arguments of a launch as to their types, with one sample."""
    plan, tables = layout.plan, layout.tables
    work = make_work(np.zeros, plan, tables, 1)
    data, results = example_samples()
    kind = plan.real_init.dtype
    weights, results = Weights(np.zeros(1, kind)), results._replace(scores=np.zeros((1, 1), kind))
    return (narrow(plan), narrow(tables), weights, data, work, results, 0, 1, 1, *EXAMPLE_TAIL)


EXAMPLE_TAIL = (np.uint32(0), np.uint32(0), np.zeros(1, np.int64))  # the key and the barrier


def example_samples() -> tuple[Data, Results]:
    """One sample and its results as to their types."""
    number, real = np.zeros(1, np.int32), np.zeros(1, np.float32)
    data = Data(
        *(np.zeros(1, np.int64), np.zeros((1, 2), np.uint32), number),
        real,
        0,
        *(np.zeros((1, 1), np.uint32), np.zeros((1, 1, 1), np.uint8), real[None]),
    )
    counts, scores = np.zeros((1, 1), np.int32), np.zeros((1, 1), np.float32)
    found = number, real, np.zeros(1, np.int64), np.zeros(1, np.uint8)
    return data, Results(counts, scores, *found)


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
