"""The persistent kernel `learn`: any number of updates in one launch.

The samples of an update are in flight together (see `driver.py`):

    present | traces, pulls | judge | traces of what the output sends
            | for each block of the graph, from the output: errors | solve | messages
            | update

The host does nothing between two updates.
"""

from __future__ import annotations

from numba import cuda

from ....cuda.kernels.grid import f32, first_item, meet
from ....cuda.timeloop import present
from ....optimizers.cuda.update import row_pull, row_squares, scaled
from .backward import learn_synapse, message_listed, message_tile, misplaced_solve, solve_block
from .learn import inside_entry, joint_effect, neuron_error, row_bounds
from .loss import judge
from .spsp import make_trace

ZERO = f32(0.0)


@cuda.jit(device=True)
def chunks_of(neurons):  # type: ignore[no-untyped-def]
    """How many blocks' widths `neurons` threads fill."""
    return (neurons + cuda.blockDim.x - 1) // cuda.blockDim.x


@cuda.jit(device=True)
def make_traces(plan, tables, rule, learning, work, count, taught):  # type: ignore[no-untyped-def]
    """The traces of every projection that needs them, in every sample; the number of items.

    `taught` 0: of the spikes that were; 1: those that a teacher may change, for what else than the
    lateral inhibition the output sends.
    """
    done = 0
    for j in range(len(plan.pre)):
        if learning.trace[j] >= 0 and learning.taught[j] == taught:
            n = plan.neurons[plan.pre[j] + 1] - plan.neurons[plan.pre[j]]
            chunks = chunks_of(n)
            item = first_item(done)
            while item < count * chunks:
                b = item // chunks
                k = (item - b * chunks) * cuda.blockDim.x + cuda.threadIdx.x
                if k < n:
                    make_trace(plan, tables, rule, learning, work, b, j, k)
                item += cuda.gridDim.x
            done += count * chunks
    return done


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
def find_errors(plan, tables, rule, learning, store, work, block, count):  # type: ignore[no-untyped-def]
    """Errors and Omega of the neurons of a block, HM2-BP's factor, S-PSP of its inner synapses."""
    done = 0
    has_inside = learning.has_inside[block] != 0
    for q in range(plan.block[block], plan.block[block + 1]):
        p = plan.order[q]
        n = plan.neurons[p + 1] - plan.neurons[p]
        chunks = chunks_of(n)
        item = first_item(done)
        while item < count * chunks:
            b = item // chunks
            i = (item - b * chunks) * cuda.blockDim.x + cuda.threadIdx.x
            if i < n:
                neuron_error(plan, tables, rule, learning, store, work, b, p, i, has_inside)
            item += cuda.gridDim.x
        done += count * chunks
        if rule.hybrid != 0:
            item = first_item(done)
            while item < count * n:
                joint_effect(plan, tables, rule, learning, store, work, item // n, p, item % n)
                item += cuda.gridDim.x
            done += count * n
        for s in range(plan.inner[p], plan.incoming[p + 1]):
            j = plan.sources[s]
            if rule.inside[j] != 0:
                find_inside(plan, tables, rule, learning, store, work, j, count, done)


@cuda.jit(device=True)
def find_inside(plan, tables, rule, learning, store, work, j, count, done):  # type: ignore[no-untyped-def]
    """S-PSP and Theta of every synapse of inside projection j."""
    synapses = learning.synapses[j]
    chunks = chunks_of(synapses)
    item = first_item(done)
    while item < count * chunks:
        b = item // chunks
        s = (item - b * chunks) * cuda.blockDim.x + cuda.threadIdx.x
        if s < synapses:
            inside_entry(plan, tables, rule, learning, store, work, b, j, s)
        item += cuda.gridDim.x


@cuda.jit(device=True)
def solve_blocks(plan, rule, learning, work, block, count):  # type: ignore[no-untyped-def]
    """The recurrent systems of a block of the graph; as many CUDA blocks take part as have room."""
    slots = min(cuda.gridDim.x, work.system.shape[0])
    slot = cuda.blockIdx.x
    b = slot
    while b < count and slot < slots:
        solve_block(plan, rule, learning, work, b, rule.member[block], rule.member[block + 1], slot)
        b += slots


@cuda.jit(device=True)
def send_messages(plan, rule, learning, store, work, block, count):  # type: ignore[no-untyped-def]
    """What the projections into a block send back, tile by tile."""
    done = 0
    for q in range(plan.block[block], plan.block[block + 1]):
        p = plan.order[q]
        for s in range(plan.incoming[p], plan.incoming[p + 1]):
            j = plan.sources[s]
            if rule.carries[j] != 0:
                n = plan.neurons[plan.pre[j] + 1] - plan.neurons[plan.pre[j]]
                chunks = chunks_of(n)
                items = count * learning.tiles[j] * chunks
                item = first_item(done)
                while item < items:
                    b = item // (learning.tiles[j] * chunks)
                    left = item - b * learning.tiles[j] * chunks
                    tile = left // chunks
                    k = (left - tile * chunks) * cuda.blockDim.x + cuda.threadIdx.x
                    if k < n and plan.dense[j] == 0:
                        message_listed(plan, rule, learning, store, work, b, j, k)
                    elif k < n:
                        message_tile(plan, rule, learning, store, work, b, j, tile, k)
                    item += cuda.gridDim.x
                done += items


@cuda.jit(device=True)
def misplace(plan, rule, learning, work, block, count):  # type: ignore[no-untyped-def]
    """The authors' solve of every message into a recurrent block (profile `reference`)."""
    slots = min(cuda.gridDim.x, work.system.shape[0])
    slot = cuda.blockIdx.x
    for q in range(plan.block[block], plan.block[block + 1]):
        p = plan.order[q]
        for s in range(plan.incoming[p], plan.incoming[p + 1]):
            j = plan.sources[s]
            b = slot
            while b < count and slot < slots and rule.carries[j] != 0:
                first, last = rule.member[block], rule.member[block + 1]
                misplaced_solve(plan, rule, learning, work, b, j, first, last, slot)
                b += slots


@cuda.jit(device=True)
def backward(plan, tables, rule, learning, store, work, count, barrier):  # type: ignore[no-untyped-def]
    """Errors of all neurons of the samples in flight, block by block from the output."""
    for block in range(len(plan.block) - 2, -1, -1):
        find_errors(plan, tables, rule, learning, store, work, block, count)
        meet(barrier)
        if learning.has_inside[block] != 0 and rule.reference == 0:
            solve_blocks(plan, rule, learning, work, block, count)
            meet(barrier)
        if learning.sends[block] != 0:
            send_messages(plan, rule, learning, store, work, block, count)
            meet(barrier)
            if learning.has_inside[block] != 0 and rule.reference != 0:
                misplace(plan, rule, learning, work, block, count)
                meet(barrier)


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
