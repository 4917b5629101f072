"""Synapses one by one: what they send back, those inside recurrent blocks, the factor of HM2-BP."""

from __future__ import annotations

import numpy as np
from numba import cuda

from ....compiled.windows import (
    COLUMNS,
    HEIGHT,
    KERNEL,
    PADDING,
    ROWS,
    STRIDE,
    WIDTH,
    coordinates,
    outputs_of,
    place_of,
    readers_of,
)
from ....cuda.kernels.grid import block_sum, chunks_of, f32, first_item
from ..formulas import asked_through, count_slope, theta_of
from .learn import entry_of, row_bounds, synapse, weight_at

ZERO = np.float32(0.0)
ONE = np.float32(1.0)
HALF = np.float32(0.5)


@cuda.jit(device=True)
def inside_entries(plan, rule, learning, store, work, j, count, done):  # type: ignore[no-untyped-def]
    """S-PSP and Theta of every synapse of inside projection j."""
    synapses = learning.synapses[j]
    chunks = chunks_of(synapses)
    item = first_item(done)
    while item < count * chunks:
        b = item // chunks
        s = (item - b * chunks) * cuda.blockDim.x + cuda.threadIdx.x
        if s < synapses:
            inside_entry(plan, rule, learning, store, work, b, j, s)
        item += cuda.gridDim.x


@cuda.jit(device=True)
def inside_entry(plan, rule, learning, store, work, b, j, s):  # type: ignore[no-untyped-def]
    """S-PSP and Theta of synapse s of inside projection j, in post-major order."""
    a, p = plan.pre[j], plan.post[j]
    slot = learning.slot[j] + s
    l = np.int64(learning.slot_post[slot])
    start, _ = row_bounds(plan, rule, j, l)
    first, _ = row_bounds(plan, rule, j, 0)
    k, at = synapse(plan, rule, j, l, start, first + s)
    entry = entry_of(plan, rule, learning, work, b, j, l, k)
    before, after = work.count[b, plan.neurons[a] + k], work.count[b, plan.neurons[p] + l]
    slope = count_slope(entry, before, after, rule.silent[j])
    work.entry[b, slot] = entry
    work.theta[b, slot] = theta_of(weight_at(rule, store, j, at), slope, rule.nu[a])


@cuda.jit(device=True)
def joint_effect(plan, rule, learning, store, work, b, p, l):  # type: ignore[no-untyped-def]
    """HM2-BP's factor 1 + s of neuron l of population p into boost, one block (Jin et al. 2018).

    s = (1/nu) sum_j w_j e_j / o; (1/nu) sum_j w_j / 2 for a silent neuron; over all projections.
    """
    i = plan.neurons[p] + l
    spikes = work.count[b, i]
    total = ZERO
    for source in range(plan.incoming[p], plan.incoming[p + 1]):
        j = plan.sources[source]
        if rule.takes[j] != 0:
            start, stop = row_bounds(plan, rule, j, l)
            s = start + cuda.threadIdx.x
            while s < stop:
                k, at = synapse(plan, rule, j, l, start, s)
                w = weight_at(rule, store, j, at)
                total += w * (
                    HALF if spikes == 0 else entry_of(plan, rule, learning, work, b, j, l, k)
                )
                s += cuda.blockDim.x
    total = block_sum(total) / rule.nu[p]
    if cuda.threadIdx.x == 0:
        work.boost[b, i] *= ONE + (total if spikes == 0 else total / f32(spikes))


@cuda.jit(device=True)
def message_listed(plan, rule, learning, store, work, b, j, k):  # type: ignore[no-untyped-def]
    """`message_tile` over the synapses that pre neuron k sends through a listed projection."""
    lo, u = plan.neurons[plan.post[j]], work.count[b, plan.neurons[plan.pre[j]] + k]
    total = ZERO
    start, shift = plan.row[j] + k, plan.weight[j] - plan.csr_ptr[plan.row[j]]
    for s in range(plan.csr_ptr[start], plan.csr_ptr[start + 1]):
        l = plan.csr_post[s]
        entry = entry_of(plan, rule, learning, work, b, j, l, k)
        slope = count_slope(entry, u, work.count[b, lo + l], rule.silent_ratio)
        total += work.error[b, lo + l] * store.weights[shift + s] * slope
    work.parts[b, learning.part[j] + k] = total


@cuda.jit(device=True)
def message_windows(plan, rule, learning, store, work, b, j, k):  # type: ignore[no-untyped-def]
    """The same over the windows that pre neuron k lies in."""
    lo, u = plan.neurons[plan.post[j]], work.count[b, plan.neurons[plan.pre[j]] + k]
    window, total = plan.windows[j], ZERO
    channel, i, column = coordinates(k, window[HEIGHT], window[WIDTH])
    kernel, stride, padding = window[KERNEL], window[STRIDE], window[PADDING]
    top, bottom = outputs_of(i, kernel, stride, padding, window[ROWS])
    left, right = outputs_of(column, kernel, stride, padding, window[COLUMNS])
    first, last, inner = readers_of(window, channel)
    for o in range(first, last):
        for y in range(top, bottom):
            a = i + padding - y * stride
            for x in range(left, right):
                l = (o * window[ROWS] + y) * window[COLUMNS] + x
                entry = entry_of(plan, rule, learning, work, b, j, l, k)
                slope = count_slope(entry, u, work.count[b, lo + l], rule.silent[j])
                at = place_of(window, o, inner, a, column + padding - x * stride)
                weight = store.weights[plan.weight[j] + at]
                error, delta = work.error[b, lo + l], work.delta[b, lo + l]
                total += asked_through(error, delta, weight, rule.share[j]) * slope
    work.parts[b, learning.part[j] + k] = total
