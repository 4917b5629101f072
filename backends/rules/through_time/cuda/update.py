"""Gradients of a batch, weight by weight, and their updates."""

from __future__ import annotations

import numpy as np
from numba import cuda

from ....compiled.kinds import LIST, PAIRS, WINDOW
from ....cuda.kernels.grid import chunks_of, first_item
from ....optimizers.cuda.update import row_pull, row_squares, update_weight
from .credit import credit, credit_window

ZERO = np.float32(0.0)


@cuda.jit(device=True)
def row_of(plan, learning, j, r):  # type: ignore[no-untyped-def]
    """Row r of the weights of projection j, those that a regularizer looks at together."""
    size = (plan.weight[j + 1] - plan.weight[j]) // learning.rows[j]
    start = plan.weight[j] + r * size
    return start, start + size


@cuda.jit(device=True)
def make_pulls(plan, through, learning, optimizer, store, work):  # type: ignore[no-untyped-def]
    """The regularizer's pull on every row of weights that learns."""
    done = 0
    for j in range(len(plan.pre)):
        if through.trains[j] != 0:
            r = first_item(done)
            while r < learning.rows[j]:
                start, stop = row_of(plan, learning, j, r)
                values = store.rows if plan.kind[j] == PAIRS else store.weights
                k = row_pull(optimizer, values, plan.weight, start, stop, False)
                if cuda.threadIdx.x == 0:
                    work.pull[learning.first_row[j] + r] = k
                r += cuda.gridDim.x
            done += learning.rows[j]


@cuda.jit(device=True)
def make_squares(plan, through, learning, store, work):  # type: ignore[no-untyped-def]
    """The squares of the gradients of as many weights, added up."""
    done = 0
    for j in range(len(plan.pre)):
        if through.trains[j] != 0:
            r = first_item(done)
            while r < learning.rows[j]:
                start, stop = row_of(plan, learning, j, r)
                total = row_squares(store.gradient, plan.weight, start, stop, False)
                if cuda.threadIdx.x == 0:
                    work.squares[learning.first_row[j] + r] = total
                r += cuda.gridDim.x
            done += learning.rows[j]


@cuda.jit(device=True)
def learn_weight(  # type: ignore[no-untyped-def]
    plan, tables, learning, optimizer, number, scale, store, work, count, j, k, s, is_first,
    is_last,
):  # fmt: skip
    """Weight s of line k of projection j: its gradient summed over the samples in flight, in their
    order, and its update.

    With more samples in a batch than fit in flight, the sum waits in store.gradient between waves.
    """
    at, l = plan.weight[j] + k * learning.line[j] + s, s
    if plan.kind[j] == LIST:
        first = plan.csr_ptr[plan.row[j]]
        s += plan.csr_ptr[plan.row[j] + k]
        if s >= plan.csr_ptr[plan.row[j] + k + 1]:
            return
        at, l = plan.weight[j] + s - first, np.int64(plan.csr_post[s])
    total = ZERO if is_first else store.gradient[at]
    for b in range(count):
        if plan.kind[j] == WINDOW:
            total += credit_window(plan, tables, work, b, j, s)
        else:
            total += credit(plan, tables, work, b, j, k, l)
    if not is_last:
        store.gradient[at] = total
        return
    is_dense = plan.kind[j] == PAIRS
    pull = work.pull[learning.first_row[j] + (l if is_dense else 0)]
    w = update_weight(
        optimizer, number, j, store.weights, store.first, store.second, at, scale * total, pull
    )
    if is_dense:
        store.rows[plan.weight[j] + l * learning.lines[j] + k] = w


@cuda.jit(device=True)
def update(  # type: ignore[no-untyped-def]
    plan, tables, through, learning, optimizer, number, scale, store, work, count, is_first, is_last
):
    """Every weight that learns, update `number`; an item is a block's width of one line."""
    done = 0
    for j in range(len(plan.pre)):
        if through.trains[j] != 0:
            chunks = chunks_of(learning.line[j])
            item = first_item(done)
            while item < learning.lines[j] * chunks:
                k = item // chunks
                s = (item - k * chunks) * cuda.blockDim.x + cuda.threadIdx.x
                if s < learning.line[j]:
                    learn_weight(
                        plan, tables, learning, optimizer, number, scale, store, work, count, j, k,
                        s, is_first, is_last,
                    )  # fmt: skip
                item += cuda.gridDim.x
            done += learning.lines[j] * chunks


@cuda.jit(device=True)
def add_starts(work, count, is_first):  # type: ignore[no-untyped-def]
    """dL/d(where a state starts) of every neuron, summed over the samples in flight, in their
    order."""
    states, neurons = work.starts.shape
    item = cuda.blockIdx.x * cuda.blockDim.x + cuda.threadIdx.x
    while item < states * neurons:
        k = item // neurons
        n = item - k * neurons
        total = ZERO if is_first else work.starts[k, n]
        for b in range(count):
            total += work.later[b, k, n]
        work.starts[k, n] = total
        item += cuda.gridDim.x * cuda.blockDim.x
