"""Synapses as tables, and codes packed into bytes."""

from __future__ import annotations

import numpy as np
import pytest

from snncc.backends.exports.c.synapses import Packed, packed, rows_of
from snncc.ir.wiring import AllPairs
from snncc.ir.wiring.kinds import sorted_pairs


def unpacked(codes: Packed) -> list[int]:
    """By the page: code k of w bits lies in the bits from k w on, of all cells in a row."""
    cells = codes.cells.astype(f"u{codes.cells.dtype.itemsize}").tolist()
    stream = sum(cell << codes.cell_bits * k for k, cell in enumerate(cells))
    found = [stream >> codes.bits * k & (1 << codes.bits) - 1 for k in range(codes.count)]
    return [code - (code >> codes.bits - 1 << codes.bits) for code in found]


@pytest.mark.parametrize(
    ("high", "bits"),
    [(0, 2), (1, 2), (3, 4), (7, 4), (31, 8), (127, 8), (2047, 16), (32767, 16), (40000, 32)],
)
def test_codes_take_the_fewest_bits(high, bits) -> None:
    codes = np.random.default_rng(0).integers(-high, high, (5, 7), endpoint=True)
    codes.flat[:2] = high, -high
    made = packed(codes)
    assert (made.bits, made.count) == (bits, 35)
    assert len(made.cells) == -(-35 // made.a_cell)
    assert unpacked(made) == codes.ravel().tolist()


def test_by_hand() -> None:
    assert packed(np.array([1, -2, 7])).cells.tolist() == [0xE1, 0x07]
    assert packed(np.array([1, -1, 0, 1, -1])).cells.tolist() == [0b01001101, 0b11]
    assert packed(np.zeros(0, np.int8)).cells.tolist() == []


def test_rows() -> None:
    dense = rows_of(AllPairs(2, 3), np.arange(6).reshape(2, 3))
    assert dense.first is dense.post is None
    pre, post = np.array([0, 0, 2]), np.array([1, 2, 0])
    listed = rows_of(sorted_pairs(pre, post, 3, 3), np.arange(3))
    assert listed.first is not None
    assert listed.post is not None
    assert listed.first.tolist() == [0, 2, 2, 3]
    assert listed.post.tolist() == [1, 2, 0]
