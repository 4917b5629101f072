"""Scratch memory of learning through time; the leading axis is the workers."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ....compiled.plan import Plan
from ....cpu.scratch import whole_lines, zeros
from ..tables import Through

HELD = 8  # samples whose part in the weights of a steady input is added at a time


class Sweep(NamedTuple):
    """W workers, N neurons, T steps, F states, K kept numbers: 4 T N (K + 1 + ports) bytes."""

    tape: Any  # f32[W, K, T, N]
    asked: Any  # f32[W, T, N] dL/d(spike)
    arrived: Any  # f32[W, T, ports * N] dL/d(what arrived)
    later: Any  # f32[W, F, N] dL/d(state after the step)
    error: Any  # f64[W, outputs] dL/d(count or score)
    sums: Any  # f32[1, weights] dL/d(weight) of one sample, laid out as the weights are
    starts: Any  # f32[W, F, N] dL/d(where a state starts); none where no parameter learns
    held: Any  # i64[W] samples that wait in the next two
    numbers: Any  # f32[W, HELD, N] what inputs sent in every step; none where no input does
    totals: Any  # f32[W, HELD, S] the adjoint where it arrived, of all steps


def make_sweep(plan: Plan, through: Through, workers: int) -> Sweep:
    """The scratch of so many workers."""
    neurons, steps = int(plan.neurons[-1]), plan.steps
    f32 = np.float32
    return Sweep(
        tape=zeros((workers, max(1, through.kept), steps, neurons), f32),
        asked=zeros((workers, steps, neurons), f32),
        arrived=zeros((workers, steps, plan.ports * neurons), f32),
        later=zeros((workers, len(plan.real_init), neurons), f32),
        error=zeros((workers, int(np.diff(plan.neurons)[plan.output])), np.float64),
        sums=zeros((min(workers, 1), whole_lines(int(plan.weight[-1]))), f32),
        starts=zeros((workers, len(plan.real_init) * through.learns, neurons), f32),
        held=zeros((workers,), np.int64),
        numbers=zeros((workers, HELD, neurons if plan.steady[-1] else 0), f32),
        totals=zeros((workers, HELD, int(plan.steady[-1])), f32),
    )
