"""Synapses backwards: what a post neuron's adjoint asks of a pre neuron's spike.

A thread owns a pre neuron. The adjoint of what arrived lies where that did, see
`arrival`. No sum is shared by threads, so each has one order.
"""

from __future__ import annotations

import numpy as np
from numba import cuda

from ....compiled.kinds import LIST, PAIRS, WINDOW
from ....compiled.windows import (
    COLUMNS,
    HEIGHT,
    KERNEL,
    PADDING,
    ROWS,
    STRIDE,
    WIDTH,
    coordinates,
    outputs_of,
    place_of,
    readers_of,
)

ZERO = np.float32(0.0)
STEPS = 4  # that a weight is used for once it is read


@cuda.jit(device=True)
def arrival(plan, tables, j, t):  # type: ignore[no-untyped-def]
    """The place of what projection j brought to its first post neuron in step t."""
    return t * tables.row + tables.slot[plan.post[j]] + plan.port[j] * tables.width


@cuda.jit(device=True)
def ask(plan, tables, store, sweep, b, j, i, t):  # type: ignore[no-untyped-def]
    """What is asked of what projection j sent from its pre neuron i in step t, by the adjoints of
    where it arrived."""
    if t + plan.delay[j] >= plan.steps:
        return ZERO
    arrived, at = sweep.moved[b], arrival(plan, tables, j, t + plan.delay[j])
    if plan.kind[j] == LIST:
        return ask_listed(plan, store.weights, j, i, arrived, at)
    if plan.kind[j] == WINDOW:
        return over_windows(plan.windows[j], i, store.weights, plan.weight[j], arrived, at)
    a, p = plan.pre[j], plan.post[j]
    n, posts = plan.neurons[a + 1] - plan.neurons[a], plan.neurons[p + 1] - plan.neurons[p]
    return ask_dense(store.rows, plan.weight[j] + i, n, arrived, at, posts)


@cuda.jit(device=True)
def ask_dense(rows, place, n, arrived, at, posts):  # type: ignore[no-untyped-def]
    """The same of all pairs: rows[place + l n] times the adjoint of post neuron l, four loads in
    flight; neighbouring threads read neighbours."""
    total, l = ZERO, 0
    while l + 4 <= posts:
        x0, x1, x2, x3 = (
            arrived[at + l],
            arrived[at + l + 1],
            arrived[at + l + 2],
            arrived[at + l + 3],
        )
        if x0 != ZERO or x1 != ZERO or x2 != ZERO or x3 != ZERO:
            w0, w1 = rows[place + l * n], rows[place + (l + 1) * n]
            w2, w3 = rows[place + (l + 2) * n], rows[place + (l + 3) * n]
            total += x0 * w0 + x1 * w1 + x2 * w2 + x3 * w3
        l += 4
    while l < posts:
        total += arrived[at + l] * rows[place + l * n]
        l += 1
    return total


@cuda.jit(device=True)
def ask_listed(plan, weights, j, i, arrived, at):  # type: ignore[no-untyped-def]
    """The same over the synapses of pre neuron i."""
    total, row = ZERO, plan.row[j] + i
    shift = plan.weight[j] - plan.csr_ptr[plan.row[j]]
    for s in range(plan.csr_ptr[row], plan.csr_ptr[row + 1]):
        total += weights[shift + s] * arrived[at + plan.csr_post[s]]
    return total


@cuda.jit(device=True)
def over_windows(window, k, weights, base, arrived, at):  # type: ignore[no-untyped-def]
    """The same over the windows that pre neuron k lies in."""
    channel, i, j = coordinates(k, window[HEIGHT], window[WIDTH])
    kernel, stride, padding = window[KERNEL], window[STRIDE], window[PADDING]
    top, bottom = outputs_of(i, kernel, stride, padding, window[ROWS])
    left, right = outputs_of(j, kernel, stride, padding, window[COLUMNS])
    first, last, inner = readers_of(window, channel)
    total = ZERO
    for o in range(first, last):
        for y in range(top, bottom):
            row = at + (o * window[ROWS] + y) * window[COLUMNS]
            a = i + padding - y * stride
            for x in range(left, right):
                place = place_of(window, o, inner, a, j + padding - x * stride)
                total += weights[base + place] * arrived[row + x]
    return total


@cuda.jit(device=True)
def ask_steps(plan, tables, store, sweep, b, j, i, t):  # type: ignore[no-untyped-def]
    """asked += what projection j asks of its pre neuron i in the steps t : t + STEPS."""
    place = tables.slot[plan.pre[j]] + i
    if plan.kind[j] == PAIRS and t + STEPS + plan.delay[j] <= plan.steps:
        ask_tile(plan, tables, store, sweep, b, j, i, t, place)
        return
    for now in range(t, min(t + STEPS, plan.steps)):
        found = ask(plan, tables, store, sweep, b, j, i, now)
        sweep.asked[b, now * tables.width + place] += found


@cuda.jit(device=True)
def ask_tile(plan, tables, store, sweep, b, j, i, t, place):  # type: ignore[no-untyped-def]
    """The same of all pairs, in steps that all arrive: a weight is read once for STEPS of them."""
    a, p = plan.pre[j], plan.post[j]
    n, posts = plan.neurons[a + 1] - plan.neurons[a], plan.neurons[p + 1] - plan.neurons[p]
    arrived, row = sweep.moved[b], tables.row
    at, weight = arrival(plan, tables, j, t + plan.delay[j]), plan.weight[j] + i
    a0, a1, a2, a3 = ZERO, ZERO, ZERO, ZERO
    for l in range(posts):
        x0, x1 = arrived[at + l], arrived[at + row + l]
        x2, x3 = arrived[at + 2 * row + l], arrived[at + 3 * row + l]
        if x0 != ZERO or x1 != ZERO or x2 != ZERO or x3 != ZERO:
            w = store.rows[weight + l * n]
            a0, a1, a2, a3 = a0 + x0 * w, a1 + x1 * w, a2 + x2 * w, a3 + x3 * w
    asked, place, width = sweep.asked[b], t * tables.width + place, tables.width
    asked[place] += a0
    asked[place + width] += a1
    asked[place + 2 * width] += a2
    asked[place + 3 * width] += a3
