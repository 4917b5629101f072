"""Scratch memory of learning through time; the leading axis is the samples in flight."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ....compiled.plan import Plan
from ....cuda.scratch import Make, forward_arrays
from ....cuda.tables import Tables
from ..tables import Through
from .tables import Learning


class Sweep(NamedTuple):
    """`Work`, whose currents become their adjoints, and what the sweep needs besides: of T steps of
    `width` neurons that compute, 4 T width (K + 1) bytes a sample."""

    reals: Any
    integers: Any
    currents: Any  # f32[B, T row] what arrived, then dL/d(it)
    bits: Any
    number: Any
    spikes: Any
    times: Any  # of the inputs' spikes too
    count: Any
    numbers: Any
    steady: Any
    graded: Any
    sample: Any
    shares: Any
    moved: Any  # what asks the spikes below: the same array, or that by their times
    tape: Any  # f32[B, K T width]
    asked: Any  # f32[B, T width] dL/d(spike)
    later: Any  # f32[B, F, N] dL/d(state after the step)
    error: Any  # f32[B, outputs] dL/d(count or score)
    totals: Any  # f32[B, S] the adjoint of what is brought in every step, of all steps
    pull: Any  # f32[rows] of the regularizer
    squares: Any  # f32[rows + 1] of the gradients, the last that of parameters of neurons
    starts: Any  # f32[F, N] dL/d(where a state starts); one number where no parameter learns


def make_sweep(
    make: Make, plan: Plan, tables: Tables, through: Through, learning: Learning, flight: int
) -> Sweep:
    """Scratch for learning from `flight` samples at once."""
    row, rows, f32 = plan.steps * tables.width, max(1, int(learning.rows.sum())), np.float32
    outputs = int(np.diff(plan.neurons)[plan.output])
    states, neurons = len(plan.real_init), int(plan.neurons[-1])
    own = forward_arrays(make, plan, tables, flight)
    by_time = make((flight, plan.steps * tables.row), f32) if through.is_timed else None
    return Sweep(
        **own,
        moved=own["currents"] if by_time is None else by_time,
        tape=make((flight, max(1, through.kept) * row), f32),
        asked=make((flight, row), f32),
        later=make((flight, states, neurons), f32),
        error=make((flight, outputs), f32),
        totals=make((flight, max(1, int(plan.steady[-1]))), f32),
        pull=make((rows,), f32),
        squares=make((rows + 1,), f32),
        starts=make((states, neurons) if through.learns else (1, 1), f32),
    )
