"""Encoding, delivery and event lists: what a sample does before any neuron model is known.

Events of population p in the sample at place b, written three ways:

    spikes  work.spikes[b, T neurons[p] + t n : … + number]  who fired in step t, ascending
    bits    work.bits[b, t words + word[p] : …]              the same, a bit a neuron
    times   work.times[b, T (neurons[p] + i) : … + count]    when neuron i fired; not of inputs

Delivery reads the first, sparse delivery and traces the second, S-PSP the third.
"""

from __future__ import annotations

import numba
import numpy as np
from numba import cuda

from ...compiled.codes import SPIKES
from ...compiled.formulas import first_step, philox
from .grid import f32, i32, u32

ONE32 = u32(1)
ZERO32 = u32(0)
FIVE = 5
LOW = 31


@cuda.jit(device=True)
def rest(plan, work, b):  # type: ignore[no-untyped-def]
    """Set the states of the sample at place b to their initial values, its counts to zero."""
    n = cuda.threadIdx.x
    while n < work.count.shape[1]:
        for k in range(work.reals.shape[1]):
            work.reals[b, k, n] = plan.real_init[k, n]
        for k in range(work.integers.shape[1]):
            work.integers[b, k, n] = plan.integer_init[k, n]
        work.count[b, n] = 0
        n += cuda.blockDim.x


@cuda.jit(device=True)
def draw(threshold, neuron, quad, sample0, sample1, key0, key1):  # type: ignore[no-untyped-def]
    """Which of the four steps of a quad an input fires in, as four bits; see `ir.philox.encode`."""
    w0, w1, w2, w3 = philox(
        np.uint64(neuron), np.uint64(quad), np.uint64(sample0), np.uint64(sample1),
        np.uint64(key0), np.uint64(key1),
    )  # fmt: skip
    bound = np.uint64(threshold)
    fires = i32(1) if w0 < bound else i32(0)
    fires |= i32(2) if w1 < bound else i32(0)
    fires |= i32(4) if w2 < bound else i32(0)
    fires |= i32(8) if w3 < bound else i32(0)
    return fires


@cuda.jit(device=True)
def raster_quad(raster, neuron, quad):  # type: ignore[no-untyped-def]
    """The same, of given spike trains u8[T, inputs]."""
    fires = i32(0)
    for r in range(4):
        t = 4 * quad + r
        if t < raster.shape[0] and raster[t, neuron] != 0:
            fires |= i32(1 << r)
    return fires


@cuda.jit(device=True)
def allowed(encoder, quad, steps):  # type: ignore[no-untyped-def]
    """The steps of a quad in which an encoder may fire: Poisson trains leave step 0 empty."""
    mask = i32(0)
    for r in range(4):
        t = 4 * quad + r
        if first_step(encoder) <= t < steps:
            mask |= i32(1 << r)
    return mask


@cuda.jit(device=True)
def encode_quad(plan, tables, data, work, b, s, quad, key0, key1):  # type: ignore[no-untyped-def]
    """Four steps of all inputs of sample s, at place b: bits, lists, counts.

    Shared memory holds one mask a step, u32[4, words].
    """
    masks = cuda.shared.array(0, numba.uint32)
    thread, threads = cuda.threadIdx.x, cuda.blockDim.x
    row = data.row[s]
    raster = data.rasters[row % data.rasters.shape[0]]
    origin = 0
    for k in range(len(plan.inputs)):
        p = plan.inputs[k]
        lo = plan.neurons[p]
        n = plan.neurons[p + 1] - lo
        words = tables.word[p + 1] - tables.word[p]
        may = allowed(plan.encoder[k], quad, plan.steps)
        cuda.syncthreads()
        w = thread
        while w < 4 * words:
            masks[w] = ZERO32
            w += threads
        cuda.syncthreads()
        i = thread
        while i < n:
            fires = i32(0)
            if plan.encoder[k] == SPIKES:
                fires = raster_quad(raster, origin + i, quad)
            else:
                threshold = data.thresholds[row % data.thresholds.shape[0], origin + i]
                if threshold > ZERO32:
                    fires = draw(
                        threshold, origin + i, quad, data.ids[s, 0], data.ids[s, 1], key0, key1
                    )
            fires &= may
            if fires != 0:
                for r in range(4):
                    if fires & (1 << r):
                        cuda.atomic.or_(masks, r * words + (i >> FIVE), u32(ONE32 << u32(i & LOW)))
                cuda.atomic.add(work.count, (b, lo + i), i32(cuda.popc(u32(fires))))
            i += threads
        cuda.syncthreads()
        w = thread
        while w < 4 * words:
            r = w // words
            if 4 * quad + r < plan.steps:
                list_word(plan, tables, work, b, p, 4 * quad + r, masks, r * words, w - r * words)
            w += threads
        origin += n


