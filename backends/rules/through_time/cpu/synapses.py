"""Synapses backwards: what a post neuron's adjoint asks of a pre neuron's spike."""

from __future__ import annotations

import numpy as np
from numba import njit

from ....compiled.kinds import LIST, PAIRS, WINDOW
from ....cpu.kernels.features import LISTED, MATRIX, WINDOWED
from ....cpu.kernels.planes import is_laid
from ....cpu.kernels.rows import add_scaled
from ....cpu.units import unit
from .planes import ask_planes, ask_pool, asked_planes_of

ZERO = np.float32(0.0)
STEPS = 16  # that a row of weights is used for while it is in cache


@unit
def ask(plan, store, sweep, w, count, j, first, last, left):  # type: ignore[no-untyped-def]
    """asked[row] += what projection j sent in the rows first:last of a segment, from whose first
    step so many are `left`, by the adjoints of where it arrived, in the samples w, w + 1, …: the
    last in `arrived`, those by its time where there are such."""
    a, p = plan.pre[j], plan.post[j]
    lo, hi = plan.neurons[a], plan.neurons[a + 1]
    origin = sweep.arrived.shape[2] - (plan.ports - plan.port[j]) * plan.neurons[-1]
    start, stop = origin + plan.neurons[p], origin + plan.neurons[p + 1]
    d = plan.delay[j]
    end = min(last, left - d)
    asked, arrived = sweep.asked[w : w + count], sweep.arrived[w : w + count]
    if MATRIX and plan.kind[j] == PAIRS:
        rows = store.rows[plan.weight[j] : plan.weight[j + 1]]
        for t0 in range(first, end, STEPS):
            ask_dense(rows, arrived, start, stop, asked, lo, hi, t0, min(t0 + STEPS, end), d)
    if LISTED and plan.kind[j] == LIST:
        bounds = plan.csr_ptr[plan.row[j] : plan.row[j] + hi - lo + 1]
        own_weights = store.weights[plan.weight[j] : plan.weight[j + 1]]
        for c in range(count):
            for t in range(first, end):
                own = arrived[c, t + d, start:stop]
                ask_listed(bounds, plan.csr_post, own_weights, own, asked[c, t, lo:hi])
    if WINDOWED and plan.kind[j] == WINDOW:
        ask_windows(plan, store, sweep, w, count, j, first, end)


@njit
def ask_windows(plan, store, sweep, w, count, j, first, end):  # type: ignore[no-untyped-def]
    """The same of windows, of the rows first:end."""
    a, p, d, window = plan.pre[j], plan.post[j], plan.delay[j], plan.windows[j]
    lo, hi = plan.neurons[a], plan.neurons[a + 1]
    origin = sweep.arrived.shape[2] - (plan.ports - plan.port[j]) * plan.neurons[-1]
    start, stop = origin + plan.neurons[p], origin + plan.neurons[p + 1]
    laid = sweep.laid[w // sweep.together, plan.laid[j] : plan.laid[j + 1]]
    below, above = asked_planes_of(window)
    planes, bordered = np.empty(below, np.float32), np.empty(above, np.float32)
    for c in range(w, w + count):
        for t in range(first, end):
            own, asked = sweep.arrived[c, t + d, start:stop], sweep.asked[c, t, lo:hi]
            if is_laid(plan, j):
                ask_planes(laid, window, own, asked, planes, bordered)
            else:
                ask_pool(store.weights[plan.weight[j]], window, own, asked)


@njit
def ask_dense(rows, arrived, start, stop, asked, lo, hi, t0, t1, d):  # type: ignore[no-untyped-def]
    """The same of all pairs over some steps: rows f32[post * pre] times the adjoints, eight rows a
    pass, so that what is asked is read and written once for eight."""
    n, posts = hi - lo, stop - start
    whole = posts - posts % 8
    for l in range(0, whole, 8):
        own = rows[l * n : (l + 8) * n]
        r0, r1, r2, r3 = own[:n], own[n : 2 * n], own[2 * n : 3 * n], own[3 * n : 4 * n]
        r4, r5, r6, r7 = own[4 * n : 5 * n], own[5 * n : 6 * n], own[6 * n : 7 * n], own[7 * n :]
        for c in range(len(arrived)):
            for t in range(t0, t1):
                x = arrived[c, t + d, start + l : start + l + 8]
                x0, x1, x2, x3, x4, x5, x6, x7 = x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7]
                low = x0 != ZERO or x1 != ZERO or x2 != ZERO or x3 != ZERO
                if low or x4 != ZERO or x5 != ZERO or x6 != ZERO or x7 != ZERO:
                    target = asked[c, t, lo:hi]
                    for i in range(n):
                        first = x0 * r0[i] + x1 * r1[i] + x2 * r2[i] + x3 * r3[i]
                        target[i] += first + (x4 * r4[i] + x5 * r5[i] + x6 * r6[i] + x7 * r7[i])
    for l in range(whole, posts):
        row = rows[l * n : l * n + n]
        for c in range(len(arrived)):
            for t in range(t0, t1):
                if arrived[c, t + d, start + l] != ZERO:
                    add_scaled(arrived[c, t + d, start + l], row, asked[c, t, lo:hi])


@njit
def ask_listed(bounds, posts, weights, arrived, target):  # type: ignore[no-untyped-def]
    """target[i] += sum of w times the adjoint over the synapses bounds[i] : bounds[i + 1] of pre
    neuron i, weights f32[own] those from bounds[0] on; in arrays of its own, which need not be
    looked up again at each synapse."""
    base = bounds[0]
    for i in range(len(target)):
        total = ZERO
        for s in range(bounds[i], bounds[i + 1]):
            total += weights[s - base] * arrived[posts[s]]
        target[i] += total
