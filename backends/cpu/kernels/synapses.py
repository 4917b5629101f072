"""Synapses of every kind: what the spikes of a step bring, what a pre neuron sends, a post neuron's
row."""

from __future__ import annotations

import numpy as np
from numba import njit

from ...compiled.kinds import LIST, PAIRS, WINDOW
from ...compiled.windows import (
    COLUMNS,
    HEIGHT,
    KERNEL,
    PADDING,
    POOL,
    ROWS,
    STRIDE,
    WIDTH,
    channels_of,
    coordinates,
    outputs_of,
    place_of,
    readers_of,
    taps_of,
)
from .features import CODES, LISTED, MATRIX, WINDOWED
from .planes import bordered_of, is_laid, is_sparse, planes_of, spray_numbers, spray_spikes
from .rows import add_scaled, fill, numbers

ONE32 = np.float32(1.0)
ZERO = np.float32(0.0)


@njit
def deliver_dense(weights, spikes, start, end, current):  # type: ignore[no-untyped-def]
    """current[n] += rows weights[j, :] of the spikes j, in their order; weights f32[pre * n].

    Six rows a pass, so that `current` is read and written once for six spikes; the additions
    keep their order, and with it their rounding.
    """
    n = len(current)
    k = start
    while k + 6 <= end:
        w0 = weights[spikes[k] * n : spikes[k] * n + n]
        w1 = weights[spikes[k + 1] * n : spikes[k + 1] * n + n]
        w2 = weights[spikes[k + 2] * n : spikes[k + 2] * n + n]
        w3 = weights[spikes[k + 3] * n : spikes[k + 3] * n + n]
        w4 = weights[spikes[k + 4] * n : spikes[k + 4] * n + n]
        w5 = weights[spikes[k + 5] * n : spikes[k + 5] * n + n]
        for i in range(n):
            first = ((current[i] + w0[i]) + w1[i]) + w2[i]
            current[i] = ((first + w3[i]) + w4[i]) + w5[i]
        k += 6
    while k < end:
        w0 = weights[spikes[k] * n : spikes[k] * n + n]
        for i in range(n):
            current[i] += w0[i]
        k += 1


@njit(inline="always")
def deliver_listed(weights, ptr, origin, post, spikes, start, end, current):  # type: ignore[no-untyped-def]
    """The same over a synapse list: ptr[origin + j : origin + j + 2] bounds the synapses of pre
    neuron j, weights f32[own] has those from ptr[origin] on."""
    base = ptr[origin]
    for k in range(start, end):
        row = origin + spikes[k]
        posts = post[ptr[row] : ptr[row + 1]]
        own = weights[ptr[row] - base : ptr[row + 1] - base]
        for s in range(len(posts)):
            current[np.uint32(posts[s])] += own[s]


@njit
def send_windows(weights, window, k, scale, current):  # type: ignore[no-untyped-def]
    """current += scale w of the windows that pre neuron k lies in; weights f32[own]."""
    channel, i, j = coordinates(k, window[HEIGHT], window[WIDTH])
    kernel, stride, padding = window[KERNEL], window[STRIDE], window[PADDING]
    top, bottom = outputs_of(i, kernel, stride, padding, window[ROWS])
    left, right = outputs_of(j, kernel, stride, padding, window[COLUMNS])
    first, last, inner = readers_of(window, channel)
    back = np.int64(0) if window[POOL] else stride
    for o in range(first, last):
        for y in range(top, bottom):
            row = (o * window[ROWS] + y) * window[COLUMNS]
            a, b = i + padding - y * stride, j + padding - left * stride
            place = place_of(window, o, inner, a, b)
            for x in range(left, right):
                current[row + x] += scale * weights[place]
                place -= back


@njit
def deliver_windows(weights, window, spikes, start, end, current):  # type: ignore[no-untyped-def]
    """As `deliver_dense`."""
    one = np.int32(1) if CODES else ONE32
    for k in range(start, end):
        send_windows(weights, window, np.int64(spikes[k]), one, current)


