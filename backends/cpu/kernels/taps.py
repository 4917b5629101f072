"""Convolutions of one channel a group, depthwise ones: tap by tap, along rows of positions.

Vectors of channels would be zeros for the most part where but one channel of a position reads the
same. Positions along a row lie side by side in any plane, and so do the inputs that they
see through one tap, if the stride is 1. So nothing is turned, and each tap is a run of additions to
a row. No bit depends on it: each sum keeps its order, that of `send_windows`.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from ...compiled.windows import (
    COLUMNS,
    HEIGHT,
    KERNEL,
    OUTPUTS,
    PADDING,
    REACHED,
    ROWS,
    STRIDE,
    WIDTH,
    channels_of,
    padded,
    taps_of,
)
from ..vectors import add_run

NARROW = 1  # channels; of two, vectors of channels are as fast as those of positions


@njit
def is_narrow(channels):  # type: ignore[no-untyped-def]
    """Whether so many channels of a group are few."""
    return channels <= NARROW


@njit
def columns_of(window):  # type: ignore[no-untyped-def]
    """i64[kernel, 3] of each tap of a row: the first and the end of the columns that it lies on the
    plane for, and where the first of them sees it."""
    kernel, stride, padding = window[KERNEL], window[STRIDE], window[PADDING]
    columns = np.empty((kernel, 3), np.int64)
    for b in range(kernel):
        first = max(0, (padding - b + stride - 1) // stride)
        end = min(window[COLUMNS], (window[WIDTH] - 1 - b + padding) // stride + 1)
        columns[b, 0], columns[b, 1] = first, max(first, end)
        columns[b, 2] = first * stride + b - padding
    return columns


@njit
def send_taps(laid, window, sent, current):  # type: ignore[no-untyped-def]
    """current += the sum of w times sent[k] over the synapses of all pre neurons k; laid [c, a,
    kernel - 1 - b, o], as `lay_kernel` has it."""
    kernel, pitch, columns = window[KERNEL], padded(window[REACHED]), columns_of(window)
    for o in range(window[OUTPUTS]):
        first, last = channels_of(window, o)
        inner = o % window[REACHED]
        for c in range(first, last):
            for y in range(window[ROWS]):
                top, a0, a1 = taps_of(y, kernel, window[STRIDE], window[PADDING], window[HEIGHT])
                at = (o * window[ROWS] + y) * window[COLUMNS]
                for a in range(a0, a1):
                    row = (c * window[HEIGHT] + top + a) * window[WIDTH]
                    place = ((c * kernel + a) * kernel + kernel - 1) * pitch + inner
                    send_row(laid, window, place, columns, sent, row, current, at)


@njit
def send_row(laid, window, place, columns, sent, row, current, at):  # type: ignore[no-untyped-def]
    """The same of a row of taps to a row of positions, those of `current` from `at` on; `place` is
    that of the first weight, the others lie before it."""
    stride, pitch = window[STRIDE], padded(window[REACHED])
    for b in range(window[KERNEL]):
        weight, first, end = laid[place - b * pitch], columns[b, 0], columns[b, 1]
        source = row + columns[b, 2]
        if stride == 1:
            add_run(weight, sent, source, current, at + first, end - first)
        else:
            for x in range(end - first):
                current[at + first + x] += weight * sent[source + x * stride]
