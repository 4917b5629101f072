"""What a post neuron's adjoint asks of a weight; a thread owns a weight."""

from __future__ import annotations

import numpy as np
from numba import cuda

from ....compiled.windows import (
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
)
from ....cuda.kernels.grid import chunks_of, first_item, meet
from .synapses import arrival

ZERO = np.float32(0.0)


@cuda.jit(device=True)
def credit(plan, tables, work, b, j, k, l):  # type: ignore[no-untyped-def]
    """dL/d(weight) of the synapse from pre neuron k to post neuron l of projection j in the sample
    at place b: the adjoint where each spike arrived."""
    a, total = plan.pre[j], ZERO
    neuron = plan.neurons[a] + k
    if plan.steady[j] < plan.steady[j + 1]:
        return work.numbers[b, neuron] * work.totals[b, plan.steady[j] + l]
    arrived, times = work.currents[b], work.times[b]
    here, first = arrival(plan, tables, j, plan.delay[j]) + l, plan.steps * neuron
    last = plan.steps - plan.delay[j]
    if plan.emitted[a] >= 0:
        for t in range(last):
            total += work.graded[b, t, plan.graded[a] + k] * arrived[t * tables.row + here]
        return total
    for s in range(first, first + work.count[b, neuron]):
        if times[s] < last:
            total += arrived[times[s] * tables.row + here]
    return plan.share[a] * total


@cuda.jit(device=True)
def credit_window(plan, tables, work, b, j, at):  # type: ignore[no-untyped-def]
    """The same of the shared weight at a place among those of projection j: of all its synapses."""
    window, total = plan.windows[j], ZERO
    kernel, stride, padding = window[KERNEL], window[STRIDE], window[PADDING]
    pair, a, tap = coordinates(at, kernel, kernel)
    o = pair // window[READ]
    first, _ = channels_of(window, o)
    c = first + pair - o * window[READ]
    for y in range(window[ROWS]):
        i = y * stride + a - padding
        if 0 <= i < window[HEIGHT]:
            for x in range(window[COLUMNS]):
                column = x * stride + tap - padding
                if 0 <= column < window[WIDTH]:
                    k = (c * window[HEIGHT] + i) * window[WIDTH] + column
                    l = (o * window[ROWS] + y) * window[COLUMNS] + x
                    total += credit(plan, tables, work, b, j, k, l)
    return total


@cuda.jit(device=True)
def credit_steady(plan, tables, work, count, barrier):  # type: ignore[no-untyped-def]
    """The adjoints of what inputs bring in every step, over all steps; ends with a meeting where
    there are any."""
    done = 0
    for j in range(len(plan.pre)):
        posts = plan.steady[j + 1] - plan.steady[j]
        chunks = chunks_of(posts)
        item = first_item(done)
        while item < count * chunks:
            b = item // chunks
            l = (item - b * chunks) * cuda.blockDim.x + cuda.threadIdx.x
            if l < posts:
                total = ZERO
                for t in range(plan.delay[j], plan.steps):
                    total += work.currents[b, arrival(plan, tables, j, t) + l]
                work.totals[b, plan.steady[j] + l] = total
            item += cuda.gridDim.x
        done += count * chunks
    if done > 0:
        meet(barrier)
