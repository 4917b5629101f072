"""Synapses backwards: what a post neuron's adjoint asks of a pre neuron's spike and of a weight."""

from __future__ import annotations

import numpy as np
from numba import njit

from ....compiled.kinds import LIST, PAIRS, WINDOW
from ....compiled.windows import (
    COLUMNS,
    HEIGHT,
    KERNEL,
    OUTPUTS,
    PADDING,
    POOL,
    ROWS,
    STRIDE,
    WIDTH,
    coordinates,
    outputs_of,
    place_of,
)
from ....cpu.kernels.features import LISTED, MATRIX, STEADY, WINDOWED
from ....cpu.kernels.rows import add, add_scaled, fill
from ....cpu.units import unit
from .features import AT_ONCE

ZERO = np.float32(0.0)
ONE = np.float32(1.0)
STEPS = 16  # that a row of weights is used for while it is in cache


@unit
def ask(plan, store, sweep, w, j, first, last):  # type: ignore[no-untyped-def]
    """asked[t] += what projection j sent in the steps first:last, by the adjoints of where it
    arrived."""
    a, p = plan.pre[j], plan.post[j]
    lo, hi = plan.neurons[a], plan.neurons[a + 1]
    origin = plan.port[j] * plan.neurons[-1]
    start, stop = origin + plan.neurons[p], origin + plan.neurons[p + 1]
    end = min(last, plan.steps - plan.delay[j])
    asked, arrived, d = sweep.asked[w], sweep.arrived[w], plan.delay[j]
    if MATRIX and plan.kind[j] == PAIRS:
        rows = store.rows[plan.weight[j] : plan.weight[j + 1]]
        for t0 in range(first, end, STEPS):
            ask_dense(rows, arrived, start, stop, asked, lo, hi, t0, min(t0 + STEPS, end), d)
    else:
        for t in range(first, end):
            own = arrived[t + d, start:stop]
            for i in range(hi - lo):
                asked[t, lo + i] += collect(plan, store.weights, j, i, own)


@njit
def ask_dense(rows, arrived, start, stop, asked, lo, hi, t0, t1, d):  # type: ignore[no-untyped-def]
    """The same of all pairs over some steps: rows f32[post * pre] times the adjoints."""
    n = hi - lo
    for l in range(stop - start):
        row = rows[l * n : l * n + n]
        for t in range(t0, t1):
            x = arrived[t + d, start + l]
            if x != ZERO:
                target = asked[t, lo:hi]
                for i in range(n):
                    target[i] += x * row[i]


@njit
def collect(plan, weights, j, i, arrived):  # type: ignore[no-untyped-def]
    """sum of w times the adjoint over the synapses of pre neuron i."""
    total = ZERO
    if LISTED and plan.kind[j] == LIST:
        row = plan.row[j] + i
        for s in range(plan.csr_ptr[row], plan.csr_ptr[row + 1]):
            total += weights[plan.csr_index[s]] * arrived[plan.csr_post[s]]
    if WINDOWED and plan.kind[j] == WINDOW:
        own = weights[plan.weight[j] : plan.weight[j + 1]]
        total += over_windows(plan.windows[j], i, own, ONE, arrived, own, False)
    return total


@njit
def over_windows(window, k, weights, scale, arrived, gradient, is_credit):  # type: ignore[no-untyped-def]
    """Over the windows that pre neuron k lies in: sum of w times the adjoint, or (is_credit)
    gradient += scale times the adjoint."""
    channel, i, j = coordinates(k, window[HEIGHT], window[WIDTH])
    kernel, stride, padding = window[KERNEL], window[STRIDE], window[PADDING]
    top, bottom = outputs_of(i, kernel, stride, padding, window[ROWS])
    left, right = outputs_of(j, kernel, stride, padding, window[COLUMNS])
    first, last = (channel, channel + 1) if window[POOL] else (np.int64(0), window[OUTPUTS])
    total = ZERO
    for o in range(first, last):
        for y in range(top, bottom):
            row = (o * window[ROWS] + y) * window[COLUMNS]
            a = i + padding - y * stride
            for x in range(left, right):
                place = place_of(window, o, channel, a, j + padding - x * stride)
                if is_credit:
                    gradient[place] += scale * arrived[row + x]
                else:
                    total += weights[place] * arrived[row + x]
    return total


@unit
def credit(plan, store, work, sweep, w, j):  # type: ignore[no-untyped-def]
    """The sums += dL/d(weight) of projection j: the adjoint where each spike arrived, or what an
    input sends in every step times that of all steps."""
    a, p = plan.pre[j], plan.post[j]
    origin = plan.port[j] * plan.neurons[-1]
    start, stop = origin + plan.neurons[p], origin + plan.neurons[p + 1]
    ptr, spikes = work.ptr[w, a], work.spikes[w, plan.events[a] : plan.events[a + 1]]
    sums, d = sweep.sums[0] if AT_ONCE else store.gradient[w], plan.delay[j]
    if STEADY and plan.steady[j] < plan.steady[j + 1]:
        total = work.steady[w, plan.steady[j] : plan.steady[j + 1]]
        fill(total, ZERO)
        for t in range(d, plan.steps):
            add(sweep.arrived[w, t, start:stop], total)
        for i in range(plan.neurons[a + 1] - plan.neurons[a]):
            credit_pre(plan, j, i, work.numbers[w, plan.neurons[a] + i], total, sums)
        return
    for t in range(plan.steps - d):
        own = sweep.arrived[w, t + d, start:stop]
        for k in range(ptr[t], ptr[t + 1]):
            credit_pre(plan, j, np.int64(spikes[k]), ONE, own, sums)


@njit
def credit_pre(plan, j, i, scale, arrived, sums):  # type: ignore[no-untyped-def]
    """The part of a number `scale` of pre neuron i, 1 of a spike."""
    own = sums[plan.weight[j] : plan.weight[j + 1]]
    if MATRIX and plan.kind[j] == PAIRS:
        n = len(arrived)
        row = own[i * n : i * n + n]
        add_scaled(scale, arrived, row)
    if LISTED and plan.kind[j] == LIST:
        row = plan.row[j] + i
        for s in range(plan.csr_ptr[row], plan.csr_ptr[row + 1]):
            sums[plan.csr_index[s]] += scale * arrived[plan.csr_post[s]]
    if WINDOWED and plan.kind[j] == WINDOW:
        over_windows(plan.windows[j], i, own, scale, arrived, own, True)
