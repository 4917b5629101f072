"""Encoding, delivery and event lists: what a sample does before any neuron model is known.

Events of a population in one sample are time-major: `spikes[p0 + ptr[t] : p0 + ptr[t + 1]]` are the
neurons (local indices, ascending) that fired in step t.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from ...compiled.formulas import MASK, WORD, philox

ZERO8 = np.uint64(0)
FOUR = 4
CHUNK = 40  # steps that one thread encodes or drives at a time; a multiple of 4


@njit
def active_inputs(threshold, active):  # type: ignore[no-untyped-def]
    """Indices of the inputs that can fire at all; how many."""
    count = 0
    for j in range(len(threshold)):
        if threshold[j] > 0:
            active[count] = j
            count += 1
    return count


@njit
def packed_inputs(threshold, active, origin):  # type: ignore[no-untyped-def]
    """(counter, threshold) of the inputs that can fire, u64: a loop that looked them up by index
    would stay scalar."""
    counter, bound = np.empty(len(active), np.uint64), np.empty(len(active), np.uint64)
    for a in range(len(active)):
        counter[a] = np.uint64(active[a] + origin)
        bound[a] = np.uint64(threshold[active[a]])
    return counter, bound


@njit
def encode_chunk(threshold, active, first, steps, sample, seed, origin, chunk, ptr, spikes):  # type: ignore[no-untyped-def]
    """Draw the steps of one chunk of one input population; see `ir.philox.encode`.

    threshold u32[n]; active i32: inputs that can fire; origin: index of the first input. Writes its
    events from spikes[chunk * CHUNK * n] and their number up to each step to ptr[t + 1]; `pack`
    joins the chunks.
    """
    n = len(threshold)
    counter, bound = packed_inputs(threshold, active, origin)
    flags = np.empty((FOUR, len(active)), np.uint8)
    f0, f1, f2, f3 = flags[0], flags[1], flags[2], flags[3]
    key0, key1 = seed & MASK, seed >> WORD
    sample0, sample1 = sample & MASK, sample >> WORD
    out = spikes[chunk * CHUNK * n :]
    events = 0
    for block in range(chunk * CHUNK // 4, min((chunk + 1) * CHUNK, steps + 3) // 4):
        for a in range(len(active)):
            w0, w1, w2, w3 = philox(counter[a], np.uint64(block), sample0, sample1, key0, key1)
            f0[a] = w0 < bound[a]
            f1[a] = w1 < bound[a]
            f2[a] = w2 < bound[a]
            f3[a] = w3 < bound[a]
        for k in range(FOUR):
            t = 4 * block + k
            if t < steps:
                if t >= first:
                    row = flags[k]
                    for a in range(len(active)):
                        out[events] = active[a]
                        events += row[a]
                ptr[t + 1] = events


@njit
def draw_words(block, size, t, sample, key0, key1, words):  # type: ignore[no-untyped-def]
    """words u32[4, :size]: those of the blocks block … block + size - 1 of step t of a sample."""
    u0, u1, u2, u3 = words[0], words[1], words[2], words[3]
    sample0, sample1 = sample & MASK, sample >> WORD
    for b in range(size):
        w0, w1, w2, w3 = philox(np.uint64(block + b), np.uint64(t), sample0, sample1, key0, key1)
        u0[b], u1[b], u2[b], u3[b] = w0, w1, w2, w3


@njit
def pack(n, steps, ptr, spikes):  # type: ignore[no-untyped-def]
    """Move the chunks' events together and make ptr count from the first step."""
    ptr[0] = 0
    for start in range(CHUNK, steps, CHUNK):
        before = ptr[start]
        stop = min(start + CHUNK, steps)
        for k in range(ptr[stop]):
            spikes[before + k] = spikes[start * n + k]
        for t in range(start, stop):
            ptr[t + 1] += before


@njit
def events_of_raster(raster, most, ptr, spikes):  # type: ignore[no-untyped-def]
    """Event lists of given spike trains, raster u8[T, n]: of each neuron up to `most` in a step,
    one after the other."""
    events = 0
    ptr[0] = 0
    for t in range(raster.shape[0]):
        for j in range(raster.shape[1]):
            if raster[t, j] == 0:
                continue
            for _ in range(min(np.int64(raster[t, j]), most)):
                spikes[events] = j
                events += 1
        ptr[t + 1] = events


@njit(inline="always")
def append(flags, events, spikes):  # type: ignore[no-untyped-def]
    """Append the indices of the set flags (u8[n]) to spikes; the new number of events.

    Eight flags at a time where none is set, and else without a branch on any: the place behind the
    last event is written as well.
    """
    n = len(flags)
    words = flags[: n - n % 8].view(np.uint64)
    for word in range(len(words)):
        if words[word] != ZERO8:
            for i in range(8 * word, 8 * word + 8):
                spikes[events] = i
                events += np.int64(flags[i])
    for i in range(n - n % 8, n):
        if flags[i]:
            spikes[events] = i
            events += 1
    return events


@njit
def thresholds(values, rate, threshold):  # type: ignore[no-untyped-def]
    """threshold[j] = floor(values[j] rate 2^32), clipped: a random word below it is a spike."""
    for j in range(len(values)):
        p = max(np.float64(values[j]) * rate, 0.0) * 4294967296.0
        threshold[j] = np.uint32(np.uint64(min(p, 4294967295.0)))


@njit
def levels(values, zero, rate, most, numbers):  # type: ignore[no-untyped-def]
    """numbers[j] = (values[j] - zero[j]) rate[j]; where `most` is above 0 the nearest whole number
    up to it, and a tie the even one."""
    for j in range(len(values)):
        number = (np.float64(values[j]) - zero[j]) * rate[j]
        if most > 0.0:
            number = min(max(np.rint(number), -most), most)
        numbers[j] = number
