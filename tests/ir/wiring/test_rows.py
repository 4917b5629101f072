"""Rows of synapses that are put together again."""

from __future__ import annotations

import numpy as np
import pytest

from snncc.ir.wiring import kinds
from snncc.ir.wiring.rows import (
    FARTHEST,
    PIECE,
    Columns,
    Rows,
    bucket_bits,
    joined,
    listed,
    put_in_buckets,
    rows_at_once,
    rows_from,
    rows_of_bucket,
    without,
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
    columns = Columns(np.empty(400, np.uint16), np.empty(400, np.int32))
    halves = [slice(0, 150), slice(150, 400)]
    edges = [put_in_buckets(columns, half, pre[half], post[half], bits) for half in halves]
    buckets = [
        rows_of_bucket(columns, [slice(*own[k : k + 2]) for own in edges], min(1 << bits, 21))
        for k in range(-(-21 // (1 << bits)))
    ]
    made = listed(joined(buckets, 400), 50)
    order = np.lexsort((post, pre))
    np.testing.assert_array_equal(made.pre, pre[order])
    np.testing.assert_array_equal(made.post, post[order])


PARTS = [
    Rows(np.array([2, 0], np.int32), np.array([1, 4], np.int32)),
    Rows(np.array([0, 3], np.int32), np.array([0, 2, 3], np.int32)),
]


@pytest.mark.parametrize("room", [0, 2, 5, 9])
def test_rows_are_joined_in_any_room(room: int) -> None:
    counts, ends = joined(PARTS, room)
    assert (counts.tolist(), ends.tolist()) == ([2, 0, 0, 3], [1, 4, 0, 2, 3])


@pytest.mark.parametrize("span", [2, 9])
def test_synapses_are_taken_away(span: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kinds, "SPAN", span)
    monkeypatch.setattr(kinds.spans, "__defaults__", (span,))
    counts, ends = without(joined(PARTS, 5), np.array([1, 2]))
    assert (counts.tolist(), ends.tolist()) == ([1, 0, 0, 2], [1, 2, 3])
