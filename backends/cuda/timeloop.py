"""The persistent kernel `run`, generic over `advance`, a graph's neuron steps.

One launch presents any number of samples. Several are in flight together, each in its own place b
of the scratch; a stage deals its items (sample and step, sample and population …) to the blocks of
the grid, and the blocks meet before the next stage. So a single sample spreads over the whole card
where its work can be spread, and many samples fill it.

    rest | encode | for each block of the graph: drive | step
"""

from __future__ import annotations

from typing import Any

import numba
from numba import cuda

from .kernels.forward import add_activity, deliver, drive_step, encode_quad, list_word, rest
from .kernels.grid import first_item, meet, u32

advance: Any  # a neuron's step, generated beside this text

ZERO32 = u32(0)
ONE32 = u32(1)


@cuda.jit(device=True)
def step_neurons(  # type: ignore[no-untyped-def]
    plan, tables, weights, work, b, p, lo, n, t, masks, mask
):
    """Step t of the neurons lo : lo + n of population p: what its own block sends them, their
    equations, their spikes as bits of masks[mask:].

    A thread owns the neurons i = thread, thread + threads, …: their currents, states and times are
    touched by no other.
    """
    currents = work.currents[b]
    first, last = plan.inner[p], plan.incoming[p + 1]
    i = cuda.threadIdx.x
    while i < n:
        place = t * tables.row + tables.slot[p] + i
        for s in range(first, last):
            j = plan.sources[s]
            here = place + plan.port[j] * tables.width
            currents[here] = deliver(plan, tables, weights, work, b, j, i, t, currents[here])
        if advance(  # noqa: F821 - declared above, for the types alone
            plan.model[p], lo + i, work.reals[b], work.integers[b], currents, place, tables.width,
            plan.constants[p],
        ):  # fmt: skip
            cuda.atomic.or_(masks, mask + (i >> 5), u32(ONE32 << u32(i & 31)))
            spikes = work.count[b, lo + i]
            work.times[b, plan.steps * (lo + i) + spikes] = t
            work.count[b, lo + i] = spikes + 1
        i += cuda.blockDim.x


@cuda.jit(device=True)
def step_block(plan, tables, weights, work, b, block):  # type: ignore[no-untyped-def]
    """All steps of a block of populations in the sample at place b: the time loop, one CUDA block.

    Spikes of a step are bits in one of three masks u32[most] in shared memory: one is being set
    while threads that are behind still list the one before, and the third is cleared.
    """
    masks = cuda.shared.array(0, numba.uint32)
    thread, threads, most = cuda.threadIdx.x, cuda.blockDim.x, tables.most
    is_recurrent = plan.recurrent[block] != 0
    cuda.syncthreads()
    w = thread
    while w < 3 * most:
        masks[w] = ZERO32
        w += threads
    cuda.syncthreads()
    first, last = plan.block[block], plan.block[block + 1]
    p = plan.order[first]
    lo, n = plan.neurons[p], plan.neurons[p + 1] - plan.neurons[p]
    turn = 0
    for t in range(plan.steps):
        for k in range(first, last):
            if last - first > 1:  # a population that is alone stays in registers
                p = plan.order[k]
                lo, n = plan.neurons[p], plan.neurons[p + 1] - plan.neurons[p]
            step_neurons(plan, tables, weights, work, b, p, lo, n, t, masks, turn * most)
            cuda.syncthreads()
            idle = (turn + 2) % 3
            words = (n + 31) // 32
            w = thread
            while w < most:
                if w < words:
                    list_word(plan, tables, work, b, p, t, masks, turn * most, w)
                masks[idle * most + w] = ZERO32
                w += threads
            turn = (turn + 1) % 3
            if is_recurrent:
                cuda.syncthreads()


@cuda.jit(device=True)
def present(  # type: ignore[no-untyped-def]
    plan, tables, weights, data, work, first, count, key0, key1, barrier
):
    """Run samples first : first + count from rest, each in its own place; ends with a meeting."""
    blocks = cuda.gridDim.x
    item = cuda.blockIdx.x
    while item < count:
        rest(plan, work, item)
        item += blocks
    meet(barrier)
    quads = (plan.steps + 3) // 4
    item = cuda.blockIdx.x
    while item < count * quads:
        b = item // quads
        encode_quad(plan, tables, data, work, b, first + b, item - b * quads, key0, key1)
        item += blocks
    meet(barrier)
    for block in range(len(plan.block) - 1):
        done = 0
        for k in range(plan.block[block], plan.block[block + 1]):
            item = first_item(done)
            while item < count * plan.steps:
                b = item // plan.steps
                drive_step(plan, tables, weights, work, b, plan.order[k], item - b * plan.steps)
                item += blocks
            done += count * plan.steps
        meet(barrier)
        item = cuda.blockIdx.x
        while item < count:
            step_block(plan, tables, weights, work, item, block)
            item += blocks
        meet(barrier)


def run(plan, tables, store, data, work, results, first, last, flight, key0, key1, barrier):  # type: ignore[no-untyped-def]
    """Present the samples first:last, `flight` at a time; results.counts and .activity."""
    p = plan.output
    lo = plan.neurons[p]
    n = plan.neurons[p + 1] - lo
    for start in range(first, last, flight):
        count = min(flight, last - start)
        present(plan, tables, store.weights, data, work, start, count, key0, key1, barrier)
        b = cuda.blockIdx.x
        while b < count:
            i = cuda.threadIdx.x
            while i < n:
                results.counts[start + b, i] = work.count[b, lo + i]
                i += cuda.blockDim.x
            add_activity(work, results, b)
            b += cuda.gridDim.x
        cuda.syncthreads()  # the block that reads a place is the one that clears it next
