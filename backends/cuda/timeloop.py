"""The persistent kernel `run`, generic over `advance`, a graph's neuron steps.

One launch presents any number of samples. Several are in flight together, each in its own place b
of the scratch; a stage deals its items (sample and step, sample and population …) to the blocks of
the grid, and the blocks meet before the next stage. So a single sample spreads over the whole card
where its work can be spread, and many samples fill it.

    rest | encode, settle | for each block of the graph: drive | step
"""

from __future__ import annotations

from typing import Any

import numba
from numba import cuda

from ..compiled.counts import SOURCE_KIND
from ..compiled.formulas import is_drawn, is_lost, is_sent
from ..compiled.kinds import LIST, WINDOW
from .kernels.dropout import draw_shares, leave_out
from .kernels.forward import (
    allowed,
    draw,
    levels,
    list_word,
    raster_quad,
    set_bit,
)
from .kernels.grid import chunks_of, f32, first_item, i32, meet, u32
from .kernels.noise import put_noise
from .kernels.sources import drive_source, note_sample
from .kernels.synapses import deliver_dense, deliver_listed, deliver_windows, send_all

advance: Any  # a neuron's step, generated beside this text

ZERO32 = u32(0)


@cuda.jit(device=True)
def encode(encoder, data, i, s, quad, key0, key1):  # type: ignore[no-untyped-def]
    """Which of the four steps of a quad input i of sample s fires in, as four bits."""
    row = data.row[s]
    if is_sent(encoder):
        return i32(0)
    if not is_drawn(encoder):
        return raster_quad(data.rasters[row % data.rasters.shape[0]], i, quad)
    threshold = data.thresholds[row % data.thresholds.shape[0], i]
    if threshold > ZERO32:
        return draw(threshold, i, quad, data.ids[s, 0], data.ids[s, 1], key0, key1)
    return i32(0)


@cuda.jit(device=True)
def encode_inputs(plan, tables, data, work, b, s, quad, key0, key1):  # type: ignore[no-untyped-def]
    """Four steps of all inputs of sample s, at place b: bits, lists, counts.

    Shared memory holds one mask a step, u32[4, words].
    """
    masks = cuda.shared.array(0, numba.uint32)
    thread, threads = cuda.threadIdx.x, cuda.blockDim.x
    origin = 0
    for k in range(len(plan.inputs)):
        p = plan.inputs[k]
        lo = plan.neurons[p]
        n = plan.neurons[p + 1] - lo
        words = tables.word[p + 1] - tables.word[p]
        may = allowed(plan.first[k], quad, plan.steps)
        cuda.syncthreads()
        w = thread
        while w < 4 * words:
            masks[w] = ZERO32
            w += threads
        cuda.syncthreads()
        i = thread
        while i < n:
            fires = encode(plan.encoder[k], data, origin + i, s, quad, key0, key1) & may
            if fires != 0:
                for r in range(4):
                    if fires & (1 << r):
                        set_bit(masks, r * words, i)
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
def settle(plan, tables, weights, work, count, done):  # type: ignore[no-untyped-def]
    """What the inputs that send numbers bring in every step, in the samples in flight; after `done`
    items of the stage."""
    for j in range(len(plan.pre)):
        posts = plan.steady[j + 1] - plan.steady[j]
        chunks = chunks_of(posts)
        item = first_item(done)
        while item < count * chunks:
            b = item // chunks
            l = (item - b * chunks) * cuda.blockDim.x + cuda.threadIdx.x
            if l < posts:
                numbers, first = work.numbers[b], plan.neurons[plan.pre[j]]
                at = plan.steady[j] + l
                work.steady[b, at] = 0
                found = send_all(plan, tables, weights, j, l, numbers, first, work.steady[b, at])
                work.steady[b, at] = found
            item += cuda.gridDim.x
        done += count * chunks


@cuda.jit(device=True)
def drive(plan, tables, weights, work, b, j, i, t, current):  # type: ignore[no-untyped-def]
    """current + what projection j brings to its post neuron i in step t, spikes in their order."""
    emitted = t - plan.delay[j]
    a = plan.pre[j]
    if emitted < 0:
        return current
    if plan.source[a, SOURCE_KIND] != 0:
        return drive_source(plan, tables, weights, work, b, j, i, emitted, current)
    if plan.steady[j] < plan.steady[j + 1]:
        return current + work.steady[b, plan.steady[j] + i]
    if plan.emitted[a] >= 0:
        numbers, first = work.graded[b, emitted], plan.graded[a]
        return send_all(plan, tables, weights, j, i, numbers, first, current)
    count = work.number[b, a * plan.steps + emitted]
    if count == 0:
        return current
    start = emitted * tables.words + tables.word[a]
    if plan.kind[j] == LIST:
        return deliver_listed(tables, weights, j, i, work.bits[b], start, current)
    if plan.kind[j] == WINDOW:
        window = plan.windows[j]
        return deliver_windows(weights, plan.weight[j], window, i, work.bits[b], start, current)
    lo = plan.neurons[a]
    start = plan.steps * lo + emitted * (plan.neurons[a + 1] - lo)
    p = plan.post[j]
    n = plan.neurons[p + 1] - plan.neurons[p]
    return deliver_dense(weights, plan.weight[j] + i, n, work.spikes[b], start, count, current)


