"""Scratch memory of the kernels; the leading axis is the samples in flight, who share none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..layout.plan import Plan
from .protocol import GIB
from .tables import Sizes, Tables

SYSTEM_BYTES = GIB  # for eliminating recurrent systems whose sweeps do not converge
Make = Callable[[tuple[int, ...], npt.DTypeLike], Any]


class Work(NamedTuple):
    """B samples in flight, P populations, N neurons, T steps."""

    reals: Any  # f32[B, F, N] neuron states
    integers: Any  # i32[B, I, N]
    currents: Any  # f32[B, T row]
    bits: Any  # u32[B, T words]
    number: Any  # i32[B, P T] spikes of a population in a step
    spikes: Any  # i32[B, T N] who fired, by population and step
    times: Any  # i32[B, T N] when, by neuron
    count: Any  # i32[B, N]


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
    trace: Any  # f32[B, traces]
    delta: Any  # f32[B, N] error from the loss
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


def make_work(make: Make, plan: Plan, tables: Tables, flight: int) -> Work:
    """Scratch for presenting `flight` samples at once; `make` gives zeros on the device."""
    return Work(**_forward(make, plan, tables, flight))


def make_backward(
    make: Make, plan: Plan, tables: Tables, sizes: Sizes, slots: int, flight: int, blocks: int
) -> Backward:
    """Scratch for learning from `flight` samples at once, on `blocks` blocks."""
    neurons = int(plan.neurons[-1])
    outputs = int(plan.neurons[plan.output + 1] - plan.neurons[plan.output])
    system = sizes.largest_system * (sizes.largest_system + 1)
    systems = min(blocks, flight, max(1, SYSTEM_BYTES // (4 * system))) if slots else 1
    f32 = np.float32
    return Backward(
        **_forward(make, plan, tables, flight),
        trace=make((flight, max(1, sizes.traces)), f32),
        delta=make((flight, neurons), f32),
        error=make((flight, neurons), f32),
        omega=make((flight, neurons), f32),
        boost=make((flight, neurons), f32),
        parts=make((flight, max(1, sizes.parts)), f32),
        entry=make((flight, max(1, slots)), f32),
        theta=make((flight, max(1, slots)), f32),
        right=make((flight, neurons), f32),
        solution=make((flight, 2 * neurons), f32),
        ratio=make((flight, outputs * outputs), f32),
        system=make((systems, system if slots else 1), f32),
        pull=make((max(1, sizes.pulls),), f32),
    )


def _forward(make: Make, plan: Plan, tables: Tables, flight: int) -> dict[str, Any]:
    neurons, steps = int(plan.neurons[-1]), plan.steps
    return {
        "reals": make((flight, len(plan.real_init), neurons), np.float32),
        "integers": make((flight, len(plan.integer_init), neurons), np.int32),
        "currents": make((flight, steps * tables.row), np.float32),
        "bits": make((flight, steps * tables.words), np.uint32),
        "number": make((flight, len(plan.model) * steps), np.int32),
        "spikes": make((flight, steps * neurons), np.int32),
        "times": make((flight, steps * neurons), np.int32),
        "count": make((flight, neurons), np.int32),
    }


def bytes_of(build: Callable[[Make], Any]) -> int:
    """The bytes of all arrays that `build` would make."""
    total = 0

    def weigh(shape: tuple[int, ...], dtype: npt.DTypeLike) -> None:
        nonlocal total
        total += int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize

    build(weigh)
    return total
