"""Weight updates of one row: the regularizer's pull, then Adam or gradient descent."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from ..formulas import adam_step, descent_step, pull_factor
from ..numbers import ADAM, DESCENT


@njit
def step_size(optimizer, updates):  # type: ignore[no-untyped-def]
    """(size, eps) of update number `updates` (from 1), Adam's bias corrections folded in."""
    if optimizer.kind == DESCENT:
        return np.float32(optimizer.rate), np.float32(0.0)
    first = 1.0 - math.pow(optimizer.beta1, updates)
    second = math.sqrt(1.0 - math.pow(optimizer.beta2, updates))
    return np.float32(optimizer.rate * second / first), np.float32(optimizer.eps * second)


@njit
def pull(optimizer, weights):  # type: ignore[no-untyped-def]
    """`pull_factor` of a row, 0 without a regularizer."""
    if optimizer.strength == 0.0 or len(weights) == 0:
        return np.float32(0.0)
    total = 0.0
    for j in range(len(weights)):
        total += np.float64(weights[j]) * np.float64(weights[j])
    return pull_factor(total, len(weights), optimizer.strength, optimizer.beta, optimizer.limit)


# Division by zero gives an infinity here: the check for it would keep the loop scalar.
@njit(error_model="numpy")
def adam(weights, first, second, gradient, scale, decay, beta1, beta2, size, eps):  # type: ignore[no-untyped-def]
    """Adam on a row with gradient scale * gradient + decay * weights."""
    for j in range(len(weights)):
        g = scale * gradient[j] + decay * weights[j]
        weights[j], first[j], second[j] = adam_step(
            weights[j], g, first[j], second[j], beta1, beta2, size, eps
        )


@njit
def descend(weights, first, gradient, scale, decay, momentum, size):  # type: ignore[no-untyped-def]
    """Gradient descent with momentum on a row with gradient scale * gradient + decay * weights."""
    for j in range(len(weights)):
        g = scale * gradient[j] + decay * weights[j]
        weights[j], first[j] = descent_step(weights[j], g, first[j], momentum, size)


@njit
def update_row(optimizer, size, eps, weights, first, second, gradient, scale):  # type: ignore[no-untyped-def]
    """One update of a neuron's incoming weights from one projection."""
    decay = pull(optimizer, weights)
    if optimizer.kind == ADAM:
        beta1, beta2 = np.float32(optimizer.beta1), np.float32(optimizer.beta2)
        adam(weights, first, second, gradient, scale, decay, beta1, beta2, size, eps)
        return
    descend(weights, first, gradient, scale, decay, np.float32(optimizer.beta1), size)