@cuda.jit(device=True)
def list_word(plan, tables, work, b, p, t, masks, base, w):  # type: ignore[no-untyped-def]
    """Write word w of the spikes of population p in step t from its mask masks[base:]."""
    lo = plan.neurons[p]
    n = plan.neurons[p + 1] - lo
    mask = masks[base + w]
    work.bits[b, t * tables.words + tables.word[p] + w] = mask
    place = 0
    for v in range(w):
        place += cuda.popc(masks[base + v])
    spikes = work.spikes[b]
    start = plan.steps * lo + t * n
    while mask != ZERO32:
        others = u32(mask & u32(mask - ONE32))  # without the lowest bit
        spikes[start + place] = 32 * w + cuda.popc(u32(u32(mask ^ others) - ONE32))
        mask = others
        place += 1
    if w == tables.word[p + 1] - tables.word[p] - 1:
        work.number[b, p * plan.steps + t] = place


@cuda.jit(device=True)
def fired(bits, start, i):  # type: ignore[no-untyped-def]
    """Whether bit i of the words from bits[start] is set."""
    return (bits[start + (i >> FIVE)] >> u32(i & LOW)) & ONE32 != ZERO32


@cuda.jit(device=True)
def deliver(plan, tables, weights, work, b, j, i, t, current):  # type: ignore[no-untyped-def]
    """current + what projection j brings to its post neuron i in step t, spikes in their order."""
    emitted = t - plan.delay[j]
    a = plan.pre[j]
    if emitted < 0:
        return current
    count = work.number[b, a * plan.steps + emitted]
    if count == 0:
        return current
    if plan.dense[j] == 0:
        start = emitted * tables.words + tables.word[a]
        return deliver_sparse(tables, weights, j, i, work.bits[b], start, current)
    lo = plan.neurons[a]
    start = plan.steps * lo + emitted * (plan.neurons[a + 1] - lo)
    p = plan.post[j]
    n = plan.neurons[p + 1] - plan.neurons[p]
    return deliver_dense(weights, plan.weight[j] + i, n, work.spikes[b], start, count, current)


@cuda.jit(device=True)
def deliver_dense(weights, column, n, spikes, start, count, current):  # type: ignore[no-untyped-def]
    """current + weights[column + j n] over the spikes j; neighbouring threads read neighbours.

    Four loads in flight, added in the order of the spikes.
    """
    k = start
    end = start + count
    while k + 4 <= end:
        w0 = weights[column + spikes[k] * n]
        w1 = weights[column + spikes[k + 1] * n]
        w2 = weights[column + spikes[k + 2] * n]
        w3 = weights[column + spikes[k + 3] * n]
        current = (((current + w0) + w1) + w2) + w3
        k += 4
    while k < end:
        current += weights[column + spikes[k] * n]
        k += 1
    return current


@cuda.jit(device=True)
def deliver_sparse(tables, weights, j, i, bits, start, current):  # type: ignore[no-untyped-def]
    """The same over the synapses of post neuron i: a gather, so that no two threads add to one."""
    first = tables.post_ptr[tables.post_row[j] + i]
    last = tables.post_ptr[tables.post_row[j] + i + 1]
    for s in range(first, last):
        if fired(bits, start, tables.post_pre[s]):
            current += weights[tables.post_index[s]]
    return current


@cuda.jit(device=True)
def drive_step(plan, tables, weights, work, b, p, t):  # type: ignore[no-untyped-def]
    """Everything that comes to population p in step t from blocks that are complete."""
    n = plan.neurons[p + 1] - plan.neurons[p]
    currents = work.currents[b]
    i = cuda.threadIdx.x
    while i < n:
        place = t * tables.row + tables.slot[p] + i
        for port in range(plan.ports):
            currents[place + port * tables.width] = f32(0.0)
        for s in range(plan.incoming[p], plan.inner[p]):
            j = plan.sources[s]
            here = place + plan.port[j] * tables.width
            currents[here] = deliver(plan, tables, weights, work, b, j, i, t, currents[here])
        i += cuda.blockDim.x


@cuda.jit(device=True)
def add_activity(work, results, b):  # type: ignore[no-untyped-def]
    """The spikes of every neuron added to results.activity[N]; integers, in any order."""
    i = cuda.threadIdx.x
    while i < work.count.shape[1]:
        if work.count[b, i] > 0:
            cuda.atomic.add(results.activity, i, work.count[b, i])
        i += cuda.blockDim.x
