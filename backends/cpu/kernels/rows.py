"""Whole-row copies as loops: array assignment compiles its error messages into every kernel."""

from __future__ import annotations

import numpy as np
from numba import njit

from .features import CODES


@njit(inline="always")
def numbers(array):  # type: ignore[no-untyped-def]
    """What the engine adds up: floats, or the codes in their bytes."""
    if CODES:
        return array.view(np.int32)
    return array


@njit
def fill(row, value):  # type: ignore[no-untyped-def]
    """row[k] = value."""
    for k in range(len(row)):
        row[k] = value


@njit
def copy(source, target):  # type: ignore[no-untyped-def]
    """target[k] = source[k]."""
    for k in range(len(source)):
        target[k] = source[k]


@njit
def add(source, target):  # type: ignore[no-untyped-def]
    """target[k] += source[k]."""
    for k in range(len(source)):
        target[k] += source[k]


@njit
def add_scaled(scale, source, target):  # type: ignore[no-untyped-def]
    """target[k] += scale * source[k]."""
    for k in range(len(source)):
        target[k] += scale * source[k]


@njit
def gather(source, index, target):  # type: ignore[no-untyped-def]
    """target[k] = source[index[k]]."""
    for k in range(len(index)):
        target[k] = source[index[k]]


@njit
def spread(source, index, target):  # type: ignore[no-untyped-def]
    """target[index[k]] = source[k]."""
    for k in range(len(index)):
        target[index[k]] = source[k]


@njit
def scatter(packed, active, columns, row):  # type: ignore[no-untyped-def]
    """row = 0 but for row[active[k]] = packed[k], k < columns."""
    for k in range(len(row)):
        row[k] = 0.0
    for k in range(columns):
        row[active[k]] = packed[k]
