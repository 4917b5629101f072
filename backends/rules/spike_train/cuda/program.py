"""A rule on a graph as a kernel program: the generated text and how it is launched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from .....ir.graph import TrainSpec
from ....compiled.plan import distinct_steps
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
from ....optimizers.numbers import method_of, pull_of
from ..check import refuse_shared
from ..sources import CUDA
from ..tables import Rule, make_rule
from .scratch import make_backward
from .tables import Learning, Sizes, make_learning


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


@dataclass(frozen=True, slots=True, eq=False)
class RuleLayout:
    """A rule on a layout as the kernels read it, in the host's memory."""

    rule: Rule
    learning: Learning
    sizes: Sizes


def make_rule_layout(layout: Layout, spec: TrainSpec) -> RuleLayout:
    """The layout of `spec.rule` on a graph; CompileError(E050) if it can't be."""
    wirings = layout.model.wirings
    refuse_shared(layout.graph, wirings)
    rule = make_rule(layout.graph, spec, layout.plan, wirings)
    return RuleLayout(rule, *make_learning(layout.plan, layout.tables, rule))


def learn_program(
    layout: Layout, own: RuleLayout, spec: TrainSpec, threads: int | None
) -> KernelProgram:
    """The kernel `learn` of a rule on a layout; `threads` is a power of two, None chooses."""
    threads = threads or threads_for(layout.plan)
    return KernelProgram(
        source=module_source(distinct_steps(layout.graph), CUDA),
        entry="learn",
        example_args=_example_args(layout, own, spec),
        threads=threads,
        shared=shared_bytes(layout.plan, layout.tables, threads),
    )


def _example_args(layout: Layout, own: RuleLayout, spec: TrainSpec) -> tuple[Any, ...]:
    """Arguments of a launch as to their types, with one sample."""
    plan, tables, weights = layout.plan, layout.tables, np.zeros(1, np.float32)
    data, results = example_samples()
    back = make_backward(np.zeros, plan, tables, own.sizes, 1, 1)
    return (
        *(narrow(plan), narrow(tables), narrow(own.rule), narrow(own.learning)),
        optimizer_of(spec, weights, weights),
        Store(*[weights] * 5),
        *(back, data, results, 0, 1, 1, 1, *EXAMPLE_TAIL),
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
