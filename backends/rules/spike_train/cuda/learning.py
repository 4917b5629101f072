"""The persistent kernel `learn`: any number of updates in one launch.

The samples of an update are in flight together (see `timeloop.py`):

    present | traces, pulls | judge | traces of what the output sends
            | for each block of the graph, from the output: errors | solve | messages
            | update

The host does nothing between two updates.
"""

from __future__ import annotations

import numpy as np
from numba import cuda

from ....compiled.kinds import LIST, WINDOW
from ....compiled.windows import (
    COLUMNS,
    HEIGHT,
    KERNEL,
    PADDING,
    READ,
    ROWS,
    STRIDE,
    WIDTH,
    channels_of,
    coordinates,
    taps_of,
)
from ....cuda.kernels.grid import chunks_of, f32, first_item, meet
from ....cuda.timeloop import present
from ....optimizers.cuda.update import row_pull, row_squares, scaled, update_weight
from ..formulas import is_apart
from .backward import backward, judge
from .learn import entry_of, make_traces, row_bounds, synapse

ZERO = np.float32(0.0)


@cuda.jit(device=True)
def make_pulls(plan, rule, learning, optimizer, store, work, done):  # type: ignore[no-untyped-def]
    """The regularizer's pull on every row of weights that learns."""
    for j in range(len(plan.pre)):
        if rule.trains[j] != 0:
            rows = learning.rows[j]
            l = first_item(done)
            while l < rows:
                start, stop = weight_bounds(plan, rule, learning, j, l)
                listed = plan.kind[j] == LIST
                values = store.weights if is_apart(rule.form[j]) else store.rows
                k = row_pull(optimizer, values, rule.in_index, start, stop, listed)
                if cuda.threadIdx.x == 0:
                    work.pull[learning.pull_row[j] + l] = k
                l += cuda.gridDim.x
            done += rows


@cuda.jit(device=True)
def make_squares(plan, rule, learning, store, work):  # type: ignore[no-untyped-def]
    """The squares of the gradients of every row of weights that learns, added up."""
    done = 0
    for j in range(len(plan.pre)):
        if rule.trains[j] != 0:
            rows = learning.rows[j]
            l = first_item(done)
            while l < rows:
                start, stop = weight_bounds(plan, rule, learning, j, l)
                listed = plan.kind[j] == LIST
                total = row_squares(store.gradient, rule.in_index, start, stop, listed)
                if cuda.threadIdx.x == 0:
                    work.squares[learning.pull_row[j] + l] = total
                l += cuda.gridDim.x
            done += rows


@cuda.jit(device=True)
def weight_bounds(plan, rule, learning, j, l):  # type: ignore[no-untyped-def]
    """Row l of the weights of projection j: that of a post neuron, see `row_bounds`, or where they
    are shared, of a channel."""
    if plan.kind[j] == WINDOW:
        start = plan.weight[j] + l * learning.row_size[j]
        return start, start + learning.row_size[j]
    return row_bounds(plan, rule, j, l)


@cuda.jit(device=True)
def synapse_gradient(plan, rule, learning, work, b, j, l, k, slot):  # type: ignore[no-untyped-def]
    """dE/dw of the synapse from pre neuron k to post neuron l in the sample at place b; where
    projection j lies inside a block, its S-PSP is that of `slot`."""
    i = plan.neurons[plan.post[j]] + l
    if work.count[b, plan.neurons[plan.pre[j]] + k] == 0:
        return ZERO
    if work.count[b, i] == 0:
        entry = rule.silent_entry
    elif rule.inside[j] != 0:
        entry = work.entry[b, slot]
    else:
        entry = entry_of(plan, rule, learning, work, b, j, l, k)
    return work.error[b, i] * work.boost[b, i] * entry


@cuda.jit(device=True)
def window_slot(plan, rule, learning, j, l, c, a, b):  # type: ignore[no-untyped-def]
    """Where the S-PSP is of the synapse to post neuron l through tap (a, b) of channel c, if
    projection j lies inside a block, where it is a list."""
    if rule.inside[j] == 0:
        return np.int64(0)
    window, row = plan.windows[j], rule.in_row[j]
    _, y, x = coordinates(l, window[ROWS], window[COLUMNS])
    kernel, stride, padding = window[KERNEL], window[STRIDE], window[PADDING]
    _, a0, a1 = taps_of(y, kernel, stride, padding, window[HEIGHT])
    _, b0, b1 = taps_of(x, kernel, stride, padding, window[WIDTH])
    before = (c % window[READ] * (a1 - a0) + a - a0) * (b1 - b0) + b - b0
    return learning.slot[j] + rule.in_ptr[row + l] - rule.in_ptr[row] + before


