"""Rows of synapses that are put together again."""

from __future__ import annotations

import numpy as np
import pytest

from snncc.ir.wiring.rows import (
    FARTHEST,
    PIECE,
    bucket_bits,
    in_buckets,
    joined,
    rows_at_once,
    rows_from,
    rows_of_bucket,
)


def test_a_piece_has_some_synapses_and_no_end_beyond_float64() -> None:
    assert rows_at_once(10.0, 100) == PIECE // 10
    assert rows_at_once(1e9, 2**31) == 1
    assert rows_at_once(0.0, 2**31) == FARTHEST // 2**31


def test_positions_are_rows() -> None:
    """Rows 2 and 3 of a matrix of 4 columns, or of 5 whose diagonal is left out."""
    positions = np.array([0, 1, 3, 5, 6])
    counts, ends = rows_from(positions, 2, 4, 4, skips=False)
    assert (counts.tolist(), ends.tolist()) == ([3, 2], [0, 1, 3, 1, 2])
    counts, ends = rows_from(positions, 2, 4, 4, skips=True)
    assert (counts.tolist(), ends.tolist()) == ([3, 2], [0, 1, 4, 1, 2])


@pytest.mark.parametrize(("each", "rows"), [(90.0, 10**6), (1e-3, 2**31 - 1), (1e9, 3), (0.0, 1)])
def test_a_bucket_has_a_number_of_16_bits(each: float, rows: int) -> None:
    bits = bucket_bits(each, rows)
    assert 0 <= bits <= 16
    assert rows - 1 >> bits < 2**16


@pytest.mark.parametrize("bits", [0, 2, 5])
def test_buckets_sort_by_pre_and_post(bits: int) -> None:
    generator = np.random.default_rng(3)
    pre = generator.integers(0, 21, 400).astype(np.int32)
    post = np.sort(generator.integers(0, 50, 400)).astype(np.int32)
    halves = [slice(0, 150), slice(150, 400)]
    columns = [in_buckets(pre[half], post[half], bits, 21) for half in halves]
    buckets = -(-21 // (1 << bits))
    made = joined([rows_of_bucket(columns, k, bits, 21) for k in range(buckets)], 21, 50)
    order = np.lexsort((post, pre))
    np.testing.assert_array_equal(made.pre, pre[order])
    np.testing.assert_array_equal(made.post, post[order])
