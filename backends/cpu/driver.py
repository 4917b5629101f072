"""The time loops, generic over `advance`; the generated module of a graph is a copy of this file.

A sample is presented block by block (a strongly connected set of populations), each for all its
steps: spikes from outside the block are complete by then, so their drive is summed first, for all
steps at once, and only what comes from inside the block waits for the step before it.
"""

from __future__ import annotations

import numpy as np
from numba import njit, prange

from .advance import advance
from .kernels.backward import apply_gradients, backward, judge
from .kernels.forward import (
    CHUNK,
    active_inputs,
    collect,
    deliver_dense,
    deliver_sparse,
    encode_chunk,
    events_of_raster,
    first_step,
    pack,
    thresholds,
)
from .kernels.optimizer import step_size

ZERO = np.float32(0.0)


@njit
def input_threshold(plan, values, k, origin, work, w):  # type: ignore[no-untyped-def]
    """(thresholds u32[n], inputs that can fire) of input population k, in the worker's scratch."""
    n = plan.neurons[plan.inputs[k] + 1] - plan.neurons[plan.inputs[k]]
    threshold = work.threshold[w, :n]
    thresholds(values[origin : origin + n], plan.rate[k], threshold)
    return threshold, work.active[w, : active_inputs(threshold, work.active[w])]


