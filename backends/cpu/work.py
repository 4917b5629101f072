"""Scratch memory of the kernels; the leading axis is the workers (or groups), who share none."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .plan import Plan

Array = npt.NDArray[Any]
WINDOW = 40  # steps
WIDE_LIMIT = 1 << 26  # neuron steps


class Work(NamedTuple):
    """W workers, P populations, N neurons, T steps; M is the widest population."""

    reals: Array  # f32[W, F, N] neuron states
    integers: Array  # i32[W, I, N]
    currents: Array  # f32[W, window, ports * N] what arrives, steps modulo the window
    fired: Array  # u8[W, M]
    ptr: Array  # i32[W, P, T + 1] events of a population up to step t
    spikes: Array  # i32[W, events]
    threshold: Array  # u32[W, M]
    active: Array  # i32[W, M]
    flags: Array  # u8[W, 4, M]


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


def make_work(plan: Plan, workers: int) -> Work:
    """Scratch for `workers` samples in flight; a single one runs all its steps in one window."""
    neurons, populations, steps = int(plan.neurons[-1]), len(plan.model), plan.steps
    widest = plan.widest
    window = steps if workers == 1 and steps * neurons <= WIDE_LIMIT else min(steps, WINDOW)
    return Work(
        reals=np.zeros((workers, len(plan.real_init), neurons), np.float32),
        integers=np.zeros((workers, len(plan.integer_init), neurons), np.int32),
        currents=np.zeros((workers, window, plan.ports * neurons), np.float32),
        fired=np.zeros((workers, widest), np.uint8),
        ptr=np.zeros((workers, populations, steps + 1), np.int32),
        spikes=np.zeros((workers, int(plan.events[-1]) + 8), np.int32),
        threshold=np.zeros((workers, widest), np.uint32),
        active=np.zeros((workers, widest), np.int32),
        flags=np.zeros((workers, 4, widest), np.uint8),
    )


def make_backward(plan: Plan, slots: int, workers: int) -> Backward:
    """Scratch for the backward pass; `slots` counts the synapses inside recurrent blocks."""
    neurons, populations = int(plan.neurons[-1]), len(plan.model)
    widest, events = plan.widest, int(plan.events[-1]) + plan.steps
    f32, i32 = np.float32, np.int32
    return Backward(
        row=np.zeros((workers, neurons + populations), i32),
        times=np.zeros((workers, events), i32),
        fill=np.zeros((workers, widest), i32),
        column=np.zeros((workers, widest), i32),
        active=np.zeros((workers, widest), i32),
        delta=np.zeros((workers, neurons), f32),
        error=np.zeros((workers, neurons), f32),
        omega=np.zeros((workers, neurons), f32),
        boost=np.zeros((workers, neurons), f32),
        filters=np.zeros((workers, 2, widest), f32),
        trace=np.zeros((workers, plan.steps * widest), f32),
        entry=np.zeros((workers, max(1, slots)), f32),
        theta=np.zeros((workers, max(1, slots)), f32),
        counts=np.zeros((workers, widest), f32),
    )
