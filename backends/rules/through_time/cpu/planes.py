"""Convolutions and poolings backwards, many weights at a time; see `cpu/kernels/planes.py`.

What is asked of a row of the planes below by a position above is one run, `kernel * channels` long,
of kernels laid as [o, a, b, c]. What a number sent was worth to the kernel is read as it was sent:
by runs of `kernel * outputs`.
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
    ROWS,
    STRIDE,
    WIDTH,
    coordinates,
    outputs_of,
    some_of,
    taps_of,
)
from ....cpu.kernels.planes import any_of, turn_in
from ....cpu.kernels.rows import fill
from ....cpu.vectors import add_rows_fused, add_run_fused

ZERO = np.float32(0.0)
ONE = np.float32(1.0)


@njit
def ask_planes(laid, window, arrived, asked, above, planes):  # type: ignore[no-untyped-def]
    """asked[pre] += the sum of w times the adjoints arrived[post]; above f32[post] and planes
    f32[pre] are scratch."""
    kernel, stride, padding = window[KERNEL], window[STRIDE], window[PADDING]
    channels, width = window[CHANNELS], window[WIDTH]
    fill(planes, ZERO)
    turn_in(arrived, window[OUTPUTS], above)
    for a in range(kernel):
        for y in range(window[ROWS]):
            i = y * stride - padding + a
            if 0 <= i < window[HEIGHT]:
                for x in range(window[COLUMNS]):
                    left, b0, b1 = taps_of(x, kernel, stride, padding, width)
                    at, first = (i * width + left + b0) * channels, (a * kernel + b0) * channels
                    place, run = y * window[COLUMNS] + x, (b1 - b0) * channels
                    ask_run(laid, window, first, above, place, planes, at, run)
    for c in range(channels):
        size = window[HEIGHT] * width
        for k in range(size):
            asked[c * size + k] += planes[k * channels + c]


@njit
def ask_run(laid, window, first, arrived, place, planes, at, n):  # type: ignore[no-untyped-def]
    """planes[at : at + n] += what the channels above ask at a place of their planes, by the runs of
    their kernels that begin at `first`, several channels a pass. arrived is [place, channel]."""
    outputs, each = window[OUTPUTS], window[KERNEL] * window[KERNEL] * window[CHANNELS]
    own = arrived[place * outputs : place * outputs + outputs]
    o = np.int64(0)
    while o < outputs:
        several = some_of(outputs - o)
        x = own[o : o + several]
        if any_of(x):
            add_rows_fused(x, laid, first + o * each, each, planes, at, n)
        o += several


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
    """kernel [c, a, kernel - 1 - b, o] += scale times the adjoints, planes [position, o], that what
    pre neuron k sends meets."""
    channel, i, j = coordinates(k, window[HEIGHT], window[WIDTH])
    size, stride, padding = window[KERNEL], window[STRIDE], window[PADDING]
    top, bottom = outputs_of(i, size, stride, padding, window[ROWS])
    left, right = outputs_of(j, size, stride, padding, window[COLUMNS])
    outputs = window[OUTPUTS]
    first = (size - 1 - (j + padding - left * stride)) * outputs
    runs, run = (1, (right - left) * outputs) if stride == 1 else (right - left, outputs)
    for y in range(top, bottom):
        row = (channel * size + i + padding - y * stride) * size * outputs + first
        at = (y * window[COLUMNS] + left) * outputs
        for x in range(runs):
            tap = row + x * stride * outputs
            add_run_fused(scale, planes, at + x * outputs, kernel, tap, run)


@njit
def worth_of_spikes(window, spikes, start, end, arrived, planes, kernel):  # type: ignore[no-untyped-def]
    """`worth` of the spikes start:end that met the adjoints arrived f32[post] in one step."""
    if start < end:
        turn_in(arrived, window[OUTPUTS], planes)
        for k in range(start, end):
            worth(window, np.int64(spikes[k]), ONE, planes, kernel)


@njit
def worth_of_numbers(window, sent, arrived, planes, kernel):  # type: ignore[no-untyped-def]
    """`worth` of the numbers that all pre neurons sent, tap by tap."""
    size, stride, padding = window[KERNEL], window[STRIDE], window[PADDING]
    height, width, outputs = window[HEIGHT], window[WIDTH], window[OUTPUTS]
    turn_in(arrived, outputs, planes)
    for c in range(window[CHANNELS]):
        for i in range(height):
            top, bottom = outputs_of(np.int64(i), size, stride, padding, window[ROWS])
            row = sent[(c * height + i) * width : (c * height + i + 1) * width]
            for y in range(top, bottom):
                a, above = i + padding - y * stride, y * window[COLUMNS]
                for b in range(size):
                    target = ((c * size + a) * size + size - 1 - b) * outputs
                    worth_of_tap(window, row, b - padding, above, planes, kernel, target)


@njit
def worth_of_tap(window, row, before, above, planes, kernel, target):  # type: ignore[no-untyped-def]
    """kernel[target : target + outputs] += the sum over the positions x above of row[x * stride +
    before] times the adjoints there, those of `above` + x; up to eight a pass where they follow
    each other."""
    stride, outputs = window[STRIDE], window[OUTPUTS]
    x = max(0, (stride - 1 - before) // stride)
    end = min(window[COLUMNS], (len(row) - 1 - before) // stride + 1)
    while x < end:
        several = some_of(end - x) if stride == 1 else np.int64(1)
        some = row[x * stride + before : x * stride + before + several]
        if any_of(some):
            above_row = (above + x) * outputs
            add_rows_fused(some, planes, above_row, outputs, kernel, target, outputs)
        x += several


@njit
def keep_worth(window, kernel, own):  # type: ignore[no-untyped-def]
    """own [o, c, a, b] += kernel [c, a, kernel - 1 - b, o], which is 0 afterwards."""
    outputs, size = window[OUTPUTS], window[KERNEL]
    for o in range(outputs):
        for c in range(window[CHANNELS]):
            for a in range(size):
                place = (c * size + a) * size * outputs + o
                row = ((o * window[CHANNELS] + c) * size + a) * size
                for b in range(size):
                    own[row + b] += kernel[place + (size - 1 - b) * outputs]
    fill(kernel, ZERO)
