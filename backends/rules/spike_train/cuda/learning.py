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

from ....cuda.kernels.grid import chunks_of, f32, first_item, meet
from ....cuda.timeloop import present
from ....optimizers.cuda.update import row_pull, row_squares, scaled, update_weight
from .backward import backward, judge
from .learn import entry_of, make_traces, row_bounds, synapse

ZERO = np.float32(0.0)


@cuda.jit(device=True)
def make_pulls(plan, tables, rule, learning, optimizer, store, work, done):  # type: ignore[no-untyped-def]
    """The regularizer's pull on every row of weights that learns."""
    for j in range(len(plan.pre)):
        if rule.trains[j] != 0:
            rows = plan.neurons[plan.post[j] + 1] - plan.neurons[plan.post[j]]
            l = first_item(done)
            while l < rows:
                start, stop = row_bounds(plan, tables, j, l)
                listed = plan.dense[j] == 0
                values = store.weights if listed else store.rows
                k = row_pull(optimizer, values, tables.post_index, start, stop, listed)
                if cuda.threadIdx.x == 0:
                    work.pull[learning.pull_row[j] + l] = k
                l += cuda.gridDim.x
            done += rows


@cuda.jit(device=True)
def make_squares(plan, tables, rule, learning, store, work):  # type: ignore[no-untyped-def]
    """The squares of the gradients of every row of weights that learns, added up."""
    done = 0
    for j in range(len(plan.pre)):
        if rule.trains[j] != 0:
            rows = plan.neurons[plan.post[j] + 1] - plan.neurons[plan.post[j]]
            l = first_item(done)
            while l < rows:
                start, stop = row_bounds(plan, tables, j, l)
                listed = plan.dense[j] == 0
                total = row_squares(store.gradient, tables.post_index, start, stop, listed)
                if cuda.threadIdx.x == 0:
                    work.squares[learning.pull_row[j] + l] = total
                l += cuda.gridDim.x
            done += rows


@cuda.jit(device=True)
def learn_synapse(  # type: ignore[no-untyped-def]
    plan, tables, rule, learning, optimizer, number, scale, store, work, count, j, l, start, s,
    is_first, is_last,
):  # fmt: skip
    """One weight: its gradient summed over the samples in flight, in their order, and its update.

    With more samples in a batch than fit in flight, the sum waits in store.gradient between waves.
    """
    k, at = synapse(plan, tables, j, start, s)
    origin, _ = row_bounds(plan, tables, j, 0)
    p = plan.post[j]
    i, pre = plan.neurons[p] + l, plan.neurons[plan.pre[j]] + k
    total = ZERO if is_first else store.gradient[at]
    for b in range(count):
        if work.count[b, pre] > 0:
            x = work.error[b, i] * work.boost[b, i]
            if work.count[b, i] == 0:
                entry = rule.silent_entry
            elif rule.inside[j] != 0:
                entry = work.entry[b, learning.slot[j] + s - origin]
            else:
                entry = entry_of(plan, rule, learning, work, b, j, l, k)
            total += x * entry
    if not is_last:
        store.gradient[at] = total
        return
    pull = work.pull[learning.pull_row[j] + l]
    if plan.dense[j] == 0:
        update_weight(
            optimizer, number, j, store.weights, store.first, store.second, at, scale * total, pull
        )
        return
    posts = plan.neurons[p + 1] - plan.neurons[p]
    store.weights[plan.weight[j] + k * posts + l] = update_weight(
        optimizer, number, j, store.rows, store.first, store.second, at, scale * total, pull
    )


@cuda.jit(device=True)
def update(  # type: ignore[no-untyped-def]
    plan, tables, rule, learning, optimizer, number, scale, store, work, count, is_first, is_last
):
    """Every weight that learns: an item is a block's width of one row; `number` is the update's."""
    done = 0
    for j in range(len(plan.pre)):
        if rule.trains[j] != 0:
            rows = plan.neurons[plan.post[j] + 1] - plan.neurons[plan.post[j]]
            chunks = chunks_of(learning.fan_in[j])
            item = first_item(done)
            while item < rows * chunks:
                l = item // chunks
                start, stop = row_bounds(plan, tables, j, l)
                s = start + (item - l * chunks) * cuda.blockDim.x + cuda.threadIdx.x
                if s < stop:
                    learn_synapse(
                        plan, tables, rule, learning, optimizer, number, scale, store, work,
                        count, j, l, start, s, is_first, is_last,
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
                make_pulls(plan, tables, rule, learning, optimizer, store, work, done)
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
            backward(plan, tables, rule, learning, store, work, count, barrier)
            scale, is_last = f32(1.0) / f32(end - begin), start + flight >= end
            update(
                plan, tables, rule, learning, optimizer, updates, scale, store, work, count,
                start == begin, is_last and optimizer.whole == 0,
            )  # fmt: skip
            meet(barrier)
            if is_last and optimizer.whole != 0:
                make_squares(plan, tables, rule, learning, store, work)
                meet(barrier)
                scale = scaled(optimizer, work.squares, scale)
                update(
                    plan, tables, rule, learning, optimizer, updates, scale, store, work, 0, False,
                    True,
                )  # fmt: skip
                meet(barrier)
