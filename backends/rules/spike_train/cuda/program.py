"""A rule on a graph as a kernel program: the generated text and how it is launched."""

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
from ..tables import Rule, make_rule
from .scratch import Backward, make_backward
from .tables import Learning, Sizes, make_learning


@dataclass(frozen=True, slots=True, eq=False)
class RuleLayout:
    """A rule on a layout as the kernels read it, in the host's memory."""

    rule: Rule
    learning: Learning
    sizes: Sizes


def make_rule_layout(model: Model, layout: Layout, spec: TrainSpec) -> RuleLayout:
    """The layout of the spec's rule on a model; CompileError(E050) if it can't be."""
    rule = make_rule(model, spec, layout.plan)
    return RuleLayout(rule, *make_learning(layout.plan, rule))


def backward_of(make: Make, layout: Layout, own: RuleLayout, flight: int, blocks: int) -> Backward:
    """Scratch for learning from `flight` samples at once, on `blocks` blocks."""
    return make_backward(make, layout.plan, layout.tables, own.sizes, flight, blocks)


def learn_program(
    layout: Layout, own: RuleLayout, spec: TrainSpec, threads: int | None
) -> KernelProgram:
    """The kernel `learn` of a rule on a layout; `threads` is a power of two, None chooses."""
    threads = threads or threads_for(layout.plan)
    return KernelProgram(
        source=module_source(distinct_steps(layout.graph), CUDA, chain_source(chain_of(spec))),
        entry="learn",
        example_args=_example_args(layout, own, spec),
        threads=threads,
        shared=shared_bytes(layout.plan, layout.tables, threads),
    )


def _example_args(layout: Layout, own: RuleLayout, spec: TrainSpec) -> tuple[Any, ...]:
    """Arguments of a launch as to their types, with one sample."""
    plan, tables, weights = layout.plan, layout.tables, np.zeros(1, np.float32)
    data, results = example_samples()
    back = backward_of(np.zeros, layout, own, 1, 1)
    return (
        *(narrow(plan), narrow(tables), narrow(own.rule), narrow(own.learning)),
        optimizer_of(spec, layout.graph, 1.0, 1, 1),
        Store(*[weights] * 5),
        *(back, data, results, 0, 1, 1, 1, *EXAMPLE_TAIL),
    )
