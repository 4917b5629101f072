"""What sources fire, worked out where it arrives: no list of it is kept."""

from __future__ import annotations

import numpy as np
from numba import cuda

from ...compiled.counts import (
    IS_TOLD,
    SOURCE_ENTRIES,
    SOURCE_FIRST,
    SOURCE_GUIDE,
    SOURCE_KEY0,
    SOURCE_KEY1,
    SOURCE_KIND,
    SOURCE_LAST,
    SOURCE_TABLE,
    count_of_word,
    word_at,
)
from ...compiled.formulas import philox
from ...compiled.kinds import LIST, WINDOW
from .grid import f32
from .synapses import window_fan_in, window_synapse


@cuda.jit(device=True)
def note_sample(data, work, b, s):  # type: ignore[no-untyped-def]
    """Note which sample lies at place b: what sources draw is keyed by it."""
    if cuda.threadIdx.x == 0:
        work.sample[b, 0] = data.ids[s, 0]
        work.sample[b, 1] = data.ids[s, 1]


@cuda.jit(device=True)
def fire(plan, work, b, a, k, t):  # type: ignore[no-untyped-def]
    """How often neuron k of source a fires in step t of the sample at place b."""
    if plan.source[a, SOURCE_KIND] == IS_TOLD:
        return told(plan, a, k, t)
    if t < plan.source[a, SOURCE_FIRST] or t >= plan.source[a, SOURCE_LAST]:
        return np.int64(0)
    w0, w1, w2, w3 = philox(
        np.uint64(k // 4), np.uint64(t), np.uint64(work.sample[b, 0]), np.uint64(work.sample[b, 1]),
        np.uint64(plan.source[a, SOURCE_KEY0]), np.uint64(plan.source[a, SOURCE_KEY1]),
    )  # fmt: skip
    word = word_at(k, w0, w1, w2, w3)
    first = plan.source[a, SOURCE_TABLE]
    last, start = first + plan.source[a, SOURCE_ENTRIES], plan.source[a, SOURCE_GUIDE]
    return count_of_word(word, plan.cumulative, first, last, plan.guide, start)


@cuda.jit(device=True)
def told(plan, a, k, t):  # type: ignore[no-untyped-def]
    """The same of a source whose events are told, ascending in each step."""
    place = plan.source[a, SOURCE_TABLE] + t
    low, end = plan.told_ptr[place], plan.told_ptr[place + 1]
    high = end
    while low < high:
        middle = (low + high) // 2
        if plan.told[middle] < k:
            low = middle + 1
        else:
            high = middle
    count = np.int64(0)
    while low < end and plan.told[low] == k:
        count += 1
        low += 1
    return count


@cuda.jit(device=True)
def drive_source(plan, tables, weights, work, b, j, i, t, current):  # type: ignore[no-untyped-def]
    """current + count times weight, over the synapses of post neuron i of projection j, by pre
    neuron; t is the step in which its source fires."""
    a = plan.pre[j]
    if plan.kind[j] == LIST:
        row = tables.post_row[j] + i
        for s in range(tables.post_ptr[row], tables.post_ptr[row + 1]):
            count = fire(plan, work, b, a, tables.post_pre[s], t)
            if count > 0:
                current += f32(count) * weights[tables.post_index[s]]
        return current
    if plan.kind[j] == WINDOW:
        for s in range(window_fan_in(plan.windows[j], i)):
            k, place = window_synapse(plan.windows[j], i, s)
            count = fire(plan, work, b, a, k, t)
            if count > 0:
                current += f32(count) * weights[plan.weight[j] + place]
        return current
    at, posts = plan.weight[j] + i, plan.neurons[plan.post[j] + 1] - plan.neurons[plan.post[j]]
    for k in range(plan.neurons[a + 1] - plan.neurons[a]):
        count = fire(plan, work, b, a, k, t)
        if count > 0:
            current += f32(count) * weights[at]
        at += posts
    return current
