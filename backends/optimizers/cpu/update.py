"""Weight updates: what the kernels of a rule call for every row of weights."""

from __future__ import annotations

from numba import njit

from ...cpu.units import update_at


@njit
def step_size(optimizer, updates):  # type: ignore[no-untyped-def]
    """(size, eps) of update number `updates`, from 1."""
    k = updates - 1 - optimizer.before
    return optimizer.size[k], optimizer.eps[k]


@njit
def update_row(optimizer, size, eps, weights, first, second, gradient, scale):  # type: ignore[no-untyped-def]
    """One update of a neuron's incoming weights from one projection by scale * gradient."""
    update_at(optimizer.update_row)(
        optimizer.numbers, (size, eps, optimizer.rate), weights, first, second, gradient, scale
    )
