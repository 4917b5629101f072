"""Synapses of every kind: what the spikes of a step bring to a post neuron, its row of weights."""

from __future__ import annotations

import numpy as np
from numba import cuda

from ...compiled.kinds import LIST, WINDOW
from ...compiled.windows import (
    COLUMNS,
    HEIGHT,
    KERNEL,
    PADDING,
    READ,
    ROWS,
    STRIDE,
    WIDTH,
    channels_of,
    coordinates,
    place_of,
    taps_of,
)
from .forward import fired

ZERO = np.float32(0.0)


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
def deliver_listed(tables, weights, j, i, bits, start, current):  # type: ignore[no-untyped-def]
    """The same over the synapses of post neuron i: a gather, so that no two threads add to one."""
    first = tables.post_ptr[tables.post_row[j] + i]
    last = tables.post_ptr[tables.post_row[j] + i + 1]
    for s in range(first, last):
        if fired(bits, start, tables.post_pre[s]):
            current += weights[tables.post_index[s]]
    return current


@cuda.jit(device=True)
def deliver_windows(weights, base, window, i, bits, start, current):  # type: ignore[no-untyped-def]
    """The same over the window of post neuron i."""
    o, y, x = coordinates(i, window[ROWS], window[COLUMNS])
    kernel, stride, padding = window[KERNEL], window[STRIDE], window[PADDING]
    top, a0, a1 = taps_of(y, kernel, stride, padding, window[HEIGHT])
    left, b0, b1 = taps_of(x, kernel, stride, padding, window[WIDTH])
    first, last = channels_of(window, o)
    for c in range(first, last):
        for a in range(a0, a1):
            row = (c * window[HEIGHT] + top + a) * window[WIDTH] + left
            for b in range(b0, b1):
                if fired(bits, start, row + b):
                    current += weights[base + place_of(window, o, c - first, a, b)]
    return current


@cuda.jit(device=True)
def send_all(plan, tables, weights, j, l, numbers, first, current):  # type: ignore[no-untyped-def]
    """current + w numbers[first + k], over the synapses of post neuron l of projection j, by pre
    neuron k."""
    if plan.kind[j] == WINDOW:
        return send_windows(weights, plan.weight[j], plan.windows[j], l, numbers, first, current)
    if plan.kind[j] == LIST:
        row = tables.post_row[j] + l
        for s in range(tables.post_ptr[row], tables.post_ptr[row + 1]):
            current += numbers[first + tables.post_pre[s]] * weights[tables.post_index[s]]
        return current
    at, posts = plan.weight[j] + l, plan.neurons[plan.post[j] + 1] - plan.neurons[plan.post[j]]
    last = first + plan.neurons[plan.pre[j] + 1] - plan.neurons[plan.pre[j]]
    for k in range(first, last):
        current += numbers[k] * weights[at]
        at += posts
    return current


@cuda.jit(device=True)
def send_windows(weights, base, window, l, numbers, first, current):  # type: ignore[no-untyped-def]
    """The same over the window of post neuron l."""
    for s in range(window_fan_in(window, l)):
        k, place = window_synapse(window, l, s)
        current += numbers[first + k] * weights[base + place]
    return current


@cuda.jit(device=True)
def window_fan_in(window, l):  # type: ignore[no-untyped-def]
    """The number of synapses that end at post neuron l."""
    _, y, x = coordinates(l, window[ROWS], window[COLUMNS])
    kernel, stride, padding = window[KERNEL], window[STRIDE], window[PADDING]
    _, a0, a1 = taps_of(y, kernel, stride, padding, window[HEIGHT])
    _, b0, b1 = taps_of(x, kernel, stride, padding, window[WIDTH])
    return window[READ] * (a1 - a0) * (b1 - b0)


@cuda.jit(device=True)
def window_synapse(window, l, s):  # type: ignore[no-untyped-def]
    """(pre neuron, place of the weight among the projection's) of synapse s of post neuron l."""
    o, y, x = coordinates(l, window[ROWS], window[COLUMNS])
    kernel, stride, padding = window[KERNEL], window[STRIDE], window[PADDING]
    top, a0, a1 = taps_of(y, kernel, stride, padding, window[HEIGHT])
    left, b0, b1 = taps_of(x, kernel, stride, padding, window[WIDTH])
    c, a, b = coordinates(s, a1 - a0, b1 - b0)
    first, _ = channels_of(window, o)
    a, b = a0 + a, b0 + b
    k = ((first + c) * window[HEIGHT] + top + a) * window[WIDTH] + left + b
    return k, place_of(window, o, c, a, b)
