"""Learning convolutions and poolings; see `cpu/kernels/planes.py`.

Neurons above that stand at one position read the same traces, so that they are taken together.
S-PSP and weights of a neuron lie as [a, b, channel]: each row of its window is a run of the traces,
whose columns are positions with their channels.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from ....compiled.windows import (
    CHANNELS,
    COLUMNS,
    HEIGHT,
    KERNEL,
    OUTPUTS,
    PADDING,
    POOL,
    REACHED,
    READ,
    ROWS,
    STRIDE,
    WIDTH,
    coordinates,
    groups_of,
    taps_of,
)
from ....cpu.kernels.planes import is_laid, turn_out
from ....cpu.kernels.rows import fill
from ....cpu.units import unit
from ....cpu.vectors import add_run_fused
from ..formulas import asked_through, count_slope, last_reset
from .features import HYBRID
from .learn import rows_of, side_effect, trace_events
from .spsp import response_at

ZERO = np.float32(0.0)
ONE = np.float32(1.0)
INVERSE, SILENT, MESSAGE = 0, 1, 2  # rows of back.planes


@njit
def lay_back(plan, weights, laid):  # type: ignore[no-untyped-def]
    """The kernels of all convolutions as [o, a, b, c] into laid f32[laid weights]."""
    for j in range(len(plan.pre)):
        if is_laid(plan, j):
            window, own = plan.windows[j], weights[plan.weight[j] : plan.weight[j + 1]]
            channels, taps = window[READ], window[KERNEL] * window[KERNEL]
            target = laid[plan.laid[j] : plan.laid[j + 1]]
            for o in range(window[OUTPUTS]):
                for c in range(channels):
                    for tap in range(taps):
                        source = own[(o * channels + c) * taps + tap]
                        target[(o * taps + tap) * channels + c] = source


@unit
def send_pools(plan, rule, store, work, back, w, j):  # type: ignore[no-untyped-def]
    """The error below of projection j, a pooling, channel by channel, whose traces stay near."""
    a, window = plan.pre[j], plan.windows[j]
    size = window[HEIGHT] * window[WIDTH]
    ptr, spikes = work.ptr[w, a], work.spikes[w, plan.events[a] : plan.events[a + 1]]
    begin, end = back.begin[w, 0], back.begin[w, 1]
    for t in range(plan.steps):
        end[t] = ptr[t]
    for c in range(window[CHANNELS]):
        for t in range(plan.steps):
            begin[t] = end[t]
            while end[t] < ptr[t + 1] and spikes[end[t]] < (c + 1) * size:
                end[t] += 1
        for k in range(size):
            back.column[w, c * size + k] = k
        trace_events(plan, rule, back, w, j, begin, end, spikes, size)
        send_channel(plan, rule, store, back, w, j, c)


@njit
def send_channel(plan, rule, store, back, w, j, c):  # type: ignore[no-untyped-def]
    """The same of a channel, whose traces are there."""
    p, window = plan.post[j], plan.windows[j]
    own, size = window[ROWS] * window[COLUMNS], window[HEIGHT] * window[WIDTH]
    row, times = rows_of(plan, back, w, p)
    pre_row, _ = rows_of(plan, back, w, plan.pre[j])
    weight, message = store.weights[plan.weight[j]], back.message[w]
    lo, silent = plan.neurons[p], rule.silent[j]
    for l in range(c * own, (c + 1) * own):
        x, delta, spikes = back.error[w, lo + l], back.delta[w, lo + l], row[l + 1] - row[l]
        asked = asked_through(x, delta, weight, rule.share[j])
        if asked == ZERO:
            continue
        _, y, column = coordinates(np.int64(l), window[ROWS], window[COLUMNS])
        top, a0, a1 = taps_of(y, window[KERNEL], window[STRIDE], window[PADDING], window[HEIGHT])
        left, b0, b1 = taps_of(
            column, window[KERNEL], window[STRIDE], window[PADDING], window[WIDTH]
        )
        for a in range(a0, a1):
            for b in range(b0, b1):
                k = (top + a) * window[WIDTH] + left + b
                u = pre_row[c * size + k + 1] - pre_row[c * size + k]
                entry = ZERO
                if u > 0 and spikes > 0:
                    entry = response_at(
                        back.trace[w], size, k, times, row[l], row[l + 1], rule.refractory[p],
                        rule.power[p],
                    )  # fmt: skip
                message[c * size + k] += asked * count_slope(entry, u, spikes, silent)


@unit
def learn_windows(plan, rule, store, work, back, w, j):  # type: ignore[no-untyped-def]
    """Learn a projection of windows; back.message gets its error below."""
    p, n = plan.post[j], plan.neurons[plan.pre[j] + 1] - plan.neurons[plan.pre[j]]
    fill(back.message[w, :n], ZERO)
    if not has_error(back.error[w, plan.neurons[p] : plan.neurons[p + 1]]):
        return
    if plan.windows[j, POOL]:
        send_pools(plan, rule, store, work, back, w, j)
    else:
        trace_planes(plan, rule, work, back, w, j)
        learn_positions(plan, rule, back, w, j)
        if rule.carries[j]:
            groups, channels = groups_of(plan.windows[j]), plan.windows[j, READ]
            planes = back.planes[w, MESSAGE]
            turn_out(planes, groups, channels, channels, back.message[w, :n])
        if rule.trains[j]:
            own = store.gradient[w, plan.weight[j] : plan.weight[j + 1]]
            keep_gradient(plan.windows[j], back.kernel[w], own)


@njit
def has_error(errors):  # type: ignore[no-untyped-def]
    """Whether one of the errors is not 0."""
    found = False
    for i in range(len(errors)):
        found = found or errors[i] != ZERO
    return found


@njit
def trace_planes(plan, rule, work, back, w, j):  # type: ignore[no-untyped-def]
    """V of projection j into back.trace, a column for [group, position, channel]; 1/u or 0, and
    de/du of a silent neuron or 0, in the same order."""
    a, window, column = plan.pre[j], plan.windows[j], back.column[w]
    channels, size = window[CHANNELS], window[HEIGHT] * window[WIDTH]
    read = window[READ]
    row, _ = rows_of(plan, back, w, a)
    inverse, silent = back.planes[w, INVERSE], back.planes[w, SILENT]
    for c in range(channels):
        for k in range(size):
            place, neuron = (c // read * size + k) * read + c % read, c * size + k
            column[neuron] = place
            u = row[neuron + 1] - row[neuron]
            inverse[place] = ONE / np.float32(u) if u > 0 else ZERO
            silent[place] = ZERO if u > 0 else rule.silent_ratio
    ptr, spikes = work.ptr[w, a], work.spikes[w, plan.events[a] : plan.events[a + 1]]
    trace_events(plan, rule, back, w, j, ptr, ptr[1:], spikes, channels * size)


@njit
def learn_positions(plan, rule, back, w, j):  # type: ignore[no-untyped-def]
    """The gradient of projection j, a convolution, into back.kernel [o, a, b, c], and its error
    below into back.planes."""
    window = plan.windows[j]
    each = window[KERNEL] * window[KERNEL] * window[READ]
    runs, entry = np.empty((window[KERNEL], 3), np.int64), np.empty(each, np.float32)
    if rule.carries[j]:
        fill(back.planes[w, MESSAGE], ZERO)
    for g in range(groups_of(window)):
        for k in range(window[ROWS] * window[COLUMNS]):
            count = runs_at(window, g, k, runs)
            learn_position(plan, rule, back, w, j, g, k, runs[:count], entry)


@njit
def learn_position(plan, rule, back, w, j, g, k, runs, entry):  # type: ignore[no-untyped-def]
    """The same of the post neurons of group g at position k, whose windows are `runs`."""
    p, window, each = plan.post[j], plan.windows[j], len(entry)
    lo, size, outputs = plan.neurons[p], window[ROWS] * window[COLUMNS], window[REACHED]
    row, times = rows_of(plan, back, w, p)
    laid, kernel = back.laid[w, plan.laid[j] : plan.laid[j + 1]], back.kernel[w]
    for o in range(g * outputs, (g + 1) * outputs):
        l = o * size + k
        x, spikes = back.error[w, lo + l], row[l + 1] - row[l]
        if x == ZERO:
            continue
        weights = laid[o * each : (o + 1) * each]
        respond(plan, rule, back, w, j, times[row[l] : row[l + 1]], runs, entry)
        if rule.carries[j]:
            send_runs(rule, back, w, x, spikes, runs, weights, entry)
        if spikes == 0:
            fill_silent(rule.silent_entry, back.planes[w, INVERSE], runs, entry)
        scale = x * back.boost[w, lo + l]
        if HYBRID and rule.joint[p] == 0:
            scale *= ONE + side_effect_of(runs, weights, entry, spikes, rule.nu[p])
        if rule.trains[j]:
            add_run_fused(scale, entry, 0, kernel, o * each, each)


@njit
def runs_at(window, g, k, runs):  # type: ignore[no-untyped-def]
    """(first column of the traces, place in the kernel, length) of each row of the window of group
    g at position k; how many."""
    _, y, x = coordinates(k, window[ROWS], window[COLUMNS])
    kernel, stride, padding = window[KERNEL], window[STRIDE], window[PADDING]
    top, a0, a1 = taps_of(y, kernel, stride, padding, window[HEIGHT])
    left, b0, b1 = taps_of(x, kernel, stride, padding, window[WIDTH])
    channels = window[READ]
    for a in range(a0, a1):
        row = (g * window[HEIGHT] + top + a) * window[WIDTH]
        runs[a - a0, 0] = (row + left + b0) * channels
        runs[a - a0, 1] = (a * kernel + b0) * channels
        runs[a - a0, 2] = (b1 - b0) * channels
    return a1 - a0


@njit
def respond(plan, rule, back, w, j, times, runs, entry):  # type: ignore[no-untyped-def]
    """e of a post neuron with spikes `times`, 0 off the planes; as `response_row`."""
    p, window = plan.post[j], plan.windows[j]
    n, trace = window[HEIGHT] * window[WIDTH] * window[CHANNELS], back.trace[w]
    fill(entry, ZERO)
    for k in range(len(times)):
        f = np.int64(times[k])
        for r in range(len(runs)):
            add_run_fused(ONE, trace, f * n + runs[r, 0], entry, runs[r, 1], runs[r, 2])
        if k > 0:
            reset = np.int64(last_reset(times[k - 1], rule.refractory[p], times[k]))
            power = -rule.power[p, f - reset]
            for r in range(len(runs)):
                add_run_fused(power, trace, reset * n + runs[r, 0], entry, runs[r, 1], runs[r, 2])


@njit
def send_runs(rule, back, w, x, spikes, runs, weights, entry):  # type: ignore[no-untyped-def]
    """The message += x w de/du over the window of a post neuron."""
    message = back.planes[w, MESSAGE]
    for r in range(len(runs)):
        place, first, n = runs[r, 0], runs[r, 1], runs[r, 2]
        own = weights[first : first + n]
        if spikes == 0:
            add_run_fused(x * rule.silent_ratio, own, 0, message, place, n)
        else:
            inverse = back.planes[w, INVERSE, place : place + n]
            silent = back.planes[w, SILENT, place : place + n]
            e, target = entry[first : first + n], message[place : place + n]
            for k in range(n):
                target[k] += (x * own[k]) * (e[k] * inverse[k] + silent[k])


@njit
def fill_silent(value, inverse, runs, entry):  # type: ignore[no-untyped-def]
    """e of a silent post neuron: `value` where the pre neuron fired."""
    for r in range(len(runs)):
        for k in range(runs[r, 2]):
            entry[runs[r, 1] + k] = value if inverse[runs[r, 0] + k] > ZERO else ZERO


@njit
def side_effect_of(runs, weights, entry, spikes, nu):  # type: ignore[no-untyped-def]
    """`side_effect` over the window of a post neuron."""
    if spikes > 0:
        return side_effect(weights, entry, spikes, nu)
    total = ZERO
    for r in range(len(runs)):
        total += side_effect(weights[runs[r, 1] : runs[r, 1] + runs[r, 2]], entry, spikes, nu)
    return total


@njit
def keep_gradient(window, kernel, own):  # type: ignore[no-untyped-def]
    """own [o, c, a, b] += kernel [o, a, b, c], which is 0 afterwards."""
    channels, taps = window[READ], window[KERNEL] * window[KERNEL]
    for o in range(window[OUTPUTS]):
        for c in range(channels):
            for tap in range(taps):
                own[(o * channels + c) * taps + tap] += kernel[(o * taps + tap) * channels + c]
    fill(kernel, ZERO)
