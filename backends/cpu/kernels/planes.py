"""Convolutions, many weights at a time: planes whose channels come last.

A spike reaches a square of positions, in each of them all channels. Where the channels of a
position lie side by side, and positions along a row too, what it brings to a row of the square is
one run of additions, `kernel * outputs` long, if the weights lie so as well: [c, a, kernel - 1 - b,
o]. Neurons lie channel by channel everywhere else, so that sums are turned there and back. No
bit depends on it: each sum keeps its order, that of `send_windows`.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from ...compiled.windows import (
    CHANNELS,
    COLUMNS,
    HEIGHT,
    KERNEL,
    OUTPUTS,
    PADDING,
    ROWS,
    STRIDE,
    WIDTH,
    coordinates,
    outputs_of,
    some_of,
)
from ..vectors import add_rows, add_run
from .features import WINDOWED
from .rows import fill, numbers

LOOK = 256  # numbers that are looked at before it is asked what was found
TURN = 8  # positions that are turned together
ZERO = np.float32(0.0)
FEW = 4  # additions to scattered neurons take as long as so many turned ones


@njit
def is_laid(plan, j):  # type: ignore[no-untyped-def]
    """Whether projection j is a convolution, whose kernel is laid out anew."""
    return WINDOWED and plan.laid[j] < plan.laid[j + 1]


@njit
def lay(plan, values, laid):  # type: ignore[no-untyped-def]
    """The kernels of all convolutions as [c, a, kernel - 1 - b, o] into laid f32[laid weights]."""
    for j in range(len(plan.pre)):
        if is_laid(plan, j):
            own = values[plan.weight[j] : plan.weight[j + 1]]
            lay_kernel(plan.windows[j], own, laid[plan.laid[j] : plan.laid[j + 1]])


@njit
def lay_kernel(window, own, laid):  # type: ignore[no-untyped-def]
    """The same of one."""
    outputs, taps, kernel = window[OUTPUTS], window[KERNEL] * window[KERNEL], window[KERNEL]
    for o in range(outputs):
        for c in range(window[CHANNELS]):
            row = own[(o * window[CHANNELS] + c) * taps : (o * window[CHANNELS] + c + 1) * taps]
            for a in range(kernel):
                place = (c * kernel + a) * kernel * outputs + o
                for b in range(kernel):
                    laid[place + (kernel - 1 - b) * outputs] = row[a * kernel + b]


@njit
def lay_back(plan, weights, laid):  # type: ignore[no-untyped-def]
    """The kernels of all convolutions as [o, a, b, c] into laid f32[laid weights]."""
    for j in range(len(plan.pre)):
        if is_laid(plan, j):
            window, own = plan.windows[j], weights[plan.weight[j] : plan.weight[j + 1]]
            channels, taps = window[CHANNELS], window[KERNEL] * window[KERNEL]
            target = laid[plan.laid[j] : plan.laid[j + 1]]
            for o in range(window[OUTPUTS]):
                for c in range(channels):
                    for tap in range(taps):
                        source = own[(o * channels + c) * taps + tap]
                        target[(o * taps + tap) * channels + c] = source


@njit
def is_any(row):  # type: ignore[no-untyped-def]
    """Whether a number of a row is not 0, looked for a few at a time."""
    for start in range(0, len(row), LOOK):
        found = 0
        for k in range(start, min(start + LOOK, len(row))):
            found += row[k] != 0
        if found > 0:
            return True
    return False


@njit
def turn_in(neurons, channels, planes):  # type: ignore[no-untyped-def]
    """planes [position, channel] = neurons [channel, position]."""
    size = len(neurons) // channels
    if not is_any(neurons):
        fill(planes, neurons[0])
        return
    for start in range(0, size, TURN):
        for o in range(channels):
            for k in range(start, min(start + TURN, size)):
                planes[k * channels + o] = neurons[o * size + k]


@njit
def turn_out(planes, channels, neurons):  # type: ignore[no-untyped-def]
    """The way back."""
    size = len(neurons) // channels
    for start in range(0, size, TURN):
        for o in range(channels):
            for k in range(start, min(start + TURN, size)):
                neurons[o * size + k] = planes[k * channels + o]


@njit
def spray(laid, window, k, scale, planes):  # type: ignore[no-untyped-def]
    """planes [row, column, o] += scale w of the windows that pre neuron k lies in."""
    channel, i, j = coordinates(k, window[HEIGHT], window[WIDTH])
    kernel, stride, padding = window[KERNEL], window[STRIDE], window[PADDING]
    top, bottom = outputs_of(i, kernel, stride, padding, window[ROWS])
    left, right = outputs_of(j, kernel, stride, padding, window[COLUMNS])
    outputs = window[OUTPUTS]
    first = (kernel - 1 - (j + padding - left * stride)) * outputs
    # Of stride 1 the taps of a row follow each other as the positions do.
    runs, run = (1, (right - left) * outputs) if stride == 1 else (right - left, outputs)
    for y in range(top, bottom):
        row = (channel * kernel + i + padding - y * stride) * kernel * outputs + first
        at = (y * window[COLUMNS] + left) * outputs
        for x in range(runs):
            add_run(scale, laid, row + x * stride * outputs, planes, at + x * outputs, run)


@njit
def is_sparse(window, events, neurons):  # type: ignore[no-untyped-def]
    """Whether so many events are brought faster to where the neurons lie, than turned. The bits are
    the same."""
    return FEW * events * window[KERNEL] * window[KERNEL] * window[OUTPUTS] < 2 * neurons


@njit
def spray_spikes(laid, window, one, spikes, start, end, current, planes):  # type: ignore[no-untyped-def]
    """As `deliver_windows`, by way of the planes, scratch as long as `current`."""
    turn_in(current, window[OUTPUTS], planes)
    for k in range(start, end):
        spray(laid, window, np.int64(spikes[k]), one, planes)
    turn_out(planes, window[OUTPUTS], current)


@njit
def spray_numbers(laid, window, sent, current, planes):  # type: ignore[no-untyped-def]
    """The same of the numbers sent[k] of all pre neurons: those of up to eight channels at a time
    and in each of these a row of taps, whose weights stay near, position by position."""
    channels = window[CHANNELS]
    below = numbers(np.empty(len(sent), np.float32))
    turn_in(sent, channels, below)
    turn_in(current, window[OUTPUTS], planes)
    c = np.int64(0)
    while c < channels:
        several = some_of(channels - c)
        for a in range(window[KERNEL]):
            spray_taps(laid, window, below, c, several, np.int64(a), planes)
        c += several
    turn_out(planes, window[OUTPUTS], current)


@njit
def spray_taps(laid, window, below, c, several, a, planes):  # type: ignore[no-untyped-def]
    """What the numbers below [position, channel] of the channels c : c + several bring by row a of
    the taps."""
    kernel, stride, padding = window[KERNEL], window[STRIDE], window[PADDING]
    outputs, channels, width = window[OUTPUTS], window[CHANNELS], window[WIDTH]
    pitch, taps = kernel * kernel * outputs, (c * kernel + a) * kernel * outputs
    for y in range(window[ROWS]):
        i = y * stride - padding + a
        if i < 0 or i >= window[HEIGHT]:
            continue
        for j in range(width):
            own = below[(i * width + j) * channels + c : (i * width + j) * channels + c + several]
            if not any_of(own):
                continue
            left, right = outputs_of(np.int64(j), kernel, stride, padding, window[COLUMNS])
            tap = taps + (kernel - 1 - (j + padding - left * stride)) * outputs
            at = (y * window[COLUMNS] + left) * outputs
            if stride == 1:
                add_rows(own, laid, tap, pitch, planes, at, (right - left) * outputs)
            else:
                for x in range(right - left):
                    place = tap + x * stride * outputs
                    add_rows(own, laid, place, pitch, planes, at + x * outputs, outputs)


@njit
def any_of(few):  # type: ignore[no-untyped-def]
    """Whether one of a few numbers is not 0."""
    found = False
    for r in range(len(few)):
        found = found or few[r] != 0
    return found