@njit
def window_row(window, base, l, pre, index):  # type: ignore[no-untyped-def]
    """(pre neuron, absolute place of the weight) of every synapse of post neuron l, by pre neuron;
    how many. `base` is the projection's first weight."""
    o, y, x = coordinates(l, window[ROWS], window[COLUMNS])
    kernel, stride, padding = window[KERNEL], window[STRIDE], window[PADDING]
    top, a0, a1 = taps_of(y, kernel, stride, padding, window[HEIGHT])
    left, b0, b1 = taps_of(x, kernel, stride, padding, window[WIDTH])
    first, last = channels_of(window, o)
    count = 0
    for c in range(first, last):
        for a in range(a0, a1):
            row = (c * window[HEIGHT] + top + a) * window[WIDTH] + left
            for b in range(b0, b1):
                pre[count] = row + b
                index[count] = base + place_of(window, o, c - first, a, b)
                count += 1
    return count


@njit(inline="always")
def deliver(plan, values, j, spikes, start, end, current):  # type: ignore[no-untyped-def]
    """current[n] += what the spikes start:end bring through projection j, in their order; values
    f32[W], spikes of its pre population."""
    if MATRIX and plan.kind[j] == PAIRS:
        deliver_dense(values[plan.weight[j] : plan.weight[j + 1]], spikes, start, end, current)
    if LISTED and plan.kind[j] == LIST:
        own = values[plan.weight[j] : plan.weight[j + 1]]
        deliver_listed(own, plan.csr_ptr, plan.row[j], plan.csr_post, spikes, start, end, current)
    if WINDOWED and plan.kind[j] == WINDOW:
        own = values[plan.weight[j] : plan.weight[j + 1]]
        deliver_windows(own, plan.windows[j], spikes, start, end, current)


@njit
def send(plan, values, j, k, scale, current):  # type: ignore[no-untyped-def]
    """current[n] += scale w over the synapses that pre neuron k sends through projection j."""
    if MATRIX and plan.kind[j] == PAIRS:
        n = len(current)
        row = values[plan.weight[j] + k * n : plan.weight[j] + (k + 1) * n]
        for i in range(n):
            current[i] += scale * row[i]
    if LISTED and plan.kind[j] == LIST:
        start, shift = plan.row[j] + k, plan.weight[j] - plan.csr_ptr[plan.row[j]]
        for s in range(plan.csr_ptr[start], plan.csr_ptr[start + 1]):
            current[plan.csr_post[s]] += scale * values[shift + s]
    if WINDOWED and plan.kind[j] == WINDOW:
        own = values[plan.weight[j] : plan.weight[j + 1]]
        send_windows(own, plan.windows[j], k, scale, current)


@njit
def row_of_event(plan, values, j, k, number, row):  # type: ignore[no-untyped-def]
    """What an event of pre neuron k brings through projection j: the products of `number` and the
    weights into row[0], the post neurons, as i32, into row[1]; how many, none where it is 0."""
    products, posts, count = numbers(row[0]), row[1].view(np.int32), np.int64(0)
    if number == 0:
        return count
    if MATRIX and plan.kind[j] == PAIRS:
        n = plan.neurons[plan.post[j] + 1] - plan.neurons[plan.post[j]]
        weights = values[plan.weight[j] + k * n : plan.weight[j] + (k + 1) * n]
        for i in range(n):
            products[i], posts[i] = number * weights[i], i
        count = n
    if LISTED and plan.kind[j] == LIST:
        start, shift = plan.row[j] + k, plan.weight[j] - plan.csr_ptr[plan.row[j]]
        for s in range(plan.csr_ptr[start], plan.csr_ptr[start + 1]):
            products[count], posts[count] = number * values[shift + s], plan.csr_post[s]
            count += 1
    if WINDOWED and plan.kind[j] == WINDOW:
        own = values[plan.weight[j] : plan.weight[j + 1]]
        count = row_of_windows(own, plan.windows[j], k, number, products, posts)
    return count


