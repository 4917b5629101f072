"""Synapses that hold values: what an arriving spike does to those of its pre neuron, and a spike of
a post neuron to those that end at it.

A worker holds of a projection with S synapses the values f32[S, rows] and the steps of the last
events i32[S]. The parts of a synapse's step are called as those of neurons are (see `codegen.py`):

    arriving  sent[0] holds the weights of the synapses lo:hi, and then what they send
    answering sent[0] holds the weights of `last` synapses, whose numbers, as i32, stand in sent[1]
    looking   sent[0] holds the weights of the synapses lo:hi, and then their value `last`
"""

from __future__ import annotations

import numpy as np
from numba import njit

from ...compiled.counts import SOURCE_KIND
from ...compiled.kinds import PAIRS
from ...compiled.stateful import (
    LOOKING,
    SYN_BACK,
    SYN_COUNT,
    SYN_END,
    SYN_HELD,
    SYN_LOOK,
    SYN_POST,
    SYN_PRE,
    SYN_ROWS,
    SYN_SINCE,
    SYN_WEIGHT,
)
from ..units import advance_at, unit
from .features import SOURCED
from .rows import numbers
from .sources import fire

# A row of `work.glances`: the projection, the value of its synapses, every how many steps, the
# place of the first number in `work.seen`.
GLANCE_PROJECTION, GLANCE_ROW, GLANCE_EVERY, GLANCE_PLACE = 0, 1, 2, 3


@njit
def is_stateful(work, j):  # type: ignore[no-untyped-def]
    """Whether the synapses of projection j hold values."""
    return j < len(work.states) and work.states[j, SYN_PRE] >= 0


@njit
def rest_synapses(plan, weights, work, w):  # type: ignore[no-untyped-def]
    """Set what synapses hold to its first values; weights f32[W]."""
    for j in range(len(plan.pre)):
        if is_stateful(work, j):
            row = work.states[j]
            count, rows = row[SYN_COUNT], row[SYN_ROWS]
            own = work.held[w, row[SYN_HELD] : row[SYN_HELD] + rows * count]
            for s in range(count):
                for k in range(rows):
                    own[s * rows + k] = work.starts[j, k]
                if row[SYN_WEIGHT]:
                    own[s * rows + rows - 1] = weights[plan.weight[j] + s]
            since = work.since[w, row[SYN_SINCE] : row[SYN_SINCE] + count]
            for s in range(count):
                since[s] = 0


@njit
def held_of(work, w, j):  # type: ignore[no-untyped-def]
    """The values f32[S, rows] of projection j: those of a synapse side by side."""
    row = work.states[j]
    own = work.held[w, row[SYN_HELD] : row[SYN_HELD] + row[SYN_ROWS] * row[SYN_COUNT]]
    return own.reshape((row[SYN_COUNT], row[SYN_ROWS]))


@njit
def since_of(work, w, j):  # type: ignore[no-untyped-def]
    """The steps i32[1, S] of the last events of projection j."""
    row = work.states[j]
    return work.since[w, row[SYN_SINCE] : row[SYN_SINCE] + row[SYN_COUNT]].reshape(
        (1, row[SYN_COUNT])
    )


@njit
def look_of(work, j):  # type: ignore[no-untyped-def]
    """The constants and terms f32[1, …] of projection j."""
    row = work.states[j]
    return work.look[row[SYN_LOOK] : row[SYN_END]].reshape((1, row[SYN_END] - row[SYN_LOOK]))


@njit
def events_of(plan, a, t, work, w):  # type: ignore[no-untyped-def]
    """The neurons of population a that fire in step t, ascending, each as often as it does."""
    if t < 0:
        return work.spikes[w, :0]
    if SOURCED and plan.source[a, SOURCE_KIND] != 0:
        return events_of_source(plan, a, t, work.sample[w])
    first = plan.events[a]
    return work.spikes[w, first + work.ptr[w, a, t] : first + work.ptr[w, a, t + 1]]


@njit
def events_of_source(plan, a, t, sample):  # type: ignore[no-untyped-def]
    """The same of a source."""
    counts = np.empty(plan.neurons[a + 1] - plan.neurons[a], np.uint8)
    total = np.int64(0)
    if fire(plan, a, t, sample, counts):
        for k in range(len(counts)):
            total += counts[k]
    events, found = np.empty(total, np.int32), np.int64(0)
    for k in range(len(counts)):
        for _ in range(counts[k] if found < total else 0):
            events[found] = k
            found += 1
    return events


