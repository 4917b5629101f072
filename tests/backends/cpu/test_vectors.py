"""Runs of numbers in pieces: compiled, they do what they say in Python, whatever their length."""

from __future__ import annotations

import numba
import numpy as np
import pytest

from snncc.backends.cpu import vectors

LENGTHS = (0, 1, 2, 3, 5, 8, 15, 16, 17, 31, 47, 64, 75)


@numba.njit
def run(scale, source, first, target, at, n, is_fused):
    if is_fused:
        vectors.add_run_fused(scale, source, first, target, at, n)
    else:
        vectors.add_run(scale, source, first, target, at, n)


@numba.njit
def windows(counts, sent, s, below, weights, w, apart, target, at, pitch, positions, n, is_fused):
    if is_fused:
        vectors.add_windows_fused(
            counts, sent, s, below, weights, w, apart, target, at, pitch, positions, n
        )
    else:
        vectors.add_windows(
            counts, sent, s, below, weights, w, apart, target, at, pitch, positions, n
        )


@numba.njit
def square(source, s, apart, rows, target, t, pitch, columns):
    vectors.turn_square(source, s, apart, rows, target, t, pitch, columns)


def require_same(found, wanted, is_fused):
    if is_fused:
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=0.5)
    else:
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [np.float32, np.int32])
@pytest.mark.parametrize("is_fused", [False, True])
def test_pieces_are_the_run(dtype, is_fused):
    """Bit for bit where products are rounded; beside a run nothing is touched."""
    generator = np.random.default_rng(1)
    source, start = (1000 * generator.standard_normal((2, 1000))).astype(dtype)
    for n in LENGTHS:
        (scale,) = generator.integers(-9, 9, 1).astype(dtype)
        found, wanted = start.copy(), start.copy()
        run(scale, source, 3, found, 5, n, is_fused)
        vectors.add_run(scale, source, 3, wanted, 5, n)
        require_same(found, wanted, is_fused)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [np.float32, np.int32])
@pytest.mark.parametrize("is_fused", [False, True])
def test_blocks_are_the_sums(dtype, is_fused):
    """Of all positions and numbers, those too that no whole block has; some of what is sent is 0
    for all of a block."""
    generator = np.random.default_rng(1)
    weights, start = (30 * generator.standard_normal((2, 4000))).astype(dtype)
    sent = generator.integers(-9, 9, 400).astype(dtype)
    sent[40:90] = 0
    counts, below, apart = (2, 3, 4), (90, 25, 1), (700, -150, 40)
    for positions in (1, 2, 3, 5, 8, 19):
        for n, pitch in ((8, 8), (16, -24), (40, 50)):
            found, wanted = start.copy(), start.copy()
            place = (counts, sent, 7, below, weights, 500, apart)
            windows(*place, found, 1000, pitch, positions, n, is_fused)
            vectors.add_windows(*place, wanted, 1000, pitch, positions, n)
            require_same(found, wanted, is_fused)
            assert (found != start).any()


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [np.float32, np.int32])
def test_squares_are_turned(dtype):
    """Rows that are not there are 0, columns that are not wanted are left alone."""
    source = np.arange(1, 401).astype(dtype)
    for rows in range(1, 9):
        for columns in range(1, 9):
            found, wanted = np.zeros((2, 300), dtype)
            square(source, 7, 40, rows, found, 5, 30, columns)
            vectors.turn_square(source, 7, 40, rows, wanted, 5, 30, columns)
            np.testing.assert_array_equal(found, wanted)
    assert wanted[5 + 30] == source[7 + 1]
