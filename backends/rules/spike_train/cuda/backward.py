"""The backward pass of the samples in flight, block by block from the output."""

from __future__ import annotations

import numpy as np
from numba import cuda

from ....compiled.formulas import decide
from ....compiled.kinds import LIST, WINDOW
from ....cuda.kernels.grid import chunks_of, first_item, meet
from ....cuda.timeloop import count_all
from ..formulas import error_at
from .dense import message_tile
from .learn import neuron_error, sent_back
from .listed import inside_entries, joint_effect, message_listed, message_windows
from .loss import clear_errors, cost_of, lateral_factor, teach
from .solve import eliminate, sweeps

ZERO = np.float32(0.0)
ONE = np.float32(1.0)


@cuda.jit(device=True)
def judge(plan, tables, rule, learning, weights, data, work, results, b, s):  # type: ignore[no-untyped-def]
    """Counts, decision, cost, error, lateral factor, teacher spikes of sample s at place b."""
    p = plan.output
    lo = plan.neurons[p]
    n = plan.neurons[p + 1] - lo
    label = data.labels[s]
    clear_errors(work, b)
    count_all(work, results, b)
    cuda.syncthreads()
    i = cuda.threadIdx.x
    while i < n:
        results.counts[s, i] = work.count[b, lo + i]
        error = error_at(rule.error, i, label, work.count[b, lo + i])
        work.delta[b, lo + i] = data.importance[s] * error
        i += cuda.blockDim.x
    if rule.lateral >= 0:
        lateral_factor(plan, rule, learning, weights, work, b, label)
    cuda.syncthreads()
    if cuda.threadIdx.x == 0:
        results.predictions[s] = decide(results.counts[s])
        results.cost[s] = cost_of(rule, results.counts[s], label)
        if work.count[b, lo + label] == 0:
            teach(plan, tables, rule, work, b, label)
    cuda.syncthreads()


@cuda.jit(device=True)
def backward(plan, rule, learning, store, work, count, barrier):  # type: ignore[no-untyped-def]
    """Errors of all neurons of the samples in flight, block by block from the output."""
    for block in range(len(plan.block) - 2, -1, -1):
        block_error(plan, rule, learning, store, work, block, count)
        meet(barrier)
        if learning.has_inside[block] != 0 and rule.reference == 0:
            solve_inside(plan, rule, learning, work, block, count)
            meet(barrier)
        if learning.sends[block] != 0:
            send_messages(plan, rule, learning, store, work, block, count)
            meet(barrier)
            if learning.has_inside[block] != 0 and rule.reference != 0:
                solve_misplaced(plan, rule, learning, work, block, count)
                meet(barrier)


@cuda.jit(device=True)
def block_error(plan, rule, learning, store, work, block, count):  # type: ignore[no-untyped-def]
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
                neuron_error(plan, rule, learning, store, work, b, p, i, has_inside)
            item += cuda.gridDim.x
        done += count * chunks
        if rule.hybrid != 0:
            item = first_item(done)
            while item < count * n:
                joint_effect(plan, rule, learning, store, work, item // n, p, item % n)
                item += cuda.gridDim.x
            done += count * n
        for s in range(plan.inner[p], plan.incoming[p + 1]):
            j = plan.sources[s]
            if rule.inside[j] != 0:
                inside_entries(plan, rule, learning, store, work, j, count, done)


@cuda.jit(device=True)
def solve_inside(plan, rule, learning, work, block, count):  # type: ignore[no-untyped-def]
    """The recurrent systems of a block of the graph; as many CUDA blocks take part as have room."""
    slots = min(cuda.gridDim.x, work.system.shape[0])
    slot = cuda.blockIdx.x
    b = slot
    while b < count and slot < slots:
        solve_block(plan, rule, learning, work, b, rule.member[block], rule.member[block + 1], slot)
        b += slots


@cuda.jit(device=True)
def solve_block(plan, rule, learning, work, b, first, last, slot):  # type: ignore[no-untyped-def]
    """error of the members first:last of a recurrent block: sweeps, or elimination in
    work.system[slot] where they do not converge."""
    theta, omega, error, x = work.theta[b], work.omega[b], work.error[b], work.solution[b]
    if not sweeps(plan, rule, learning, theta, omega, error, x, first, last, True):
        a = work.system[slot]
        eliminate(plan, rule, learning, theta, omega, error, x, first, last, True, a)
    take_solution(rule, work, b, first, last)


@cuda.jit(device=True)
def take_solution(rule, work, b, first, last):  # type: ignore[no-untyped-def]
    """error = the solution."""
    cuda.syncthreads()
    m = first + cuda.threadIdx.x
    while m < last:
        work.error[b, rule.members[m]] = work.solution[b, rule.members[m]]
        m += cuda.blockDim.x


@cuda.jit(device=True)
def solve_misplaced(plan, rule, learning, work, block, count):  # type: ignore[no-untyped-def]
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
def misplaced_solve(plan, rule, learning, work, b, j, first, last, slot):  # type: ignore[no-untyped-def]
    """The authors' solve in the index space of the layer below (profile `reference`): the
    message of projection j, joined into its first tile."""
    a = plan.pre[j]
    n = plan.neurons[a + 1] - plan.neurons[a]
    right, x = work.right[b], work.solution[b]
    cuda.syncthreads()
    k = cuda.threadIdx.x
    while k < last - first:
        right[rule.members[first + k]] = sent_back(plan, learning, work, b, j, k)
        k += cuda.blockDim.x
    cuda.syncthreads()
    theta, omega = work.theta[b], work.omega[b]
    if not sweeps(plan, rule, learning, theta, omega, right, x, first, last, False):
        system = work.system[slot]
        eliminate(plan, rule, learning, theta, omega, right, x, first, last, False, system)
    cuda.syncthreads()
    k = cuda.threadIdx.x
    while k < n:
        at = learning.part[j] + k
        work.parts[b, at] = x[rule.members[first + k]]
        for tile in range(1, learning.tiles[j]):
            work.parts[b, at + tile * n] = ZERO
        k += cuda.blockDim.x


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
                    if k < n:
                        send_message(plan, rule, learning, store, work, b, j, tile, k)
                    item += cuda.gridDim.x
                done += items


@cuda.jit(device=True)
def send_message(plan, rule, learning, store, work, b, j, tile, k):  # type: ignore[no-untyped-def]
    """What pre neuron k of projection j is sent back, a tile of it where all pairs are joined."""
    if rule.form[j] == LIST:
        message_listed(plan, rule, learning, store, work, b, j, k)
    elif rule.form[j] == WINDOW:
        message_windows(plan, rule, learning, store, work, b, j, k)
    else:
        message_tile(plan, rule, learning, store, work, b, j, tile, k)