@unit
def arrive(advance, plan, weights, j, first, work, w):  # type: ignore[no-untyped-def]
    """Add to the currents of step `first` what its spikes send through projection j, in their
    order."""
    p, sent_in = plan.post[j], first - plan.delay[j]
    events = events_of(plan, plan.pre[j], sent_in, work, w)
    if not len(events):
        return
    step = advance_at(advance)
    row, values = work.states[j], numbers(weights.values)
    held, since, look = held_of(work, w, j), since_of(work, w, j), look_of(work, j)
    sent = work.sent[w]
    lo, hi = plan.neurons[p], plan.neurons[p + 1]
    port, currents = plan.port[j] * plan.neurons[-1], numbers(work.currents[w])
    current = currents[first % len(currents), port + lo : port + hi]
    own, brought = values[plan.weight[j] : plan.weight[j + 1]], numbers(sent[0])
    posts, base = hi - lo, plan.csr_ptr[plan.row[j]]
    for e in range(len(events)):
        k = np.int64(events[e])
        begin, end = k * posts, k * posts + posts
        if plan.kind[j] != PAIRS:
            begin = plan.csr_ptr[plan.row[j] + k] - base
            end = plan.csr_ptr[plan.row[j] + k + 1] - base
        if not row[SYN_WEIGHT]:
            for s in range(end - begin):
                brought[s] = own[begin + s]
        step(row[SYN_PRE], j, begin, end, first, 0, held, since, sent, look, work.fired[w])
        if plan.kind[j] == PAIRS:
            for s in range(posts):
                current[s] += brought[s]
        else:
            for s in range(end - begin):
                current[plan.csr_post[base + begin + s]] += brought[s]


@unit
def answer_in(advance, plan, weights, j, first, work, w):  # type: ignore[no-untyped-def]
    """What the spikes of the post population in step `first` do to the synapses of projection j."""
    step = advance_at(advance)
    row, values, p = work.states[j], numbers(weights.values), plan.post[j]
    held, since, look = held_of(work, w, j), since_of(work, w, j), look_of(work, j)
    sent = work.sent[w]
    own, index = values[plan.weight[j] : plan.weight[j + 1]], sent[1].view(np.int32)
    pres = plan.neurons[plan.pre[j] + 1] - plan.neurons[plan.pre[j]]
    posts = plan.neurons[p + 1] - plan.neurons[p]
    for e in range(work.ptr[w, p, first], work.ptr[w, p, first + 1]):
        n, found = np.int64(work.spikes[w, plan.events[p] + e]), pres
        if plan.kind[j] == PAIRS:
            for s in range(pres):
                index[s] = s * posts + n
        else:
            begin = work.back_ptr[row[SYN_BACK] + n]
            found = work.back_ptr[row[SYN_BACK] + n + 1] - begin
            for s in range(found):
                index[s] = work.back[begin + s]
        if not row[SYN_WEIGHT]:
            for s in range(found):
                sent[0, s] = own[index[s]]
        step(row[SYN_POST], j, 0, 0, first, found, held, since, sent, look, work.fired[w])


@unit
def answer(advance, plan, weights, p, first, work, w):  # type: ignore[no-untyped-def]
    """What the spikes of population p in step `first` do to the synapses that end there."""
    if not len(work.states) or work.ptr[w, p, first] == work.ptr[w, p, first + 1]:
        return
    for s in range(plan.incoming[p], plan.incoming[p + 1]):
        j = plan.sources[s]
        if work.states[j, SYN_POST] >= 0:
            answer_in(advance, plan, weights, j, first, work, w)


@unit
def look_at(advance, plan, weights, j, left, number, first, work, w):  # type: ignore[no-untyped-def]
    """Value `number` of all synapses of projection j after step `first`, into work.seen from `left`
    on."""
    step = advance_at(advance)
    row, values = work.states[j], numbers(weights.values)
    held, since, look = held_of(work, w, j), since_of(work, w, j), look_of(work, j)
    sent, own = work.sent[w], values[plan.weight[j] : plan.weight[j + 1]]
    for lo in range(0, row[SYN_COUNT], sent.shape[1]):
        hi = min(lo + sent.shape[1], row[SYN_COUNT])
        if not row[SYN_WEIGHT]:
            for s in range(hi - lo):
                sent[0, s] = own[lo + s]
        part = row[SYN_PRE] + LOOKING
        step(part, j, lo, hi, first, number, held, since, sent, look, work.fired[w])
        for s in range(hi - lo):
            work.seen[w, left + lo + s] = sent[0, s]


@unit
def glance(advance, plan, weights, p, first, work, w):  # type: ignore[no-untyped-def]
    """What the synapses that end at population p hold after step `first`, into work.seen, where
    that is asked for."""
    for k in range(len(work.glances)):
        asked = work.glances[k]
        j = asked[GLANCE_PROJECTION]
        if plan.post[j] == p and (first + 1) % asked[GLANCE_EVERY] == 0:
            count = work.states[j, SYN_COUNT]
            at = asked[GLANCE_PLACE] + ((first + 1) // asked[GLANCE_EVERY] - 1) * count
            look_at(advance, plan, weights, j, at, asked[GLANCE_ROW], first, work, w)
