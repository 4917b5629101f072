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
from ....cpu.kernels.rows import add, add_scaled, copy, fill
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
    if LISTED and plan.kind[j] == LIST:
        bounds = plan.csr_ptr[plan.row[j] : plan.row[j] + hi - lo + 1]
        posts, places = plan.csr_post, plan.csr_index
        for t in range(first, end):
            own = arrived[t + d, start:stop]
            ask_listed(bounds, posts, places, store.weights, own, asked[t, lo:hi])
    if WINDOWED and plan.kind[j] == WINDOW:
        weights = store.weights[plan.weight[j] : plan.weight[j + 1]]
        for t in range(first, end):
            own = arrived[t + d, start:stop]
            for i in range(hi - lo):
                found = over_windows(plan.windows[j], i, weights, ONE, own, weights, False)
                asked[t, lo + i] += found


@njit
def ask_dense(rows, arrived, start, stop, asked, lo, hi, t0, t1, d):  # type: ignore[no-untyped-def]
    """The same of all pairs over some steps: rows f32[post * pre] times the adjoints, four rows a
    pass, so that what is asked is read and written once for four."""
    n, posts = hi - lo, stop - start
    whole = posts - posts % 4
    for l in range(0, whole, 4):
        four = rows[l * n : (l + 4) * n]
        r0, r1, r2, r3 = four[:n], four[n : 2 * n], four[2 * n : 3 * n], four[3 * n :]
        for t in range(t0, t1):
            x = arrived[t + d, start + l : start + l + 4]
            x0, x1, x2, x3 = x[0], x[1], x[2], x[3]
            if x0 != ZERO or x1 != ZERO or x2 != ZERO or x3 != ZERO:
                target = asked[t, lo:hi]
                for i in range(n):
                    target[i] += x0 * r0[i] + x1 * r1[i] + x2 * r2[i] + x3 * r3[i]
    for l in range(whole, posts):
        row = rows[l * n : l * n + n]
        for t in range(t0, t1):
            if arrived[t + d, start + l] != ZERO:
                add_scaled(arrived[t + d, start + l], row, asked[t, lo:hi])


@njit
def ask_listed(bounds, posts, places, weights, arrived, target):  # type: ignore[no-untyped-def]
    """target[i] += sum of w times the adjoint over the synapses bounds[i] : bounds[i + 1] of pre
    neuron i; in arrays of its own, which need not be looked up again at each synapse."""
    for i in range(len(target)):
        total = ZERO
        for s in range(bounds[i], bounds[i + 1]):
            total += weights[places[s]] * arrived[posts[s]]
        target[i] += total


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
    """The sums += dL/d(weight) of projection j: the adjoint where each spike arrived. What an input
    sends in every step waits beside the adjoint of all steps, see `release`."""
    a, p = plan.pre[j], plan.post[j]
    origin = plan.port[j] * plan.neurons[-1]
    start, stop = origin + plan.neurons[p], origin + plan.neurons[p + 1]
    ptr, spikes = work.ptr[w, a], work.spikes[w, plan.events[a] : plan.events[a + 1]]
    sums, d = sweep.sums[0] if AT_ONCE else store.gradient[w], plan.delay[j]
    if STEADY and plan.steady[j] < plan.steady[j + 1]:
        total = sweep.totals[w, sweep.held[w], plan.steady[j] : plan.steady[j + 1]]
        fill(total, ZERO)
        for t in range(d, plan.steps):
            add(sweep.arrived[w, t, start:stop], total)
        sent = slice(plan.neurons[a], plan.neurons[a + 1])
        copy(work.numbers[w, sent], sweep.numbers[w, sweep.held[w], sent])
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
        row, posts, places = plan.row[j] + i, plan.csr_post, plan.csr_index
        for s in range(plan.csr_ptr[row], plan.csr_ptr[row + 1]):
            sums[places[s]] += scale * arrived[posts[s]]
    if WINDOWED and plan.kind[j] == WINDOW:
        over_windows(plan.windows[j], i, own, scale, arrived, own, True)


@unit
def release(plan, through, store, sweep, w):  # type: ignore[no-untyped-def]
    """The sums += what steady inputs sent times what was asked of it, of the samples that wait, in
    their order: a row of weights is passed once for all of them."""
    sums, count = sweep.sums[0] if AT_ONCE else store.gradient[w], sweep.held[w]
    for j in range(len(plan.pre)):
        if through.trains[j] and plan.steady[j] < plan.steady[j + 1]:
            a = plan.pre[j]
            numbers = sweep.numbers[w, :, plan.neurons[a] : plan.neurons[a + 1]]
            totals = sweep.totals[w, :, plan.steady[j] : plan.steady[j + 1]]
            for i in range(numbers.shape[1]):
                first = 0
                if MATRIX and plan.kind[j] == PAIRS:
                    origin = plan.weight[j] + i * totals.shape[1]
                    row = sums[origin : origin + totals.shape[1]]
                    first = credit_fours(row, numbers, totals, i, count)
                for k in range(first, count):
                    credit_pre(plan, j, i, numbers[k, i], totals[k], sums)
    sweep.held[w] = 0


@njit
def credit_fours(row, numbers, totals, i, count):  # type: ignore[no-untyped-def]
    """row += numbers[k, i] totals[k] of the samples k, four a pass; how many of the count."""
    first = 0
    while first + 4 <= count:
        x0, x1 = numbers[first, i], numbers[first + 1, i]
        x2, x3 = numbers[first + 2, i], numbers[first + 3, i]
        t0, t1, t2, t3 = totals[first], totals[first + 1], totals[first + 2], totals[first + 3]
        for l in range(len(row)):
            row[l] = (((row[l] + x0 * t0[l]) + x1 * t1[l]) + x2 * t2[l]) + x3 * t3[l]
        first += 4
    return first