@njit
def row_of_windows(weights, window, k, number, products, posts):  # type: ignore[no-untyped-def]
    """The same of the windows that pre neuron k lies in, each a post neuron; as `send_windows`."""
    channel, i, j = coordinates(k, window[HEIGHT], window[WIDTH])
    kernel, stride, padding = window[KERNEL], window[STRIDE], window[PADDING]
    top, bottom = outputs_of(i, kernel, stride, padding, window[ROWS])
    left, right = outputs_of(j, kernel, stride, padding, window[COLUMNS])
    first, last, inner = readers_of(window, channel)
    count = 0
    for o in range(first, last):
        for y in range(top, bottom):
            a = i + padding - y * stride
            for x in range(left, right):
                b = j + padding - x * stride
                products[count] = number * weights[place_of(window, o, inner, a, b)]
                posts[count] = (o * window[ROWS] + y) * window[COLUMNS] + x
                count += 1
    return count


@njit
def deliver_planes(plan, values, laid, j, spikes, start, end, current, planes):  # type: ignore[no-untyped-def]
    """`deliver` of a convolution, whichever way is faster; planes is scratch as `current` is."""
    window = plan.windows[j]
    if is_sparse(window, end - start, len(current)):
        own = values[plan.weight[j] : plan.weight[j + 1]]
        deliver_windows(own, window, spikes, start, end, current)
    else:
        one = np.int32(1) if CODES else ONE32
        own = laid[plan.laid[j] : plan.laid[j + 1]]
        spray_spikes(own, window, one, spikes, start, end, current, planes)


@njit
def send_steady(plan, values, laid, j, numbers, currents):  # type: ignore[no-untyped-def]
    """The steady current of projection j, f32[samples, S], by the numbers f32[samples, N] of its
    input in several samples."""
    lo, hi = plan.steady[j], plan.steady[j + 1]
    for c in range(len(numbers)):
        fill(currents[c, lo:hi], ZERO)
    send_all(plan, values, laid, j, numbers, plan.neurons[plan.pre[j]], currents, lo, hi)


@njit
def send_all(plan, values, laid, j, sent, first, currents, lo, hi):  # type: ignore[no-untyped-def]
    """currents[c, lo:hi] += the sum of w times sent[c, first:] over the synapses of all pre neurons
    of projection j, in their order, in each row c."""
    pre = plan.neurons[plan.pre[j] + 1] - plan.neurons[plan.pre[j]]
    if MATRIX and plan.kind[j] == PAIRS:
        own = values[plan.weight[j] : plan.weight[j + 1]]
        send_dense(own, pre, sent, first, currents, lo, hi)
    elif is_laid(plan, j):
        own, window = laid[plan.laid[j] : plan.laid[j + 1]], plan.windows[j]
        planes = numbers(np.empty(planes_of(window), np.float32))
        bordered = numbers(np.empty(bordered_of(window), np.float32))
        for c in range(len(sent)):
            row = sent[c, first : first + pre]
            spray_numbers(own, window, row, currents[c, lo:hi], planes, bordered)
    else:
        for c in range(len(sent)):
            for k in range(pre):
                if sent[c, first + k] != ZERO:
                    send(plan, values, j, k, sent[c, first + k], currents[c, lo:hi])


@njit
def send_dense(weights, pre, numbers, first, currents, lo, hi):  # type: ignore[no-untyped-def]
    """The same of all pairs, four rows a pass as in `deliver_dense`, and each row once for all
    that are sent."""
    n, k = hi - lo, np.int64(0)
    while k + 4 <= pre:
        w0 = weights[k * n : k * n + n]
        w1 = weights[k * n + n : k * n + 2 * n]
        w2 = weights[k * n + 2 * n : k * n + 3 * n]
        w3 = weights[k * n + 3 * n : k * n + 4 * n]
        for c in range(len(numbers)):
            x = numbers[c, first + k : first + k + 4]
            x0, x1, x2, x3 = x[0], x[1], x[2], x[3]
            if x0 == ZERO and x1 == ZERO and x2 == ZERO and x3 == ZERO:
                continue
            current = currents[c, lo:hi]
            for i in range(n):
                current[i] = (((current[i] + x0 * w0[i]) + x1 * w1[i]) + x2 * w2[i]) + x3 * w3[i]
        k += 4
    while k < pre:
        for c in range(len(numbers)):
            row = weights[k * n : k * n + n]
            add_scaled(numbers[c, first + k], row, currents[c, lo:hi])
        k += 1
