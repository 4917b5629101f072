"""Weight updates on a GPU, one thread a weight, by the functions that `chain` makes."""

from __future__ import annotations

import math
from typing import Any

from numba import cuda

from ...cuda.kernels.grid import block_sum, f32

# Generated beside this text; declared for the types alone.
changed: Any
pulled: Any
clipped: Any


@cuda.jit(device=True)
def row_squares(values, index, start, stop, listed):  # type: ignore[no-untyped-def]
    """The squares of values[start:stop], or of values[index[start:stop]] where listed, added up."""
    total = f32(0.0)
    s = start + cuda.threadIdx.x
    while s < stop:
        w = values[index[s]] if listed else values[s]
        total += w * w
        s += cuda.blockDim.x
    return block_sum(total)


@cuda.jit(device=True)
def row_pull(optimizer, values, index, start, stop, listed):  # type: ignore[no-untyped-def]
    """k of the regularizer of a row: k w is added to the gradient of every weight w."""
    total = row_squares(values, index, start, stop, listed)
    if start == stop:
        return f32(0.0)
    return pulled(optimizer.numbers, total, f32(stop - start))  # noqa: F821


@cuda.jit(device=True)
def scaled(optimizer, squares, scale):  # type: ignore[no-untyped-def]
    """The factor of the sum of a batch's gradients, `scale` for their mean, where the chain looks
    at the whole of it. squares: of every row of that sum; every block finds the same."""
    total = f32(0.0)
    k = cuda.threadIdx.x
    while k < squares.shape[0]:
        total += squares[k]
        k += cuda.blockDim.x
    return scale * clipped(optimizer.numbers, scale * f32(math.sqrt(block_sum(total))))  # noqa: F821


@cuda.jit(device=True)
def update_weight(optimizer, update, j, values, first, second, at, gradient, k):  # type: ignore[no-untyped-def]
    """One update, the call's `update`-th, of values[at] in projection j; the new weight."""
    factor = optimizer.factor[j]
    w, first[at], second[at] = changed(  # noqa: F821
        optimizer.numbers, values[at], gradient, first[at], second[at], k,
        optimizer.size[update] * factor, optimizer.eps[update], optimizer.rate * factor,
    )  # fmt: skip
    values[at] = w
    return w
