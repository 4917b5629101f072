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
def rows(scales, source, first, pitch, target, at, n, is_fused):
    if is_fused:
        vectors.add_rows_fused(scales, source, first, pitch, target, at, n)
    else:
        vectors.add_rows(scales, source, first, pitch, target, at, n)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [np.float32, np.int32])
@pytest.mark.parametrize("is_fused", [False, True])
def test_pieces_are_the_run(dtype, is_fused):
    """Bit for bit where products are rounded; beside a run nothing is touched."""
    generator = np.random.default_rng(1)
    source, start = (1000 * generator.standard_normal((2, 1000))).astype(dtype)
    for n in LENGTHS:
        for count in (None, *vectors.ROWS):
            scales = generator.integers(-9, 9, count or 1).astype(dtype)
            found, wanted = start.copy(), start.copy()
            if count is None:
                run(scales[0], source, 3, found, 5, n, is_fused)
                vectors.add_run(scales[0], source, 3, wanted, 5, n)
            else:
                rows(scales, source, 3, 101, found, 5, n, is_fused)
                vectors.add_rows(scales, source, 3, 101, wanted, 5, n)
            if is_fused:
                np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=0.1)
            else:
                np.testing.assert_array_equal(found, wanted)
            np.testing.assert_array_equal(found[:5], start[:5])
            np.testing.assert_array_equal(found[5 + n :], start[5 + n :])
