"""What sources fire, worked out where it arrives: no list of it is kept."""

from __future__ import annotations

import numpy as np
from numba import njit

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
)
from .forward import draw_words
from .rows import numbers
from .synapses import send

SHORT = 24  # entries of a distribution that are gone through for all words; of a mean of 4 or so
DRAWS = 128  # blocks of four words that are drawn at once: they stay in the first cache


@njit
def fire(plan, a, t, sample, counts):  # type: ignore[no-untyped-def]
    """counts[n]: how often each neuron of source a fires in step t of a sample; whether any may."""
    for k in range(len(counts)):
        counts[k] = 0
    row = plan.source[a]
    if row[SOURCE_KIND] == IS_TOLD:
        start, end = plan.told_ptr[row[SOURCE_TABLE] + t], plan.told_ptr[row[SOURCE_TABLE] + t + 1]
        for k in range(start, end):
            counts[plan.told[k]] += 1
        return start < end
    if t < row[SOURCE_FIRST] or t >= row[SOURCE_LAST]:
        return False
    draw_counts(plan, row, t, sample, counts)
    return True


@njit
def draw_counts(plan, row, t, sample, counts):  # type: ignore[no-untyped-def]
    """The same of a source that is drawn: neuron k has word k % 4 of the block k // 4."""
    key0, key1 = np.uint64(row[SOURCE_KEY0]), np.uint64(row[SOURCE_KEY1])
    words, found = np.empty((4, DRAWS), np.uint32), np.empty((4, DRAWS), np.uint32)
    blocks = (len(counts) + 3) // 4
    for tile in range(0, blocks, DRAWS):
        size = min(DRAWS, blocks - tile)
        draw_words(tile, size, t, sample, key0, key1, words)
        for r in range(4):
            count_words(plan, row, words[r, :size], found[r, :size])
        lay_counts(found, counts[4 * tile : 4 * (tile + size)])


@njit
def count_words(plan, row, words, found):  # type: ignore[no-untyped-def]
    """How many spikes each word stands for. Where the table is short, an entry of it for all words
    after the other: that is done by vectors."""
    first, start = row[SOURCE_TABLE], row[SOURCE_GUIDE]
    last, table = first + row[SOURCE_ENTRIES], plan.cumulative
    if last - first <= SHORT:
        for b in range(len(words)):
            found[b] = np.uint32(0)
        for e in range(first, last):
            bound = table[e]
            for b in range(len(words)):
                found[b] += np.uint32(words[b] >= bound)
        return
    for b in range(len(words)):
        found[b] = count_of_word(np.uint64(words[b]), table, first, last, plan.guide, start)


@njit
def lay_counts(found, counts):  # type: ignore[no-untyped-def]
    """counts[4 b + r] = found[r, b]."""
    f0, f1, f2, f3 = found[0], found[1], found[2], found[3]
    whole = len(counts) // 4
    for b in range(whole):
        counts[4 * b] = np.uint8(f0[b])
        counts[4 * b + 1] = np.uint8(f1[b])
        counts[4 * b + 2] = np.uint8(f2[b])
        counts[4 * b + 3] = np.uint8(f3[b])
    for k in range(4 * whole, len(counts)):
        counts[k] = np.uint8(found[k % 4, whole])


@njit
def drive_source(plan, values, j, first, last, sample, currents, lo, hi):  # type: ignore[no-untyped-def]
    """Add what projection j brings from its source in the steps first:last to
    currents f32[window, ports * N], columns lo:hi."""
    a, delay, window = plan.pre[j], plan.delay[j], currents.shape[0]
    counts = np.empty(plan.neurons[a + 1] - plan.neurons[a], np.uint8)
    for t in range(max(first, delay), last):
        if fire(plan, a, t - delay, sample, counts):
            send_counts(plan, values, j, counts, numbers(currents[t % window, lo:hi]))


@njit
def send_counts(plan, values, j, counts, current):  # type: ignore[no-untyped-def]
    """current[n] += count times weight over the synapses of projection j, by pre neuron."""
    if plan.straight[j]:
        own = values[plan.weight[j] : plan.weight[j + 1]]
        for k in range(len(counts)):
            current[k] += np.float32(counts[k]) * own[k]
        return
    for k in range(len(counts)):
        if counts[k] > 0:
            send(plan, values, j, k, np.float32(counts[k]), current)
