"""Weight updates: the regularizer's pull, then Adam or gradient descent; one thread a weight."""

from __future__ import annotations

from numba import cuda

from ...cuda.kernels.grid import block_sum, f32
from ..formulas import adam_step, descent_step, pull_factor
from ..numbers import ADAM

ZERO = f32(0.0)


@cuda.jit(device=True)
def row_pull(optimizer, values, index, start, stop, listed):  # type: ignore[no-untyped-def]
    """The pull on the row values[start:stop], or values[index[start:stop]] where it is listed."""
    total = ZERO
    s = start + cuda.threadIdx.x
    while s < stop:
        w = values[index[s]] if listed else values[s]
        total += w * w
        s += cuda.blockDim.x
    total = block_sum(total)
    if start == stop:
        return ZERO
    return pull_factor(
        total, f32(stop - start), optimizer.strength, optimizer.beta, optimizer.limit
    )


@cuda.jit(device=True)
def update_weight(optimizer, size, eps, values, first, second, at, gradient, decay):  # type: ignore[no-untyped-def]
    """One update of values[at] with `gradient` + decay * weight; the new weight."""
    w = values[at]
    g = gradient + decay * w
    if optimizer.kind == ADAM:
        w, first[at], second[at] = adam_step(
            w, g, first[at], second[at], optimizer.beta1, optimizer.beta2, size, eps
        )
    else:
        w, first[at] = descent_step(w, g, first[at], optimizer.beta1, size)
    values[at] = w
    return w
