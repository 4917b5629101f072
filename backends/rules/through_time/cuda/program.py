"""Learning through time on a graph as a kernel program: the generated text, how it is launched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .....ir.graph import TrainSpec
from .....ir.model import Model
from ....compiled.plan import distinct_steps
from ....compiled.store import Store
from ....cuda.build import KernelProgram
from ....cuda.codegen import module_source
from ....cuda.program import (
    EXAMPLE_TAIL,
    Layout,
    example_samples,
    narrow,
    shared_bytes,
    threads_for,
)
from ....cuda.scratch import Make
from ....optimizers.cuda.chain import chain_source, optimizer_of
from ....optimizers.table import chain_of
from ..sources import CUDA
from ..tables import Through, make_tables
from .scratch import Sweep, make_sweep
from .tables import Learning, make_learning
from .text import scans_source


@dataclass(frozen=True, slots=True, eq=False)
class ThroughLayout:
    """The rule on a layout as the kernels read it, in the host's memory."""

    rule: Through
    learning: Learning


def make_through_layout(model: Model, layout: Layout, spec: TrainSpec) -> ThroughLayout:
    """The layout of the spec's rule on a graph; CompileError(E050) if it can't be."""
    through = make_tables(model, spec, layout.plan)
    return ThroughLayout(through, make_learning(layout.plan))


def sweep_of(make: Make, layout: Layout, own: ThroughLayout, flight: int, _blocks: int) -> Sweep:
    """Scratch for learning from `flight` samples at once."""
    return make_sweep(make, layout.plan, layout.tables, own.rule, own.learning, flight)


def learn_program(
    layout: Layout, own: ThroughLayout, spec: TrainSpec, threads: int | None
) -> KernelProgram:
    """The kernel `learn` of the rule on a layout; `threads` is a power of two, None chooses."""
    threads = threads or threads_for(layout.plan)
    made = "\n".join([chain_source(chain_of(spec)), scans_source(layout.graph, spec)])
    return KernelProgram(
        source=module_source(distinct_steps(layout.graph), CUDA, made),
        entry="learn",
        example_args=_example_args(layout, own, spec),
        threads=threads,
        shared=shared_bytes(layout.plan, layout.tables, threads),
    )


def _example_args(layout: Layout, own: ThroughLayout, spec: TrainSpec) -> tuple[Any, ...]:
    """Arguments of a launch as to their types, with one sample."""
    data, results = example_samples()
    return (
        *(narrow(layout.plan), narrow(layout.tables), narrow(own.rule), narrow(own.learning)),
        optimizer_of(spec, layout.graph, 1.0, 1, 1),
        Store(*[np.zeros(1, np.float32)] * 5),
        sweep_of(np.zeros, layout, own, 1, 1),
        *(data, results, 0, 1, 1, 1, *EXAMPLE_TAIL),
    )
