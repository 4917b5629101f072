"""Weight updates: the regularizer's pull, then Adam or gradient descent; one thread a weight."""

from __future__ import annotations

import math

from numba import cuda

from ...cuda.kernels.grid import block_sum, f32

ONE = f32(1.0)
ZERO = f32(0.0)
FAINT = f32(1e-30)
ADAM = 0


@cuda.jit(device=True)
def pull(optimizer, total, synapses):  # type: ignore[no-untyped-def]
    """k of the exponential regularizer: k w is added to the gradient of every weight w of a row.

    total is the row's sum of w^2 over its synapses; Jin, Zhang & Li 2018.
    """
    if synapses == 0:
        return ZERO
    limit = optimizer.limit
    mean = total / (f32(synapses) * limit * limit)
    scale = optimizer.strength * optimizer.beta / limit
    return scale * f32(math.exp(optimizer.beta * (mean - ONE)))


@cuda.jit(device=True)
def row_pull(optimizer, values, index, start, stop, listed):  # type: ignore[no-untyped-def]
    """`pull` of the row values[start:stop], or values[index[start:stop]] where it is listed."""
    total = ZERO
    s = start + cuda.threadIdx.x
    while s < stop:
        w = values[index[s]] if listed else values[s]
        total += w * w
        s += cuda.blockDim.x
    return pull(optimizer, block_sum(total), stop - start)


@cuda.jit(device=True)
def update_weight(optimizer, size, eps, values, first, second, at, gradient, decay):  # type: ignore[no-untyped-def]
    """One update of values[at] with `gradient` + decay * weight; the new weight."""
    w = values[at]
    g = gradient + decay * w
    m = optimizer.beta1 * first[at]
    if optimizer.kind != ADAM:
        m += g
        m = m if abs(m) > FAINT else ZERO
        first[at] = m
        values[at] = w - size * m
        return values[at]
    m += (ONE - optimizer.beta1) * g
    v = optimizer.beta2 * second[at] + (ONE - optimizer.beta2) * (g * g)
    m = m if abs(m) > FAINT else ZERO
    v = v if v > FAINT else ZERO
    first[at] = m
    second[at] = v
    w -= size * m / (f32(math.sqrt(v)) + eps)
    values[at] = w
    return w
