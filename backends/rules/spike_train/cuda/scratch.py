"""Scratch memory of the backward pass; the leading axis is the samples in flight."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ....compiled.plan import Plan
from ....cuda.protocol import GIB
from ....cuda.scratch import Make, forward_arrays
from ....cuda.tables import Tables
from .tables import Sizes

SYSTEM_BYTES = GIB  # for eliminating recurrent systems whose sweeps do not converge


class Backward(NamedTuple):
    """`Work`, and what the backward pass needs besides."""

    reals: Any
    integers: Any
    currents: Any
    bits: Any
    number: Any
    spikes: Any
    times: Any
    count: Any
    numbers: Any
    steady: Any
    graded: Any
    sample: Any
    shares: Any
    trace: Any  # f32[B, traces]
    delta: Any  # f32[B, N] raw error, dE/d(count); until a block has its turn, from the loss alone
    error: Any  # f32[B, N] dE/da
    omega: Any  # f32[B, N]
    boost: Any  # f32[B, N] factor of the weight gradient
    parts: Any  # f32[B, parts] messages, tile by tile
    entry: Any  # f32[B, slots] S-PSP of synapses inside a block
    theta: Any  # f32[B, slots]
    right: Any  # f32[B, N] right side of a misplaced solve
    solution: Any  # f32[B, 2 N]
    ratio: Any  # f32[B, outputs^2]
    system: Any  # f32[slots, n (n + 1)] of the largest recurrent block
    pull: Any  # f32[rows] of the regularizer
    squares: Any  # f32[rows] of the gradients


def make_backward(
    make: Make, plan: Plan, tables: Tables, sizes: Sizes, flight: int, blocks: int
) -> Backward:
    """Scratch for learning from `flight` samples at once, on `blocks` blocks."""
    neurons = int(plan.neurons[-1])
    outputs = int(plan.neurons[plan.output + 1] - plan.neurons[plan.output])
    system = sizes.largest_system * (sizes.largest_system + 1)
    systems = min(blocks, flight, max(1, SYSTEM_BYTES // (4 * system))) if sizes.slots else 1
    f32, slots = np.float32, max(1, sizes.slots)
    return Backward(
        **forward_arrays(make, plan, tables, flight),
        trace=make((flight, max(1, sizes.traces)), f32),
        delta=make((flight, neurons), f32),
        error=make((flight, neurons), f32),
        omega=make((flight, neurons), f32),
        boost=make((flight, neurons), f32),
        parts=make((flight, max(1, sizes.parts)), f32),
        entry=make((flight, slots), f32),
        theta=make((flight, slots), f32),
        right=make((flight, neurons), f32),
        solution=make((flight, 2 * neurons), f32),
        ratio=make((flight, outputs * outputs), f32),
        system=make((systems, system if sizes.slots else 1), f32),
        pull=make((max(1, sizes.pulls),), f32),
        squares=make((max(1, sizes.pulls),), f32),
    )