@cuda.jit(device=True)
def window_gradient(plan, rule, learning, work, b, j, at):  # type: ignore[no-untyped-def]
    """The same of the shared weight at a place among those of projection j: of all its synapses."""
    window, total = plan.windows[j], ZERO
    kernel, stride, padding = window[KERNEL], window[STRIDE], window[PADDING]
    pair, a, tap = coordinates(at, kernel, kernel)
    o = pair // window[READ]
    first, _ = channels_of(window, o)
    c = first + pair - o * window[READ]
    for y in range(window[ROWS]):
        i = y * stride + a - padding
        if i < 0 or i >= window[HEIGHT]:
            continue
        for x in range(window[COLUMNS]):
            column = x * stride + tap - padding
            if 0 <= column < window[WIDTH]:
                k = (c * window[HEIGHT] + i) * window[WIDTH] + column
                l = (o * window[ROWS] + y) * window[COLUMNS] + x
                slot = window_slot(plan, rule, learning, j, l, c, a, tap)
                total += synapse_gradient(plan, rule, learning, work, b, j, l, k, slot)
    return total


@cuda.jit(device=True)
def learn_weight(  # type: ignore[no-untyped-def]
    plan, rule, learning, optimizer, number, scale, store, work, count, j, l, start, s, is_first,
    is_last,
):  # fmt: skip
    """Weight s of the row l, which begins at `start`: its gradient summed over the samples in
    flight, in their order, and its update.

    With more samples in a batch than fit in flight, the sum waits in store.gradient between waves.
    """
    k, at = np.int64(0), s
    if plan.kind[j] != WINDOW:
        k, at = synapse(plan, rule, j, l, start, s)
    total = ZERO if is_first else store.gradient[at]
    if plan.kind[j] == WINDOW:
        for b in range(count):
            total += window_gradient(plan, rule, learning, work, b, j, at - plan.weight[j])
    else:
        origin, _ = row_bounds(plan, rule, j, 0)
        slot = learning.slot[j] + s - origin
        for b in range(count):
            total += synapse_gradient(plan, rule, learning, work, b, j, l, k, slot)
    if not is_last:
        store.gradient[at] = total
        return
    pull = work.pull[learning.pull_row[j] + l]
    if is_apart(rule.form[j]):
        update_weight(
            optimizer, number, j, store.weights, store.first, store.second, at, scale * total, pull
        )
        return
    posts = plan.neurons[plan.post[j] + 1] - plan.neurons[plan.post[j]]
    store.weights[plan.weight[j] + k * posts + l] = update_weight(
        optimizer, number, j, store.rows, store.first, store.second, at, scale * total, pull
    )


@cuda.jit(device=True)
def update(  # type: ignore[no-untyped-def]
    plan, rule, learning, optimizer, number, scale, store, work, count, is_first, is_last
):
    """Every weight that learns: an item is a block's width of one row; `number` is the update's."""
    done = 0
    for j in range(len(plan.pre)):
        if rule.trains[j] != 0:
            rows = learning.rows[j]
            chunks = chunks_of(learning.row_size[j])
            item = first_item(done)
            while item < rows * chunks:
                l = item // chunks
                start, stop = weight_bounds(plan, rule, learning, j, l)
                s = start + (item - l * chunks) * cuda.blockDim.x + cuda.threadIdx.x
                if s < stop:
                    learn_weight(
                        plan, rule, learning, optimizer, number, scale, store, work, count, j, l,
                        start, s, is_first, is_last,
                    )  # fmt: skip
                item += cuda.gridDim.x
            done += rows * chunks


def learn(  # type: ignore[no-untyped-def]
    plan, tables, rule, learning, optimizer, store, work, data, results, first, last, batch, flight,
    key0, key1, barrier,
):  # fmt: skip
    """Learn from the samples first:last, one update per `batch` of them, `flight` at a time.

    optimizer.size and .eps f32[updates] are the step sizes of this call's updates.
    """
    for begin in range(first, last, batch):
        end = min(begin + batch, last)
        updates = (begin - first) // batch
        for start in range(begin, end, flight):
            count = min(flight, end - start)
            present(plan, tables, store.weights, data, work, start, count, key0, key1, barrier)
            done = make_traces(plan, tables, rule, learning, work, count, 0)
            if optimizer.pulls != 0 and start == begin:
                make_pulls(plan, rule, learning, optimizer, store, work, done)
            meet(barrier)
            b = cuda.blockIdx.x
            while b < count:
                judge(
                    plan, tables, rule, learning, store.weights, data, work, results, b, start + b
                )
                b += cuda.gridDim.x
            meet(barrier)
            if learning.has_taught != 0:
                make_traces(plan, tables, rule, learning, work, count, 1)
                meet(barrier)
            backward(plan, rule, learning, store, work, count, barrier)
            scale, is_last = f32(1.0) / f32(end - begin), start + flight >= end
            update(
                plan, rule, learning, optimizer, updates, scale, store, work, count,
                start == begin, is_last and optimizer.whole == 0,
            )  # fmt: skip
            meet(barrier)
            if is_last and optimizer.whole != 0:
                make_squares(plan, rule, learning, store, work)
                meet(barrier)
                scale = scaled(optimizer, work.squares, scale)
                update(
                    plan, rule, learning, optimizer, updates, scale, store, work, 0, False, True,
                )  # fmt: skip
                meet(barrier)
