"""Scratch memory of the kernels; the leading axis is the samples in flight, who share none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...ir.rules import SENT
from ..compiled.plan import Plan
from .tables import Tables

Make = Callable[[tuple[int, ...], npt.DTypeLike], Any]


class Work(NamedTuple):
    """B samples in flight, P populations, N neurons, T steps. Of networks of integers i32, their
    codes, where it says f32."""

    reals: Any  # f32[B, F, N] neuron states
    integers: Any  # i32[B, I, N]
    currents: Any  # f32[B, T row]
    bits: Any  # u32[B, T words]
    number: Any  # i32[B, P T] spikes of a population in a step
    spikes: Any  # i32[B, T N] who fired, by population and step
    times: Any  # i32[B, T N] when, by neuron
    count: Any  # i32[B, N]
    numbers: Any  # f32[B, N] what inputs send in every step; one where none does
    steady: Any  # f32[B, S] what it brings in every step, projection by projection
    graded: Any  # f32[B, T, G] what populations emit and send, step by step; one where none does
    sample: Any  # u32[B, 2] the id of each, low word first: what sources draw is keyed by it
    shares: Any  # f32[B, N] by what each unit's is multiplied; one where none are left out


def make_work(make: Make, plan: Plan, tables: Tables, flight: int) -> Work:
    """Scratch for presenting `flight` samples at once; `make` gives zeros on the device."""
    return Work(**forward_arrays(make, plan, tables, flight))


def forward_arrays(make: Make, plan: Plan, tables: Tables, flight: int) -> dict[str, Any]:
    """The arrays of `Work` by name."""
    neurons, steps, kind = int(plan.neurons[-1]), plan.steps, plan.real_init.dtype
    return {
        "reals": make((flight, len(plan.real_init), neurons), kind),
        "integers": make((flight, len(plan.integer_init), neurons), np.int32),
        "currents": make((flight, steps * tables.row), kind),
        "bits": make((flight, steps * tables.words), np.uint32),
        "number": make((flight, len(plan.model) * steps), np.int32),
        "spikes": make((flight, steps * neurons), np.int32),
        "times": make((flight, steps * neurons), np.int32),
        "count": make((flight, neurons), np.int32),
        "numbers": make((flight, neurons if (plan.encoder == SENT).any() else 1), kind),
        "steady": make((flight, max(1, int(plan.steady[-1]))), kind),
        "graded": make(_graded(plan, flight), kind),
        "sample": make((flight, 2), np.uint32),
        "shares": make((flight, neurons if (plan.dropped > 0).any() else 1), np.float32),
    }


def _graded(plan: Plan, flight: int) -> tuple[int, int, int]:
    numbers = int(plan.graded[-1])
    return (flight, plan.steps, numbers) if numbers else (flight, 1, 1)


def bytes_of(build: Callable[[Make], Any]) -> int:
    """The bytes of all arrays that `build` would make."""
    total = 0

    def weigh(shape: tuple[int, ...], dtype: npt.DTypeLike) -> None:
        nonlocal total
        total += int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize

    build(weigh)
    return total
