"""Convolutions and poolings backwards, many weights at a time; see `cpu/kernels/planes.py`.

Errors go down by kernels that are laid as [o, a, b, c]; what was sent is worth something to
kernels as it was sent by them, [c, a, kernel - 1 - b, o].
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
    REACHED,
    READ,
    ROWS,
    STRIDE,
    WIDTH,
    channels_of,
    coordinates,
    groups_of,
    padded,
    taps_of,
)
from ....cpu.kernels.planes import border, is_laid, reach_of, turn_in
from ....cpu.kernels.rows import fill
from ....cpu.kernels.taps import is_narrow
from ....cpu.vectors import add_run_fused, add_windows_fused
from .taps import ask_taps, worth_of_few, worth_taps

ZERO = np.float32(0.0)
ONE = np.float32(1.0)


@njit
def lay_down(plan, weights, laid):  # type: ignore[no-untyped-def]
    """The kernels of all convolutions as [o, a, b, c], the channels padded with zeros, into laid
    f32[laid weights]."""
    for j in range(len(plan.pre)):
        if is_laid(plan, j):
            window, own = plan.windows[j], weights[plan.weight[j] : plan.weight[j + 1]]
            channels, taps = window[READ], window[KERNEL] * window[KERNEL]
            target, pitch = laid[plan.laid[j] : plan.laid[j + 1]], padded(channels)
            fill(target, ZERO)
            for o in range(window[OUTPUTS]):
                for c in range(channels):
                    for tap in range(taps):
                        source = own[(o * channels + c) * taps + tap]
                        target[(o * taps + tap) * pitch + c] = source


@njit
def asked_planes_of(window):  # type: ignore[no-untyped-def]
    """The numbers of scratch that `ask_planes` wants: the planes below, and those above with
    borders."""
    if is_narrow(window[READ]):
        return np.int64(0), np.int64(0)
    border = 2 * max(np.int64(0), window[KERNEL] - 1 - window[PADDING])
    below = groups_of(window) * padded(window[READ]) * window[HEIGHT] * window[WIDTH]
    return below, window[OUTPUTS] * (window[ROWS] + border) * (window[COLUMNS] + border)


@njit
def ask_planes(laid, window, arrived, asked, planes, bordered):  # type: ignore[no-untyped-def]
    """asked[pre] += the sum of w times the adjoints arrived[post]; planes and bordered are scratch,
    see `asked_planes_of`."""
    if is_narrow(window[READ]):
        ask_taps(laid, window, arrived, asked)
        return
    channels, margin = window[READ], window[KERNEL] - 1 - window[PADDING]
    size, pitch = window[HEIGHT] * window[WIDTH], padded(channels)
    fill(planes, ZERO)
    if window[STRIDE] == 1 and margin >= 0:
        border(arrived, window[ROWS], window[COLUMNS], window[OUTPUTS], margin, bordered)
        for g in range(groups_of(window)):
            ask_group(laid, window, np.int64(g), margin, bordered, planes)
    else:
        for l in range(len(arrived)):
            if arrived[l] != ZERO:
                ask_window(laid, window, np.int64(l), arrived[l], planes)
    for g in range(groups_of(window)):
        source, target = g * size * pitch, g * channels * size
        for c in range(channels):
            for k in range(size):
                asked[target + c * size + k] += planes[source + k * pitch + c]


@njit
def ask_group(laid, window, g, margin, bordered, planes):  # type: ignore[no-untyped-def]
    """The same of group g of stride 1, by the adjoints with borders, row by row of positions."""
    kernel, outputs, pitch = window[KERNEL], window[REACHED], padded(window[READ])
    wide, high = window[COLUMNS] + 2 * margin, window[ROWS] + 2 * margin
    counts, above = (outputs, kernel, kernel), (high * wide, wide, np.int64(1))
    apart = (kernel * kernel * pitch, -kernel * pitch, -pitch)
    last = ((g * outputs + 1) * kernel * kernel - 1) * pitch
    for i in range(window[HEIGHT]):
        first, at = (
            (g * outputs * high + i) * wide,
            (g * window[HEIGHT] + i) * window[WIDTH] * pitch,
        )
        add_windows_fused(
            counts, bordered, first, above, laid, last, apart, planes, at, pitch, window[WIDTH],
            pitch,
        )  # fmt: skip


@njit
def ask_window(laid, window, l, adjoint, planes):  # type: ignore[no-untyped-def]
    """What post neuron l asks of the rows of its window."""
    o, y, x = coordinates(l, window[ROWS], window[COLUMNS])
    kernel, stride, padding = window[KERNEL], window[STRIDE], window[PADDING]
    top, a0, a1 = taps_of(y, kernel, stride, padding, window[HEIGHT])
    left, b0, b1 = taps_of(x, kernel, stride, padding, window[WIDTH])
    pitch, above = padded(window[READ]), o // window[REACHED] * window[HEIGHT]
    for a in range(a0, a1):
        first = ((o * kernel + a) * kernel + b0) * pitch
        at = ((above + top + a) * window[WIDTH] + left + b0) * pitch
        add_run_fused(adjoint, laid, first, planes, at, (b1 - b0) * pitch)


@njit
def ask_pool(weight, window, arrived, asked):  # type: ignore[no-untyped-def]
    """The same of a pooling, whose synapses have one weight."""
    kernel, stride, width = window[KERNEL], window[STRIDE], window[WIDTH]
    size = window[ROWS] * window[COLUMNS]
    for c in range(window[CHANNELS]):
        for y in range(window[ROWS]):
            row = arrived[c * size + y * window[COLUMNS] : c * size + (y + 1) * window[COLUMNS]]
            for a in range(kernel):
                start = (c * window[HEIGHT] + y * stride + a) * width
                target = asked[start : start + width]
                for b in range(kernel):
                    for x in range(len(row)):
                        target[x * stride + b] += weight * row[x]


@njit
def worth(window, k, scale, planes, kernel):  # type: ignore[no-untyped-def]
    """kernel [c, a, kernel - 1 - b, o] += scale times the adjoints, planes [group, position, o],
    that what pre neuron k sends meets."""
    rows, row, before, at, behind, runs, apart, run = reach_of(window, k)
    for y in range(rows):
        for x in range(runs):
            place = row - y * before + x * apart
            add_run_fused(scale, planes, at + y * behind + x * run, kernel, place, run)


@njit
def worth_of_spikes(window, spikes, start, end, arrived, planes, kernel):  # type: ignore[no-untyped-def]
    """`worth` of the spikes start:end that met the adjoints arrived f32[post] in one step."""
    if is_narrow(window[REACHED]):
        worth_of_few(window, spikes, start, end, arrived, kernel)
    elif start < end:
        outputs = window[REACHED]
        turn_in(arrived, groups_of(window), outputs, padded(outputs), planes)
        for k in range(start, end):
            worth(window, np.int64(spikes[k]), ONE, planes, kernel)


@njit
def worth_of_numbers(window, sent, arrived, planes, bordered, kernel):  # type: ignore[no-untyped-def]
    """`worth` of the numbers that all pre neurons sent; bordered is scratch of `bordered_of`."""
    if is_narrow(window[REACHED]):
        worth_taps(window, sent, arrived, kernel)
        return
    outputs = window[REACHED]
    turn_in(arrived, groups_of(window), outputs, padded(outputs), planes)
    if window[STRIDE] == 1:
        padding = window[PADDING]
        border(sent, window[HEIGHT], window[WIDTH], window[CHANNELS], padding, bordered)
        worth_of_rows(window, bordered, planes, kernel)
    else:
        for k in range(len(sent)):
            if sent[k] != ZERO:
                worth(window, np.int64(k), sent[k], planes, kernel)


@njit
def worth_of_rows(window, bordered, planes, kernel):  # type: ignore[no-untyped-def]
    """The same of stride 1: of each row of taps the sums over all positions."""
    pitch, size, padding = padded(window[REACHED]), window[KERNEL], window[PADDING]
    wide, high = window[WIDTH] + 2 * padding, window[HEIGHT] + 2 * padding
    counts = np.int64(1), window[ROWS], window[COLUMNS]
    below, apart = (np.int64(0), wide, np.int64(1)), (np.int64(0), window[COLUMNS] * pitch, pitch)
    each = window[ROWS] * window[COLUMNS] * pitch
    for c in range(window[CHANNELS]):
        group = c // window[READ] * each
        for a in range(size):
            first, last = (c * high + a) * wide, ((c * size + a) * size + size - 1) * pitch
            add_windows_fused(
                counts, bordered, first, below, planes, group, apart, kernel, last, -pitch,
                size, pitch,
            )  # fmt: skip


@njit
def keep_worth(window, kernel, own):  # type: ignore[no-untyped-def]
    """own [o, c, a, b] += kernel [c, a, kernel - 1 - b, o], which is 0 afterwards."""
    size, pitch = window[KERNEL], padded(window[REACHED])
    for o in range(window[OUTPUTS]):
        first, last = channels_of(window, o)
        for c in range(first, last):
            for a in range(size):
                place = (c * size + a) * size * pitch + o % window[REACHED]
                row = ((o * window[READ] + c - first) * size + a) * size
                for b in range(size):
                    own[row + b] += kernel[place + (size - 1 - b) * pitch]
    fill(kernel, ZERO)
