"""Where windows lie, for every device: numbers of a row i64[12] of the plan in, numbers out.

(channels, height, width) of the planes below and (outputs, rows, columns) of those above, kernel,
stride, padding, whether a channel reads its own alone through one weight (pooling), and how many
channels of a group there are below, all of which a channel above reads, and above.
"""

from __future__ import annotations

import numpy as np

from .formulas import formula

CHANNELS, HEIGHT, WIDTH = 0, 1, 2
OUTPUTS, ROWS, COLUMNS = 3, 4, 5
KERNEL, STRIDE, PADDING, POOL = 6, 7, 8, 9
READ, REACHED = 10, 11


@formula
def divided(a, b):  # type: ignore[no-untyped-def]
    """a // b of numbers below 2^32, neither of them negative: one short division."""
    return np.int64(np.uint32(a) // np.uint32(b))


@formula
def coordinates(index, rows, columns):  # type: ignore[no-untyped-def]
    """(plane, row, column) of a place in planes of rows x columns."""
    plane = divided(index, rows * columns)
    left = index - plane * rows * columns
    row = divided(left, columns)
    return plane, row, left - row * columns


@formula
def taps_of(output, kernel, stride, padding, extent):  # type: ignore[no-untyped-def]
    """Along an axis of `extent` inputs: (input at tap 0, first tap, end of the taps) of an output;
    the taps between lie on the plane."""
    origin = output * stride - padding
    return origin, max(0, -origin), min(kernel, extent - origin)


@formula
def outputs_of(i, kernel, stride, padding, outputs):  # type: ignore[no-untyped-def]
    """Along an axis: (first, end) of the outputs whose windows input i lies in."""
    reach = i + padding
    first = 0 if reach < kernel else divided(reach - kernel, stride) + 1
    return first, min(outputs, divided(reach, stride) + 1)


@formula
def group_of(window, channel):  # type: ignore[no-untyped-def]
    """The group of a channel below; divided is only where there is more to it."""
    if window[READ] == 1:
        return channel
    return divided(channel, window[READ]) if channel >= window[READ] else np.int64(0)


@formula
def channels_of(window, output):  # type: ignore[no-untyped-def]
    """(first, end) of the channels that a channel above reads."""
    first = divided(output, window[REACHED]) * window[READ]
    return first, first + window[READ]


@formula
def readers_of(window, channel):  # type: ignore[no-untyped-def]
    """(first, end) of the channels above that read a channel, and which it is in its group."""
    group = group_of(window, channel)
    first = group * window[REACHED]
    return first, first + window[REACHED], channel - group * window[READ]


@formula
def place_of(window, output, channel, a, b):  # type: ignore[no-untyped-def]
    """The place of a weight among its projection's; the channel is one of its group."""
    row = (output * window[READ] + channel) * window[KERNEL] + a
    return 0 if window[POOL] else row * window[KERNEL] + b


@formula
def groups_of(window):  # type: ignore[no-untyped-def]
    """How many groups the channels of either side come in."""
    return divided(window[OUTPUTS], window[REACHED])


@formula
def padded(channels):  # type: ignore[no-untyped-def]
    """The numbers that so many channels take where they lie side by side, in whole vectors."""
    return (channels + 7) // 8 * 8
