"""Convolutions, many weights at a time: planes whose channels come last.

A spike reaches a square of positions, in each of them all channels. Where the channels of a
position lie side by side, and positions along a row too, what it brings to a row of the square is
one run of additions, `kernel * outputs` long, if the weights lie so as well: [c, a, kernel - 1 - b,
o]. Neurons lie channel by channel everywhere else, so that sums are turned there and back. No
bit depends on it: each sum keeps its order, that of `send_windows`.

Groups are convolutions side by side: planes are [group, position, channel of the group], and o is
the channel within it.
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
    REACHED,
    READ,
    ROWS,
    STRIDE,
    WIDTH,
    channels_of,
    coordinates,
    group_of,
    groups_of,
    outputs_of,
    padded,
)
from ..vectors import add_run, add_windows, turn_square
from .features import WINDOWED
from .rows import fill
from .taps import is_narrow, send_taps

LOOK = 256  # numbers that are looked at before it is asked what was found
TURN = 8  # positions that are turned together, and channels: the sides of `vectors.turn_square`
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
    """The same of one, the outputs padded with zeros."""
    taps, kernel, pitch = window[KERNEL] * window[KERNEL], window[KERNEL], padded(window[REACHED])
    fill(laid, laid.dtype.type(0))
    for o in range(window[OUTPUTS]):
        first, last = channels_of(window, o)
        inner = o % window[REACHED]
        for c in range(first, last):
            source = (o * window[READ] + c - first) * taps
            row = own[source : source + taps]
            for a in range(kernel):
                place = (c * kernel + a) * kernel * pitch + inner
                for b in range(kernel):
                    laid[place + (kernel - 1 - b) * pitch] = row[a * kernel + b]


@njit
def is_any(row):  # type: ignore[no-untyped-def]
    """Whether a number of a row is not 0, looked for a few at a time."""
    for start in range(0, len(row), LOOK):
        found, few = (
            np.int32(0),
            row[start : start + LOOK],
        )  # a slice: its places are never negative
        for k in range(len(few)):
            found |= np.int32(few[k] != 0)
        if found != 0:
            return True
    return False


@njit
def turn_in(neurons, groups, channels, pitch, planes):  # type: ignore[no-untyped-def]
    """planes [group, position, channel], positions `pitch` apart, = neurons [group, channel,
    position], 0 between."""
    size = len(neurons) // (groups * channels)
    if not is_any(neurons):
        fill(planes[: groups * size * pitch], neurons.dtype.type(0))
        return
    for g in range(groups):
        own = neurons[g * channels * size : (g + 1) * channels * size]
        turn_group_in(own, channels, pitch, planes[g * size * pitch : (g + 1) * size * pitch])


@njit
def turn_group_in(neurons, channels, pitch, planes):  # type: ignore[no-untyped-def]
    """The same of one group."""
    size, zero = len(neurons) // channels, neurons.dtype.type(0)
    for start in range(0, size, TURN):
        for o in range(0, pitch, TURN):
            if start + TURN <= size and o + TURN <= pitch:
                first, at = o * size + start, start * pitch + o
                turn_square(neurons, first, size, channels - o, planes, at, pitch, np.int64(TURN))
            else:
                for k in range(start, min(start + TURN, size)):
                    for c in range(o, min(o + TURN, pitch)):
                        planes[k * pitch + c] = neurons[c * size + k] if c < channels else zero


@njit
def turn_out(planes, groups, channels, pitch, neurons):  # type: ignore[no-untyped-def]
    """The way back."""
    size = len(neurons) // (groups * channels)
    for g in range(groups):
        own = neurons[g * channels * size : (g + 1) * channels * size]
        turn_group_out(planes[g * size * pitch : (g + 1) * size * pitch], channels, pitch, own)


@njit
def turn_group_out(planes, channels, pitch, neurons):  # type: ignore[no-untyped-def]
    """The same of one group."""
    size = len(neurons) // channels
    for start in range(0, size, TURN):
        for o in range(0, channels, TURN):
            first, last = start * pitch + o, (start + TURN - 1) * pitch + o
            if start + TURN <= size and last + TURN <= len(planes):
                at = o * size + start
                turn_square(planes, first, pitch, np.int64(TURN), neurons, at, size, channels - o)
            else:
                for c in range(o, min(o + TURN, channels)):
                    for k in range(start, min(start + TURN, size)):
                        neurons[c * size + k] = planes[k * pitch + c]


@njit
def reach_of(window, k):  # type: ignore[no-untyped-def]
    """The windows that pre neuron k lies in: (how many rows of positions; the first place among the
    laid weights, and how far that of the next row is before it; the same among the planes, behind
    it; how many runs a row is, how far their weights are apart, how long each is)."""
    channel, i, j = coordinates(k, window[HEIGHT], window[WIDTH])
    kernel, stride, padding = window[KERNEL], window[STRIDE], window[PADDING]
    top, bottom = outputs_of(i, kernel, stride, padding, window[ROWS])
    left, right = outputs_of(j, kernel, stride, padding, window[COLUMNS])
    pitch, group = padded(window[REACHED]), group_of(window, channel)
    first = (kernel - 1 - (j + padding - left * stride)) * pitch
    row = (channel * kernel + i + padding - top * stride) * kernel * pitch + first
    at = ((group * window[ROWS] + top) * window[COLUMNS] + left) * pitch
    # Of stride 1 the taps of a row follow each other as the positions do.
    runs, run = (1, (right - left) * pitch) if stride == 1 else (right - left, pitch)
    before, behind = stride * kernel * pitch, window[COLUMNS] * pitch
    return bottom - top, row, before, at, behind, runs, stride * pitch, run


@njit
def spray(laid, window, k, scale, planes):  # type: ignore[no-untyped-def]
    """planes [group, row, column, o] += scale w of the windows that pre neuron k lies in."""
    rows, row, before, at, behind, runs, apart, run = reach_of(window, k)
    for y in range(rows):
        for x in range(runs):
            place = at + y * behind + x * run
            add_run(scale, laid, row - y * before + x * apart, planes, place, run)


@njit
def is_sparse(window, events, neurons):  # type: ignore[no-untyped-def]
    """Whether so many events are brought faster to where the neurons lie, than turned. The bits are
    the same."""
    additions = events * window[KERNEL] * window[KERNEL] * window[REACHED]
    return is_narrow(window[REACHED]) or FEW * additions < 2 * neurons


@njit
def spray_spikes(laid, window, one, spikes, start, end, current, planes):  # type: ignore[no-untyped-def]
    """As `deliver_windows`, by way of the planes, scratch of `planes_of` numbers."""
    groups, outputs, pitch = groups_of(window), window[REACHED], padded(window[REACHED])
    turn_in(current, groups, outputs, pitch, planes)
    for k in range(start, end):
        spray(laid, window, np.int64(spikes[k]), one, planes)
    turn_out(planes, groups, outputs, pitch, current)


@njit
def planes_of(window):  # type: ignore[no-untyped-def]
    """The numbers of the planes above, where any are made."""
    if is_narrow(window[REACHED]):
        return np.int64(0)
    return groups_of(window) * padded(window[REACHED]) * window[ROWS] * window[COLUMNS]


@njit
def bordered_of(window):  # type: ignore[no-untyped-def]
    """Those of the planes below with the borders that windows of stride 1 overhang."""
    border = 2 * window[PADDING]
    if is_narrow(window[REACHED]):
        return np.int64(0)
    return window[CHANNELS] * (window[HEIGHT] + border) * (window[WIDTH] + border)


@njit
def border(planes, height, width, channels, margin, bordered):  # type: ignore[no-untyped-def]
    """bordered = planes [channel, row, column] with so many zeros around each."""
    fill(bordered, bordered.dtype.type(0))
    wide, high = width + 2 * margin, height + 2 * margin
    for c in range(channels):
        for i in range(height):
            start = (c * high + i + margin) * wide + margin
            row = planes[(c * height + i) * width : (c * height + i + 1) * width]
            for j in range(width):
                bordered[start + j] = row[j]


@njit
def spray_numbers(laid, window, sent, current, planes, bordered):  # type: ignore[no-untyped-def]
    """The same of the numbers sent[k] of all pre neurons; bordered is scratch of `bordered_of`."""
    if is_narrow(window[REACHED]):
        send_taps(laid, window, sent, current)
        return
    groups, outputs, pitch = groups_of(window), window[REACHED], padded(window[REACHED])
    turn_in(current, groups, outputs, pitch, planes)
    if window[STRIDE] == 1:
        padding, channels = window[PADDING], window[CHANNELS]
        border(sent, window[HEIGHT], window[WIDTH], channels, padding, bordered)
        for g in range(groups):
            spray_group(laid, window, np.int64(g), bordered, planes)
    else:
        for k in range(len(sent)):
            if sent[k] != 0:
                spray(laid, window, np.int64(k), sent[k], planes)
    turn_out(planes, groups, outputs, pitch, current)


@njit
def spray_group(laid, window, g, bordered, planes):  # type: ignore[no-untyped-def]
    """The same of group g of stride 1, by what was sent with borders, row by row of positions."""
    pitch, kernel, border = padded(window[REACHED]), window[KERNEL], 2 * window[PADDING]
    wide, high, each = window[WIDTH] + border, window[HEIGHT] + border, kernel * kernel * pitch
    counts, below = (window[READ], kernel, kernel), (high * wide, wide, np.int64(1))
    apart, last = (each, kernel * pitch, -pitch), g * window[READ] * each + (kernel - 1) * pitch
    for y in range(window[ROWS]):
        first = (g * window[READ] * high + y) * wide
        at, columns = (g * window[ROWS] + y) * window[COLUMNS] * pitch, window[COLUMNS]
        add_windows(
            counts, bordered, first, below, laid, last, apart, planes, at, pitch, columns, pitch
        )
