"""Convolutions of one channel a group backwards, tap by tap; see `cpu/kernels/taps.py`."""

from __future__ import annotations

import numpy as np
from numba import njit

from ....compiled.windows import (
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
    outputs_of,
    padded,
    readers_of,
    taps_of,
)
from ....cpu.kernels.planes import is_any
from ....cpu.kernels.taps import columns_of
from ....cpu.vectors import add_run_fused

ZERO = np.float32(0.0)


@njit
def ask_taps(laid, window, arrived, asked):  # type: ignore[no-untyped-def]
    """asked[pre] += the sum of w times the adjoints arrived[post]; laid [o, a, b, c]."""
    kernel, pitch, columns = window[KERNEL], padded(window[READ]), columns_of(window)
    for l in range(window[OUTPUTS] * window[ROWS]):
        row = arrived[l * window[COLUMNS] : (l + 1) * window[COLUMNS]]
        if not is_any(row):
            continue
        o = l // window[ROWS]
        first, last = channels_of(window, o)
        y = l - o * window[ROWS]
        top, a0, a1 = taps_of(y, kernel, window[STRIDE], window[PADDING], window[HEIGHT])
        for c in range(first, last):
            for a in range(a0, a1):
                at = (c * window[HEIGHT] + top + a) * window[WIDTH]
                place = (o * kernel + a) * kernel * pitch + c - first
                ask_row(laid, window, place, columns, row, asked, at)


@njit
def ask_row(laid, window, place, columns, row, asked, at):  # type: ignore[no-untyped-def]
    """The same of a row of positions through a row of taps, the first of which is at `place`."""
    stride, pitch = window[STRIDE], padded(window[READ])
    for b in range(window[KERNEL]):
        weight, first, end = laid[place + b * pitch], columns[b, 0], columns[b, 1]
        target = at + columns[b, 2]
        if stride == 1:
            add_run_fused(weight, row, first, asked, target, end - first)
        else:
            for x in range(end - first):
                asked[target + x * stride] += weight * row[first + x]


@njit
def worth_taps(window, sent, arrived, kernel):  # type: ignore[no-untyped-def]
    """kernel [c, a, kernel - 1 - b, o] += what the numbers that all pre neurons sent are worth by
    the adjoints that they met."""
    size, pitch, columns = window[KERNEL], padded(window[REACHED]), columns_of(window)
    for l in range(window[OUTPUTS] * window[ROWS]):
        row = arrived[l * window[COLUMNS] : (l + 1) * window[COLUMNS]]
        if not is_any(row):
            continue
        o = l // window[ROWS]
        first, last = channels_of(window, o)
        y = l - o * window[ROWS]
        top, a0, a1 = taps_of(y, size, window[STRIDE], window[PADDING], window[HEIGHT])
        for c in range(first, last):
            for a in range(a0, a1):
                start = (c * window[HEIGHT] + top + a) * window[WIDTH]
                place = ((c * size + a) * size + size - 1) * pitch + o % window[REACHED]
                for b in range(size):
                    own = row[columns[b, 0] : columns[b, 1]]
                    at = start + columns[b, 2]
                    kernel[place - b * pitch] += met(own, sent, at, window[STRIDE])


@njit(fastmath={"reassoc", "contract"})
def met(row, sent, at, stride):  # type: ignore[no-untyped-def]
    """The sum of row[x] * sent[at + x * stride]."""
    total = ZERO
    if stride == 1:
        other = sent[at : at + len(row)]
        for x in range(len(row)):
            total += row[x] * other[x]
    else:
        for x in range(len(row)):
            total += row[x] * sent[at + x * stride]
    return total


@njit
def worth_of_few(window, spikes, start, end, arrived, kernel):  # type: ignore[no-untyped-def]
    """The same of the spikes start:end."""
    size, pitch, padding = window[KERNEL], padded(window[REACHED]), window[PADDING]
    for s in range(start, end):
        channel, i, j = coordinates(np.int64(spikes[s]), window[HEIGHT], window[WIDTH])
        top, bottom = outputs_of(i, size, window[STRIDE], padding, window[ROWS])
        left, right = outputs_of(j, size, window[STRIDE], padding, window[COLUMNS])
        first, last, _ = readers_of(window, channel)
        for o in range(first, last):
            for y in range(top, bottom):
                row = (o * window[ROWS] + y) * window[COLUMNS]
                a = i + padding - y * window[STRIDE]
                place = ((channel * size + a) * size + size - 1 - j - padding) * pitch + o - first
                for x in range(left, right):
                    kernel[place + x * window[STRIDE] * pitch] += arrived[row + x]
