"""Weight updates of one row: the regularizer's pull, then Adam or gradient descent."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

ONE = np.float32(1.0)
ZERO = np.float32(0.0)
FAINT = np.float32(1e-30)
ADAM, SGD = 0, 1


@njit
def step_size(optimizer, updates):  # type: ignore[no-untyped-def]
    """(size, eps) of update number `updates` (from 1), Adam's bias corrections folded in."""
    if optimizer.kind == SGD:
        return np.float32(optimizer.rate), np.float32(0.0)
    first = 1.0 - math.pow(optimizer.beta1, updates)
    second = math.sqrt(1.0 - math.pow(optimizer.beta2, updates))
    return np.float32(optimizer.rate * second / first), np.float32(optimizer.eps * second)


@njit
def pull(optimizer, weights):  # type: ignore[no-untyped-def]
    """k of the exponential regularizer: k w is added to the gradient of every weight w of a row.

    k = (strength beta / limit) exp(beta (mean_j (w_j / limit)^2 - 1)); Jin, Zhang & Li 2018.
    """
    if optimizer.strength == 0.0 or len(weights) == 0:
        return np.float32(0.0)
    total = 0.0
    for j in range(len(weights)):
        total += np.float64(weights[j]) * np.float64(weights[j])
    mean = total / (len(weights) * optimizer.limit * optimizer.limit)
    scale = optimizer.strength * optimizer.beta / optimizer.limit
    return np.float32(scale * math.exp(optimizer.beta * (mean - 1.0)))


# Division by zero gives an infinity here: the check for it would keep the loop scalar.
@njit(error_model="numpy")
def adam(weights, first, second, gradient, scale, decay, beta1, beta2, size, eps):  # type: ignore[no-untyped-def]
    """Adam on a row with gradient scale * gradient + decay * weights.

    Moments too small to move a weight become zero: weights that rarely get a gradient would else
    decay into denormal numbers, on which a processor is a hundred times slower.
    """
    rest1, rest2 = ONE - beta1, ONE - beta2
    for j in range(len(weights)):
        w = weights[j]
        g = scale * gradient[j] + decay * w
        m = beta1 * first[j] + rest1 * g
        v = beta2 * second[j] + rest2 * (g * g)
        m = m if abs(m) > FAINT else ZERO
        v = v if v > FAINT else ZERO
        first[j] = m
        second[j] = v
        weights[j] = w - size * m / (np.sqrt(v) + eps)


@njit
def descend(weights, first, gradient, scale, decay, momentum, size):  # type: ignore[no-untyped-def]
    """Gradient descent with momentum on a row with gradient scale * gradient + decay * weights."""
    for j in range(len(weights)):
        w = weights[j]
        m = momentum * first[j] + (scale * gradient[j] + decay * w)
        m = m if abs(m) > FAINT else ZERO
        first[j] = m
        weights[j] = w - size * m


@njit
def update_row(optimizer, size, eps, weights, first, second, gradient, scale):  # type: ignore[no-untyped-def]
    """One update of a neuron's incoming weights from one projection."""
    decay = pull(optimizer, weights)
    if optimizer.kind == ADAM:
        beta1, beta2 = np.float32(optimizer.beta1), np.float32(optimizer.beta2)
        adam(weights, first, second, gradient, scale, decay, beta1, beta2, size, eps)
        return
    descend(weights, first, gradient, scale, decay, np.float32(optimizer.beta1), size)
