"""The time loops, generic over `advance`, the compiled neuron steps of a graph (see `codegen.py`).

A sample is presented block by block (a strongly connected set of populations), each for all its
steps: spikes from outside the block are complete by then, so their drive is summed first, for all
steps at once, and only what comes from inside the block waits for the step before it.
"""

from __future__ import annotations

import numpy as np
from numba import njit, prange

from ..compiled.counts import SOURCE_KIND
from ..compiled.formulas import is_drawn, is_lost, is_sent
from .each import step_each
from .kernels.closing import close_step
from .kernels.dropout import draw_shares
from .kernels.features import (
    CODES,
    DRAWN,
    DROPPED,
    EACH,
    GRADED,
    LATE,
    NOISY,
    PRESENTED,
    RASTER,
    RECORDED,
    SOURCED,
    STATEFUL,
    STEADY,
    WIDE,
)
from .kernels.forward import (
    CHUNK,
    active_inputs,
    encode_chunk,
    events_of_raster,
    levels,
    pack,
    thresholds,
)
from .kernels.late import bring_late, deliver_late
from .kernels.noise import put_noise
from .kernels.planes import is_laid, lay, planes_of
from .kernels.rows import add, add_scaled, fill, numbers
from .kernels.sources import drive_source
from .kernels.stateful import answer, arrive, glance, is_stateful, rest_synapses
from .kernels.synapses import deliver, deliver_planes, send_all, send_steady
from .units import advance_at, unit

ZERO = np.float32(0.0)
MANY = 64  # neurons for which threads pay: to meet takes as long as a small population's drive


@njit
def input_threshold(plan, values, k, origin, work, w):  # type: ignore[no-untyped-def]
    """(thresholds u32[n], inputs that can fire) of input population k, in the worker's scratch."""
    n = plan.neurons[plan.inputs[k] + 1] - plan.neurons[plan.inputs[k]]
    threshold = work.threshold[w, :n]
    thresholds(values[origin : origin + n], plan.rate[origin], threshold)
    return threshold, work.active[w, : active_inputs(threshold, work.active[w])]


@unit
def encode_inputs(plan, data, s, seed, work, w):  # type: ignore[no-untyped-def]
    """Events of every input population in sample s."""
    values = data.values[data.rows[s] % len(data.values)]
    raster = data.rasters[data.rows[s] % len(data.rasters)]
    sample, origin = data.ids[s], np.int64(0)
    for k in range(len(plan.inputs)):
        p = plan.inputs[k]
        n = plan.neurons[p + 1] - plan.neurons[p]
        ptr = work.ptr[w, p]
        spikes = work.spikes[w, plan.events[p] : plan.events[p + 1]]
        first = plan.first[k]
        if RASTER and not is_drawn(plan.encoder[k]) and not is_sent(plan.encoder[k]):
            most = np.int64(plan.most[k])
            events_of_raster(raster[:, origin : origin + n], most, ptr, spikes)
        if DRAWN and is_drawn(plan.encoder[k]):
            threshold, active = input_threshold(plan, values, k, origin, work, w)
            if WIDE:
                encode_wide(threshold, active, first, plan.steps, sample, seed, origin, ptr, spikes)
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
        chunk = np.int64(c)
        encode_chunk(threshold, active, first, steps, sample, seed, origin, chunk, ptr, spikes)


@unit
def settle(plan, weights, data, s, stride, count, work, w):  # type: ignore[no-untyped-def]
    """What inputs send in every step of the samples s, s + stride, …, and what it brings in each:
    a row of weights is read once for all of them."""
    origin, sent = np.int64(0), numbers(work.numbers[w : w + count])
    steady, own_weights = numbers(work.steady[w : w + count]), numbers(weights.values)
    for k in range(len(plan.inputs)):
        p = plan.inputs[k]
        lo, hi = plan.neurons[p], plan.neurons[p + 1]
        if is_sent(plan.encoder[k]):
            for c in range(count):
                values = data.values[data.rows[s + c * stride] % len(data.values)]
                end = origin + hi - lo
                zero, rate = plan.zero[origin:end], plan.rate[origin:end]
                levels(values[origin:end], zero, rate, plan.most[k], sent[c, lo:hi])
            for j in range(len(plan.pre)):
                if plan.pre[j] == p:
                    send_steady(plan, own_weights, laid_of(work, w), j, sent, steady)
        origin += hi - lo


