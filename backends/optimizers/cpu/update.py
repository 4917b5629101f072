"""Weight updates: what the kernels of a rule call for every row of weights."""

from __future__ import annotations

from numba import njit

from ...cpu.units import update_at


@njit
def number_of(optimizer, updates):  # type: ignore[no-untyped-def]
    """Which of a call's updates, from 0, is number `updates` of the training, from 1."""
    return updates - 1 - optimizer.before


@njit
def update_row(optimizer, number, j, weights, first, second, gradient, scale):  # type: ignore[no-untyped-def]
    """The call's `number`-th update of a neuron's incoming weights from projection j, by scale *
    gradient."""
    factor = optimizer.factor[j]
    pace = optimizer.size[number] * factor, optimizer.eps[number], optimizer.rate * factor
    update_at(optimizer.update_row)(
        optimizer.numbers, pace, weights, first, second, gradient, scale
    )
