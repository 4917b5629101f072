"""Encoding, delivery and event lists: what a sample does before any neuron model is known.

Events of population p in the sample at place b, written three ways:

    spikes  work.spikes[b, T neurons[p] + t n : … + number]  who fired in step t, ascending
    bits    work.bits[b, t words + word[p] : …]              the same, a bit a neuron
    times   work.times[b, T (neurons[p] + i) : … + count]    when neuron i fired; not of inputs

Delivery reads the first, sparse delivery and traces the second, S-PSP the third.
"""

from __future__ import annotations

import numpy as np
from numba import cuda

from ...compiled.formulas import is_sent, philox
from .grid import i32, u32

ONE32 = u32(1)
ZERO32 = u32(0)
FIVE = 5
LOW = 31


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
def levels(plan, data, work, b, s):  # type: ignore[no-untyped-def]
    """What the inputs of sample s, at place b, send in every step."""
    origin = 0
    for k in range(len(plan.inputs)):
        p = plan.inputs[k]
        n = plan.neurons[p + 1] - plan.neurons[p]
        i = cuda.threadIdx.x
        while i < n and is_sent(plan.encoder[k]):
            number = data.numbers[data.row[s] % data.numbers.shape[0], origin + i]
            work.numbers[b, plan.neurons[p] + i] = number
            i += cuda.blockDim.x
        origin += n


@cuda.jit(device=True)
def allowed(first, quad, steps):  # type: ignore[no-untyped-def]
    """The steps of a quad in which an encoding may fire, from step `first` on."""
    mask = i32(0)
    for r in range(4):
        t = 4 * quad + r
        if first <= t < steps:
            mask |= i32(1 << r)
    return mask


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
def set_bit(masks, start, i):  # type: ignore[no-untyped-def]
    """Set bit i of the words from masks[start], which other threads set bits of too."""
    cuda.atomic.or_(masks, start + (i >> FIVE), u32(ONE32 << u32(i & LOW)))


@cuda.jit(device=True)
def fired(bits, start, i):  # type: ignore[no-untyped-def]
    """Whether bit i of the words from bits[start] is set."""
    return (bits[start + (i >> FIVE)] >> u32(i & LOW)) & ONE32 != ZERO32