@cuda.jit(device=True)
def bring(plan, tables, weights, work, b, j, i, t, here):  # type: ignore[no-untyped-def]
    """Add what projection j brings to its post neuron i in step t to the current at a place: as
    much more as units of its pre population are left out, of spikes."""
    currents, a = work.currents[b], plan.pre[j]
    before = currents[here]
    if plan.dropped[a] > 0 and plan.emitted[a] < 0:
        currents[here] = 0
        currents[here] = drive(plan, tables, weights, work, b, j, i, t, currents[here])
        currents[here] = f32(before) + plan.share[a] * f32(currents[here])
    else:
        currents[here] = drive(plan, tables, weights, work, b, j, i, t, before)


@cuda.jit(device=True)
def drive_outside(plan, tables, weights, work, b, p, t):  # type: ignore[no-untyped-def]
    """Everything that comes to population p in step t from blocks that are complete."""
    n = plan.neurons[p + 1] - plan.neurons[p]
    currents = work.currents[b]
    i = cuda.threadIdx.x
    while i < n:
        place = t * tables.row + tables.slot[p] + i
        for port in range(plan.ports):
            currents[place + port * tables.width] = 0
        put_noise(plan, tables, work, b, p, i, t, place)
        for s in range(plan.incoming[p], plan.inner[p]):
            j = plan.sources[s]
            here = place + plan.port[j] * tables.width
            bring(plan, tables, weights, work, b, j, i, t, here)
        i += cuda.blockDim.x


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
            bring(plan, tables, weights, work, b, j, i, t, here)
        if advance(  # noqa: F821 - declared above, for the types alone
            plan.model[p], lo + i, work.reals[b], work.integers[b], currents, place, tables.width,
            plan.constants[p],
        ) and not leave_out(plan, work, b, p, lo + i):  # fmt: skip
            set_bit(masks, mask, i)
            spikes = work.count[b, lo + i]
            work.times[b, plan.steps * (lo + i) + spikes] = t
            work.count[b, lo + i] = spikes + 1
        if plan.emitted[p] >= 0:
            sent = work.reals[b, plan.emitted[p], lo + i]
            work.graded[b, t, plan.graded[p] + i] = sent
            if plan.dropped[p] > 0:
                work.graded[b, t, plan.graded[p] + i] = f32(sent) * work.shares[b, lo + i]
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
def present(  # type: ignore[no-untyped-def]
    plan, tables, weights, data, work, first, count, key0, key1, barrier
):
    """Run samples first : first + count from rest, each in its own place; ends with a meeting."""
    blocks = cuda.gridDim.x
    item = cuda.blockIdx.x
    while item < count:
        rest(plan, work, item)
        levels(plan, data, work, item, first + item)
        note_sample(data, work, item, first + item)
        draw_shares(plan, data, work, item, first + item, key0, key1)
        item += blocks
    meet(barrier)
    quads = (plan.steps + 3) // 4
    item = cuda.blockIdx.x
    while item < count * quads:
        b = item // quads
        encode_inputs(plan, tables, data, work, b, first + b, item - b * quads, key0, key1)
        item += blocks
    settle(plan, tables, weights, work, count, count * quads)
    meet(barrier)
    for block in range(len(plan.block) - 1):
        done = 0
        for k in range(plan.block[block], plan.block[block + 1]):
            item = first_item(done)
            while item < count * plan.steps:
                b = item // plan.steps
                drive_outside(plan, tables, weights, work, b, plan.order[k], item - b * plan.steps)
                item += blocks
            done += count * plan.steps
        meet(barrier)
        item = cuda.blockIdx.x
        while item < count:
            step_block(plan, tables, weights, work, item, block)
            item += blocks
        meet(barrier)


@cuda.jit(device=True)
def count_all(work, results, b):  # type: ignore[no-untyped-def]
    """The spikes of every neuron added to results.activity[N]; integers, in any order."""
    i = cuda.threadIdx.x
    while i < work.count.shape[1]:
        if work.count[b, i] > 0:
            cuda.atomic.add(results.activity, i, work.count[b, i])
        i += cuda.blockDim.x


@cuda.jit(device=True)
def read_scores(plan, work, results, b, s):  # type: ignore[no-untyped-def]
    """results.scores of sample s, at place b: what the outputs emitted last, if numbers."""
    lo, hi = plan.neurons[plan.output], plan.neurons[plan.output + 1]
    i = cuda.threadIdx.x
    while plan.score >= 0 and i < hi - lo:
        results.scores[s, i] = work.reals[b, plan.score, lo + i]
        i += cuda.blockDim.x


@cuda.jit(device=True)
def note_lost(work, results, b, s):  # type: ignore[no-untyped-def]
    """results.lost of sample s, at place b, where a state is no finite number."""
    i = cuda.threadIdx.x
    while i < work.reals.shape[2]:
        for k in range(work.reals.shape[1]):
            if is_lost(work.reals[b, k, i]):
                results.lost[s] = 1  # whoever writes it
        i += cuda.blockDim.x


def run(plan, tables, store, data, work, results, first, last, flight, key0, key1, barrier):  # type: ignore[no-untyped-def]
    """Present the samples first:last, `flight` at a time: counts, scores, activity, lost."""
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
            read_scores(plan, work, results, b, start + b)
            count_all(work, results, b)
            note_lost(work, results, b, start + b)
            b += cuda.gridDim.x
        cuda.syncthreads()  # the block that reads a place is the one that clears it next
