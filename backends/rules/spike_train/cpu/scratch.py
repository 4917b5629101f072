"""Scratch memory of the backward pass; the leading axis is the workers, who share none."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ....compiled.plan import Plan
from ....cpu.scratch import zeros

Array = npt.NDArray[Any]


class Backward(NamedTuple):
    """What one sample's backward pass needs besides its events."""

    row: Array  # i32[W, N + P] bounds of the neurons' spike times
    times: Array  # i32[W, events] neuron-major spike times
    fill: Array  # i32[W, M]
    column: Array  # i32[W, M]
    active: Array  # i32[W, M]
    delta: Array  # f32[W, N] raw error, dE/d(count)
    error: Array  # f32[W, N] dE/da after Omega (and the solve)
    omega: Array  # f32[W, N]
    boost: Array  # f32[W, N] lateral factor of the weight gradient
    filters: Array  # f32[W, 2, M]
    trace: Array  # f32[W, T M]
    entry: Array  # f32[W, slots] S-PSP of synapses inside a block
    theta: Array  # f32[W, slots]
    counts: Array  # f32[W, M] presynaptic counts
    message: Array  # f32[W, M] what a projection sends back
    laid: Array  # f32[W, laid weights] kernels of convolutions by what they end at
    kernel: Array  # f32[W, the largest of them] the gradient of one; 0 between
    planes: Array  # f32[W, 3, M] what convolutions go by, planes whose channels come last
    begin: Array  # i32[W, 2, T] events of a part of a population: bounds in each step


def make_backward(plan: Plan, slots: int, workers: int) -> Backward:
    """Scratch for the backward pass; `slots` counts the synapses inside recurrent blocks."""
    neurons, populations = int(plan.neurons[-1]), len(plan.model)
    widest, events = plan.widest, int(plan.events[-1]) + plan.steps
    f32, i32 = np.float32, np.int32
    return Backward(
        row=zeros((workers, neurons + populations), i32),
        times=zeros((workers, events), i32),
        fill=zeros((workers, widest), i32),
        column=zeros((workers, widest), i32),
        active=zeros((workers, widest), i32),
        delta=zeros((workers, neurons), f32),
        error=zeros((workers, neurons), f32),
        omega=zeros((workers, neurons), f32),
        boost=zeros((workers, neurons), f32),
        filters=zeros((workers, 2, widest), f32),
        trace=zeros((workers, plan.steps * widest), f32),
        entry=zeros((workers, max(1, slots)), f32),
        theta=zeros((workers, max(1, slots)), f32),
        counts=zeros((workers, widest), f32),
        message=zeros((workers, widest), f32),
        laid=zeros((workers, int(plan.laid[-1])), f32),
        kernel=zeros((workers, int(np.diff(plan.laid).max(initial=0))), f32),
        planes=zeros((workers, 3, widest), f32),
        begin=zeros((workers, 2, plan.steps), i32),
    )