@njit
def encode_inputs(plan, values, raster, sample, seed, work, w, wide):  # type: ignore[no-untyped-def]
    """Events of every input population; values f32[inputs], or raster u8[T, inputs]."""
    origin = 0
    for k in range(len(plan.inputs)):
        p = plan.inputs[k]
        n = plan.neurons[p + 1] - plan.neurons[p]
        ptr = work.ptr[w, p]
        spikes = work.spikes[w, plan.events[p] : plan.events[p + 1]]
        first = first_step(plan.encoder[k])
        if plan.encoder[k] == 2:
            events_of_raster(raster[:, origin : origin + n], ptr, spikes)
        else:
            threshold, active = input_threshold(plan, values, k, origin, work, w)
            if wide:
                encode_wide(
                    threshold, active, first, plan.steps, sample, seed, origin, ptr, spikes
                )
            else:
                for c in range((plan.steps + CHUNK - 1) // CHUNK):
                    encode_chunk(
                        threshold, active, first, plan.steps, sample, seed, origin, c, ptr, spikes
                    )
            pack(n, plan.steps, ptr, spikes)
        origin += n


@njit(parallel=True)
def encode_wide(threshold, active, first, steps, sample, seed, origin, ptr, spikes):  # type: ignore[no-untyped-def]
    """The chunks of one sample's input spread over the threads."""
    for c in prange((steps + CHUNK - 1) // CHUNK):
        encode_chunk(threshold, active, first, steps, sample, seed, origin, c, ptr, spikes)


@njit
def deliver(plan, weights, j, t, work, w, currents):  # type: ignore[no-untyped-def]
    """Add what projection j brings in step t to currents f32[ports, n] of its post population."""
    if t < plan.delay[j]:
        return
    a = plan.pre[j]
    ptr = work.ptr[w, a]
    start, end = ptr[t - plan.delay[j]], ptr[t - plan.delay[j] + 1]
    if start == end:
        return
    spikes = work.spikes[w, plan.events[a] : plan.events[a + 1]]
    current = currents[plan.port[j]]
    if plan.dense[j]:
        deliver_dense(weights[plan.weight[j] : plan.weight[j + 1]], spikes, start, end, current)
    else:
        n = plan.neurons[a + 1] - plan.neurons[a]
        row = plan.csr_ptr[plan.row[j] : plan.row[j] + n + 1]
        deliver_sparse(weights, row, plan.csr_post, plan.csr_index, spikes, start, end, current)


@njit
def deliver_outside(plan, weights, p, t, work, w, currents):  # type: ignore[no-untyped-def]
    """What comes to population p from complete blocks in step t."""
    for s in range(plan.incoming[p], plan.inner[p]):
        deliver(plan, weights, plan.sources[s], t, work, w, currents)


@njit
def step_population(plan, weights, p, t, work, w, currents):  # type: ignore[no-untyped-def]
    """Step t of population p, after `deliver_outside`: the rest, its neurons, its spikes."""
    for s in range(plan.inner[p], plan.incoming[p + 1]):
        deliver(plan, weights, plan.sources[s], t, work, w, currents)
    lo, hi = plan.neurons[p], plan.neurons[p + 1]
    fired = work.fired[w, : hi - lo]
    advance(
        plan.model[p], lo, hi, work.reals[w], work.integers[w], currents, plan.constants[p], fired
    )
    spikes = work.spikes[w, plan.events[p] : plan.events[p + 1]]
    work.ptr[w, p, t + 1] = collect(fired, work.ptr[w, p, t], spikes)


@njit
def present(plan, weights, values, raster, sample, seed, work, w):  # type: ignore[no-untyped-def]
    """Run one sample from rest; its events are left in the scratch of worker w."""
    encode_inputs(plan, values, raster, sample, seed, work, w, False)
    work.reals[w] = plan.real_init
    work.integers[w] = plan.integer_init
    for b in range(len(plan.block) - 1):
        for t in range(plan.steps):
            for k in range(plan.block[b], plan.block[b + 1]):
                p = plan.order[k]
                currents = work.currents[w, :, plan.neurons[p] : plan.neurons[p + 1]]
                currents[:] = ZERO
                deliver_outside(plan, weights, p, t, work, w, currents)
                step_population(plan, weights, p, t, work, w, currents)


@njit
def present_wide(plan, weights, values, raster, sample, seed, work, drive):  # type: ignore[no-untyped-def]
    """`present` in worker 0 with the threads sharing one sample: the same bits, sooner.

    drive f32[T, ports, N] holds what comes from complete blocks, summed for all steps at once.
    """
    encode_inputs(plan, values, raster, sample, seed, work, 0, True)
    work.reals[0] = plan.real_init
    work.integers[0] = plan.integer_init
    for b in range(len(plan.block) - 1):
        for k in range(plan.block[b], plan.block[b + 1]):
            drive_wide(plan, weights, plan.order[k], work, drive)
        for t in range(plan.steps):
            for k in range(plan.block[b], plan.block[b + 1]):
                p = plan.order[k]
                currents = drive[t, :, plan.neurons[p] : plan.neurons[p + 1]]
                step_population(plan, weights, p, t, work, 0, currents)


@njit(parallel=True)
def drive_wide(plan, weights, p, work, drive):  # type: ignore[no-untyped-def]
    """`deliver_outside` for all steps, chunks of steps spread over the threads."""
    lo, hi = plan.neurons[p], plan.neurons[p + 1]
    for c in prange((plan.steps + CHUNK - 1) // CHUNK):
        for t in range(c * CHUNK, min((c + 1) * CHUNK, plan.steps)):
            drive[t, :, lo:hi] = ZERO
            deliver_outside(plan, weights, p, t, work, 0, drive[t, :, lo:hi])


@njit
def count(plan, work, w, p, counts):  # type: ignore[no-untyped-def]
    """Spikes of each neuron of population p, added to counts[n]."""
    spikes = work.spikes[w, plan.events[p] : plan.events[p + 1]]
    for k in range(work.ptr[w, p, plan.steps]):
        counts[spikes[k]] += 1


@njit
def count_all(plan, work, w, activity):  # type: ignore[no-untyped-def]
    """Spikes of every neuron, added to activity[N]."""
    for p in range(len(plan.model)):
        count(plan, work, w, p, activity[plan.neurons[p] : plan.neurons[p + 1]])


@njit(parallel=True)
def run(plan, weights, values, rasters, samples, seed, work, counts, activity):  # type: ignore[no-untyped-def]
    """Present many samples, one worker a thread; counts i32[S, outputs], activity i64[W, N]."""
    workers = work.ptr.shape[0]
    for w in prange(workers):
        for s in range(w, len(samples), workers):
            raster = rasters[s % len(rasters)]
            present(plan, weights, values[s % len(values)], raster, samples[s], seed, work, w)
            count(plan, work, w, plan.output, counts[s])
            count_all(plan, work, w, activity[w])


@njit
def train_each(  # type: ignore[no-untyped-def]
    plan, rule, optimizer, store, work, back, drive, data, seed, updates, wide, results
):
    """Learn sample by sample (batch 1); the number of updates so far."""
    for s in range(len(data.ids)):
        value = data.values[s % len(data.values)]
        raster = data.rasters[s % len(data.rasters)]
        if wide:
            present_wide(plan, store.weights, value, raster, data.ids[s], seed, work, drive)
        else:
            present(plan, store.weights, value, raster, data.ids[s], seed, work, 0)
        record(plan, rule, work, back, data, results, s, 0)
        updates += 1
        size, eps = step_size(optimizer, updates)
        backward(plan, rule, optimizer, size, eps, store, work, back, 0, -1, wide)
    return updates


@njit
def record(plan, rule, work, back, data, results, s, w):  # type: ignore[no-untyped-def]
    """Judge sample s and write what came of it."""
    count_all(plan, work, w, results.activity[w])
    results.predictions[s], results.cost[s] = judge(
        plan, rule, work, back, w, data.labels[s], data.importance[s], results.counts[s]
    )


@njit
def train_batches(  # type: ignore[no-untyped-def]
    plan, rule, optimizer, store, work, back, data, seed, updates, batch, results
):
    """Learn batch by batch; the number of updates so far."""
    for start in range(0, len(data.ids), batch):
        end = min(start + batch, len(data.ids))
        gradients(plan, rule, optimizer, store, work, back, data, seed, start, end, results)
        updates += 1
        size, eps = step_size(optimizer, updates)
        apply_gradients(plan, rule, optimizer, size, eps, store, np.float32(1.0 / (end - start)))
    return updates


@njit(parallel=True)
def gradients(plan, rule, optimizer, store, work, back, data, seed, start, end, results):  # type: ignore[no-untyped-def]
    """Add up the gradients of samples start:end, each group in its own accumulator.

    Which group takes a sample depends on its place alone, never on the number of threads.
    """
    groups = store.gradient.shape[0]
    for g in prange(groups):
        for s in range(start + g, end, groups):
            value = data.values[s % len(data.values)]
            raster = data.rasters[s % len(data.rasters)]
            present(plan, store.weights, value, raster, data.ids[s], seed, work, g)
            record(plan, rule, work, back, data, results, s, g)
            backward(plan, rule, optimizer, ZERO, ZERO, store, work, back, g, g, False)