@njit
def drive(plan, values, j, first, last, work, w, currents):  # type: ignore[no-untyped-def]
    """Add what projection j brings in the steps first:last to currents f32[window, ports * N]."""
    a, p = plan.pre[j], plan.post[j]
    lo = plan.port[j] * plan.neurons[-1] + plan.neurons[p]
    hi = lo + plan.neurons[p + 1] - plan.neurons[p]
    ptr, spikes = work.ptr[w, a], work.spikes[w, plan.events[a] : plan.events[a + 1]]
    delay, window = plan.delay[j], currents.shape[0]
    if SOURCED and plan.source[a, SOURCE_KIND] != 0:
        drive_source(plan, values, j, first, last, work.sample[w], currents, lo, hi)
        return
    if STEADY and plan.steady[j] < plan.steady[j + 1]:
        steady = numbers(work.steady[w, plan.steady[j] : plan.steady[j + 1]])
        for t in range(max(first, delay), last):
            add(steady, currents[t % window, lo:hi])
        return
    if GRADED and plan.emitted[a] >= 0:
        send_graded(plan, values, j, first, last, work, w, currents, lo, hi)
        return
    if LATE and plan.late[j] >= 0:
        for t in range(max(first, delay), last):
            start, end, later = ptr[t - delay], ptr[t - delay + 1], numbers(work.later[w])
            deliver_late(plan, values, j, spikes, start, end, t, lo, later)
        return
    size = planes_of(plan.windows[j]) if is_laid(plan, j) else np.int64(0)
    planes = numbers(np.empty(size, np.float32))
    is_scaled = DROPPED and plan.dropped[a] > 0
    part = numbers(np.empty(hi - lo if is_scaled else 0, np.float32))
    for t in range(max(first, delay), last):
        start, end, current = ptr[t - delay], ptr[t - delay + 1], currents[t % window, lo:hi]
        if DROPPED and is_scaled and start < end:
            fill(part, ZERO)
            current = part
        if start < end and is_laid(plan, j):
            laid = laid_of(work, w)
            deliver_planes(plan, values, laid, j, spikes, start, end, current, planes)
        elif start < end:
            deliver(plan, values, j, spikes, start, end, current)
        if DROPPED and is_scaled and start < end:
            add_scaled(plan.share[a], part, currents[t % window, lo:hi])


