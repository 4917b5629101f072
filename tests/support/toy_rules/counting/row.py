"""The row of the rule, its tables, its scratch memory, and its oracle."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from snncc.backends.losses.table import count_tables, judge, loss_of
from snncc.backends.rules.row import EVENTS, CpuKernels, CudaKernels, Rule
from snncc.ir.diagnostics import Diagnostic

SOURCES = (
    ("rules.counting.cpu", ("features.py",)),
    ("optimizers.cpu", ("update.py",)),
    ("rules.counting.cpu", ("learning.py",)),
)


class CountingTables(NamedTuple):
    error: Any  # f32[2, T + 1]
    cost: Any  # f64[2, T + 1]
    listed: Any  # u8[J], none


class CountingScratch(NamedTuple):
    delta: Any  # f32[W, widest]
    spikes: Any  # i32[W, widest] spikes of the pre neurons
    entry: Any  # f32[W, widest] the same


def check(model, spec):
    if len(model.graph.projections) == 1:
        return ()
    return (Diagnostic("E050", "`counting` trains one projection", spec.span),)


def tables(model, spec, plan):
    return CountingTables(
        *count_tables(loss_of(spec), plan.steps), np.zeros(len(plan.pre), np.uint8)
    )


def scratch(plan, _tables, workers):
    shape = (workers, plan.widest)
    f32, i32 = np.float32, np.int32
    return CountingScratch(np.zeros(shape, f32), np.zeros(shape, i32), np.zeros(shape, f32))


def oracle(model, spikes, label, spec, importance):
    (projection,) = model.graph.projections
    sent, counts = (spikes[name].sum(axis=0) for name in (projection.pre, projection.post))
    error, cost, _ = judge(loss_of(spec), counts, label, len(spikes[projection.pre]))
    gradients = {projection.name: importance * np.outer(sent, error)}
    return SimpleNamespace(gradients=gradients, cost=cost.sum())


COUNTING = Rule(
    check=check,
    warnings=lambda graph, spec: (),
    keeps=(EVENTS,),
    tables=tables,
    cpu=CpuKernels(SOURCES, lambda _tables, at_once: {"AT_ONCE": at_once}, scratch),
    cuda=CudaKernels(None, None, None),
    oracle=oracle,
)
