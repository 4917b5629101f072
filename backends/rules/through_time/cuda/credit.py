"""What a post neuron's adjoint asks of a weight; a thread owns a weight."""

from __future__ import annotations

import numpy as np
from numba import cuda

from ....compiled.windows import (
    CHANNELS,
    COLUMNS,
    HEIGHT,
    KERNEL,
    PADDING,
    ROWS,
    STRIDE,
    WIDTH,
    coordinates,
)
from .synapses import arrival

ZERO = np.float32(0.0)


@cuda.jit(device=True)
def credit(plan, tables, sweep, b, j, k, l):  # type: ignore[no-untyped-def]
    """dL/d(weight) of the synapse from pre neuron k to post neuron l of projection j in the sample
    at place b: the adjoint where each spike arrived."""
    neuron, total = plan.neurons[plan.pre[j]] + k, ZERO
    arrived, times = sweep.currents[b], sweep.times[b]
    here, first = arrival(plan, tables, j, plan.delay[j]) + l, plan.steps * neuron
    last = plan.steps - plan.delay[j]
    for s in range(first, first + sweep.count[b, neuron]):
        if times[s] < last:
            total += arrived[times[s] * tables.row + here]
    return total


@cuda.jit(device=True)
def credit_window(plan, tables, sweep, b, j, at):  # type: ignore[no-untyped-def]
    """The same of the shared weight at a place among those of projection j: of all its synapses."""
    window, total = plan.windows[j], ZERO
    kernel, stride, padding = window[KERNEL], window[STRIDE], window[PADDING]
    pair, a, tap = coordinates(at, kernel, kernel)
    o = pair // window[CHANNELS]
    c = pair - o * window[CHANNELS]
    for y in range(window[ROWS]):
        i = y * stride + a - padding
        if 0 <= i < window[HEIGHT]:
            for x in range(window[COLUMNS]):
                column = x * stride + tap - padding
                if 0 <= column < window[WIDTH]:
                    k = (c * window[HEIGHT] + i) * window[WIDTH] + column
                    l = (o * window[ROWS] + y) * window[COLUMNS] + x
                    total += credit(plan, tables, sweep, b, j, k, l)
    return total