@njit
def laid_of(work, w):  # type: ignore[no-untyped-def]
    """What the worker that has sample w in its scratch laid out of the weights."""
    return numbers(work.laid[w // work.together])


@njit
def send_graded(plan, values, j, first, last, work, w, currents, lo, hi):  # type: ignore[no-untyped-def]
    """The same of a projection whose pre neurons send numbers; the steps lie side by side in the
    window."""
    window, start = currents.shape[0], max(first, plan.delay[j])
    if start < last:
        sent = numbers(work.graded[w, start - plan.delay[j] : last - plan.delay[j]])
        here = currents[start % window : start % window + last - start]
        laid, origin = laid_of(work, w), plan.graded[plan.pre[j]]
        send_all(plan, values, laid, j, sent, origin, here, lo, hi)


@unit
def drive_outside(plan, weights, p, first, last, work, w):  # type: ignore[no-untyped-def]
    """Everything that comes to population p from complete blocks in the steps first:last."""
    currents, values = numbers(work.currents[w]), numbers(weights.values)
    window, lo, hi = currents.shape[0], plan.neurons[p], plan.neurons[p + 1]
    for t in range(first, last):
        for port in range(plan.ports):
            origin = port * plan.neurons[-1]
            fill(currents[t % window, origin + lo : origin + hi], ZERO)
        if NOISY:
            put_noise(plan, p, t, work.sample[w], currents[t % window])
    for s in range(plan.incoming[p], plan.inner[p]):
        drive(plan, values, plan.sources[s], first, last, work, w, currents)


@njit(parallel=True)
def drive_wide(plan, weights, p, first, last, work, w):  # type: ignore[no-untyped-def]
    """`drive_outside` with chunks of steps spread over the threads."""
    for c in prange((last - first + CHUNK - 1) // CHUNK):
        start = first + np.int64(c) * CHUNK
        drive_outside(plan, weights, p, start, min(start + CHUNK, last), work, w)


@unit
def step_block(advance, plan, weights, b, first, last, work, w):  # type: ignore[no-untyped-def]
    """The steps first:last of a block: what it sends itself, its neurons, their spikes.

    A block that sends itself nothing takes several steps at a time.
    """
    step = advance_at(advance)
    reals, integers, fired = work.reals[w], work.integers[w], work.fired[w]
    currents, values = numbers(work.currents[w]), numbers(weights.values)
    ptr = work.ptr[w]
    neurons, sources, pre, delay = plan.neurons, plan.sources, plan.pre, plan.delay
    is_stepwise = RECORDED or plan.recurrent[b] or (GRADED and is_graded(plan, b))
    is_stepwise = is_stepwise or (STATEFUL and is_watched(plan, b, work))
    stride = 1 if is_stepwise else len(fired)
    for t in range(first, last, stride):
        end = min(t + stride, last)
        for k in range(plan.block[b], plan.block[b + 1]):
            p = plan.order[k]
            lo, hi = neurons[p], neurons[p + 1]
            for s in range(plan.inner[p], plan.incoming[p + 1]):
                j = sources[s]
                a, emitted = pre[j], t - delay[j]
                if STATEFUL and is_stateful(work, j):
                    arrive(advance, plan, weights, j, t, work, w)
                    continue
                if DROPPED and plan.dropped[a] > 0:
                    drive(plan, values, j, t, t + 1, work, w, currents)
                    continue
                if GRADED and plan.emitted[a] >= 0:
                    origin = plan.port[j] * neurons[-1]
                    here, there = origin + lo, origin + hi
                    send_graded(plan, values, j, t, t + 1, work, w, currents, here, there)
                    continue
                if emitted >= 0 and ptr[a, emitted] < ptr[a, emitted + 1]:
                    bring_spikes(plan, values, j, t, work, w, currents)
            if LATE and plan.waits[p]:
                bring_late(plan, p, t, end, work, w)
            step(
                plan.model[p], p, lo, hi, t, end, reals, integers, work.currents[w],
                plan.constants, fired,
            )  # fmt: skip
            close_step(plan, p, t, end, work, w)
            if STATEFUL:
                answer(advance, plan, weights, p, t, work, w)
            if STATEFUL and RECORDED:
                glance(advance, plan, weights, p, t, work, w)


@njit(inline="always")
def bring_spikes(plan, values, j, t, work, w, currents):  # type: ignore[no-untyped-def]
    """What the spikes that arrive in step t through projection j bring."""
    a, p, emitted = plan.pre[j], plan.post[j], t - plan.delay[j]
    ptr, spikes = work.ptr[w], work.spikes[w]
    start, stop = plan.events[a] + ptr[a, emitted], plan.events[a] + ptr[a, emitted + 1]
    lo = plan.port[j] * plan.neurons[-1] + plan.neurons[p]
    hi = lo + plan.neurons[p + 1] - plan.neurons[p]
    if LATE and plan.late[j] >= 0:
        deliver_late(plan, values, j, spikes, start, stop, t, lo, numbers(work.later[w]))
    else:
        deliver(plan, values, j, spikes, start, stop, currents[t % currents.shape[0], lo:hi])


@njit
def is_watched(plan, b, work):  # type: ignore[no-untyped-def]
    """Whether synapses that hold values end in block b, which are looked at step by step."""
    found = False
    for k in range(plan.block[b], plan.block[b + 1]):
        p = plan.order[k]
        for s in range(plan.inner[p], plan.incoming[p + 1]):
            found = found or is_stateful(work, plan.sources[s])
    return found


@njit
def is_graded(plan, b):  # type: ignore[no-untyped-def]
    """Whether a population of block b sends numbers, which are written down step by step."""
    found = False
    for k in range(plan.block[b], plan.block[b + 1]):
        found = found or plan.emitted[plan.order[k]] >= 0
    return found


@njit
def rest(plan, reals, integers):  # type: ignore[no-untyped-def]
    """Set all states to their initial values."""
    for k in range(reals.shape[0]):
        for n in range(reals.shape[1]):
            reals[k, n] = plan.real_init[k, n]
    for k in range(integers.shape[0]):
        for n in range(integers.shape[1]):
            integers[k, n] = plan.integer_init[k, n]


@unit
def present(advance, plan, weights, data, s, stride, count, seed, work, w):  # type: ignore[no-untyped-def]
    """Run the samples s, s + stride, … from rest, `count` of them; their events are left in the
    scratch w, w + 1, … Where they are PRESENTED, they lie there."""
    if not PRESENTED:
        for c in range(count):
            encode_inputs(plan, data, s + c * stride, seed, work, w + c)
            if SOURCED or NOISY:
                work.sample[w + c] = data.ids[s + c * stride]
            if DROPPED:
                shares = work.shares[w + c]
                draw_shares(plan, data.ids[s + c * stride], data.epoch, seed, shares)
    if STEADY:
        settle(plan, weights, data, s, stride, count, work, w)
    if not PRESENTED:
        for c in range(count):
            play(advance, plan, weights, work, w + c)


@njit
def play(advance, plan, weights, work, w):  # type: ignore[no-untyped-def]
    """Run one sample, whose inputs are encoded.

    work.currents[w] is f32[window, ports * N]: blocks run in windows of steps, so that the sums of
    what comes from outside stay in cache. WIDE: the threads share this one sample, the bits are
    the same.
    """
    rest(plan, work.reals[w], work.integers[w])
    if LATE:
        for k in range(work.later.shape[1]):
            fill(work.later[w, k], ZERO)
    if STATEFUL:
        rest_synapses(plan, numbers(weights.values), work, w)
    window = work.currents.shape[1]
    for b in range(len(plan.block) - 1):
        if EACH:
            step_each(advance, plan, weights, b, work, w)
            continue
        for first in range(0, plan.steps, window):
            last = min(first + window, plan.steps)
            for k in range(plan.block[b], plan.block[b + 1]):
                p = plan.order[k]
                if WIDE and plan.neurons[p + 1] - plan.neurons[p] >= MANY:
                    drive_wide(plan, weights, p, first, last, work, w)
                else:
                    drive_outside(plan, weights, p, first, last, work, w)
            step_block(advance, plan, weights, b, first, last, work, w)


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


@njit
def note_lost(reals, lost, s):  # type: ignore[no-untyped-def]
    """lost[s] of the sample just presented: whether (1, 0) a state is no finite number."""
    found = 0
    for k in range(reals.shape[0]):
        for n in range(reals.shape[1]):
            found |= is_lost(reals[k, n])
    lost[s] = found


@njit
def read_scores(plan, reals, scores):  # type: ignore[no-untyped-def]
    """What the outputs emitted last into scores[outputs], if they emit numbers."""
    if plan.score >= 0:
        lo = plan.neurons[plan.output]
        for n in range(len(scores)):
            scores[n] = reals[plan.score, lo + n]


@njit(nogil=True)
def run(advance, plan, weights, data, seed, first, stride, work, w, results):  # type: ignore[no-untyped-def]
    """Present the samples first, first + stride, … in worker w; any number of workers at once.

    Counts and activity of the results are added to, their scores and lost are written.
    """
    lay(plan, numbers(weights.values), laid_of(work, w))
    for s in range(first, len(data.ids), stride):
        present(advance, plan, weights, data, s, 1, 1, seed, work, w)
        count(plan, work, w, plan.output, results.counts[s])
        read_scores(plan, work.reals[w], results.scores[s])
        count_all(plan, work, w, results.activity[w])
        if not CODES:
            note_lost(work.reals[w], results.lost, s)
