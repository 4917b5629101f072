"""The sweep back through time of the samples in flight: blocks in reverse.

Between blocks, and between what is asked and the scan, the blocks of the grid meet. A thread scans
one neuron through all steps; in a recurrent block of the network a CUDA block has a sample, and its
threads meet after every population of a step.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import cuda

from ....cuda.kernels.grid import chunks_of, first_item, meet
from .synapses import STEPS, ask, ask_steps

# Generated beside this text; declared for the types alone.
replay: Any
retreat: Any

ZERO = np.float32(0.0)


@cuda.jit(device=True)
def clear(work, b):  # type: ignore[no-untyped-def]
    """Nothing is asked later than the last step."""
    i = cuda.threadIdx.x
    while i < work.later.shape[2]:
        for k in range(work.later.shape[1]):
            work.later[b, k, i] = ZERO
        i += cuda.blockDim.x


@cuda.jit(device=True)
def backward(plan, tables, through, store, work, count, barrier):  # type: ignore[no-untyped-def]
    """The adjoints of all that arrived, in work.currents, of the samples in flight."""
    for block in range(len(plan.block) - 2, -1, -1):
        if through.needed[plan.order[plan.block[block]]] != 0:
            outside(plan, tables, through, store, work, block, count)
            meet(barrier)
            if plan.recurrent[block] != 0 and through.is_cut == 0:
                b = cuda.blockIdx.x
                while b < count:
                    inside(plan, tables, through, store, work, b, block)
                    b += cuda.gridDim.x
            else:
                scan_all(plan, tables, through, work, block, count)
            meet(barrier)


@cuda.jit(device=True)
def outside(plan, tables, through, store, work, block, count):  # type: ignore[no-untyped-def]
    """What later blocks ask of the spikes of a block, and its states once more."""
    done = 0
    tiles = (plan.steps + STEPS - 1) // STEPS
    for q in range(plan.block[block], plan.block[block + 1]):
        p = plan.order[q]
        n = plan.neurons[p + 1] - plan.neurons[p]
        each = (1 + tiles) * chunks_of(n)
        item = first_item(done)
        while item < count * each:
            b = item // each
            left = item - b * each
            part = left // chunks_of(n)
            i = (left - part * chunks_of(n)) * cuda.blockDim.x + cuda.threadIdx.x
            if i < n and part == 0:
                remember(plan, tables, work, b, p, i)
            elif i < n:
                ask_outside(plan, tables, store, work, b, block, p, i, (part - 1) * STEPS)
            item += cuda.gridDim.x
        done += count * each


@cuda.jit(device=True)
def remember(plan, tables, work, b, p, i):  # type: ignore[no-untyped-def]
    """What the adjoint of neuron i (local) of population p reads of every step."""
    replay(  # noqa: F821 - declared above, for the types alone
        plan.model[p], p, plan.neurons[p] + i, tables.slot[p] + i, plan.steps, tables.row,
        tables.width, work.currents[b], plan.constants, plan.real_init, plan.integer_init,
        work.tape[b],
    )  # fmt: skip


@cuda.jit(device=True)
def ask_outside(plan, tables, store, work, b, block, p, i, first):  # type: ignore[no-untyped-def]
    """What is asked of neuron i (local) of population p in STEPS steps, beside the loss."""
    if p != plan.output:
        for t in range(first, min(first + STEPS, plan.steps)):
            work.asked[b, t * tables.width + tables.slot[p] + i] = ZERO
    for j in range(len(plan.pre)):
        if plan.pre[j] == p and not is_inside(plan, block, plan.post[j]):
            ask_steps(plan, tables, store, work, b, j, i, first)


@cuda.jit(device=True)
def inside(plan, tables, through, store, work, b, block):  # type: ignore[no-untyped-def]
    """A recurrent block: its populations against their order, each after those that its spikes
    reached within the step."""
    for t in range(plan.steps - 1, -1, -1):
        for q in range(plan.block[block + 1] - 1, plan.block[block] - 1, -1):
            p = plan.order[q]
            i = cuda.threadIdx.x
            while i < plan.neurons[p + 1] - plan.neurons[p]:
                total = ZERO
                for j in range(len(plan.pre)):
                    if plan.pre[j] == p and is_inside(plan, block, plan.post[j]):
                        total += ask(plan, tables, store, work, b, j, i, t)
                work.asked[b, t * tables.width + tables.slot[p] + i] += total
                scan(plan, tables, work, b, p, i, t, t + 1)
                i += cuda.blockDim.x
            cuda.syncthreads()


@cuda.jit(device=True)
def is_inside(plan, block, p):  # type: ignore[no-untyped-def]
    """Whether population p lies in a block."""
    found = False
    for q in range(plan.block[block], plan.block[block + 1]):
        found = found or plan.order[q] == p
    return found


@cuda.jit(device=True)
def scan_all(plan, tables, through, work, block, count):  # type: ignore[no-untyped-def]
    """All steps of a block whose neurons ask nothing of each other."""
    done = 0
    for q in range(plan.block[block], plan.block[block + 1]):
        p = plan.order[q]
        n = plan.neurons[p + 1] - plan.neurons[p]
        chunks = chunks_of(n)
        item = first_item(done)
        while item < count * chunks:
            b = item // chunks
            i = (item - b * chunks) * cuda.blockDim.x + cuda.threadIdx.x
            if i < n:
                scan(plan, tables, work, b, p, i, 0, plan.steps)
            item += cuda.gridDim.x
        done += count * chunks


@cuda.jit(device=True)
def scan(plan, tables, work, b, p, i, first, last):  # type: ignore[no-untyped-def]
    """The adjoints of the steps first:last of neuron i (local) of population p; one that was left
    out is asked for nothing."""
    if plan.dropped[p] > 0:
        share = work.shares[b, plan.neurons[p] + i]
        for t in range(first, last):
            work.asked[b, t * tables.width + tables.slot[p] + i] *= share
    retreat(  # noqa: F821 - declared above, for the types alone
        plan.model[p], p, plan.neurons[p] + i, tables.slot[p] + i, first, last, plan.steps,
        tables.row, tables.width, plan.constants, plan.real_init, work.tape[b], work.asked[b],
        work.later[b], work.currents[b], work.moved[b],
    )  # fmt: skip
