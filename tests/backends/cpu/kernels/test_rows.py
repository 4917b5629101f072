"""Row copies."""

from __future__ import annotations

import numpy as np


def test_rows(plain):
    row = np.arange(4, dtype=np.float32)
    target = np.full(4, 9, np.float32)
    plain.copy(row, target)
    assert target.tolist() == [0, 1, 2, 3]
    plain.add(row, target)
    assert target.tolist() == [0, 2, 4, 6]
    plain.add_scaled(np.float32(-2), row, target)
    assert target.tolist() == [0, 0, 0, 0]
    plain.fill(target, np.float32(5))
    assert target.tolist() == [5, 5, 5, 5]


def test_indexed_rows(plain):
    source, index = np.array([10, 20, 30], np.float32), np.array([2, 0])
    packed = np.zeros(2, np.float32)
    plain.gather(source, index, packed)
    assert packed.tolist() == [30, 10]
    plain.spread(packed + 1, index, source)
    assert source.tolist() == [11, 20, 31]
    row = np.full(4, 7, np.float32)
    plain.scatter(packed, np.array([1, 3, 0]), 2, row)
    assert row.tolist() == [0, 30, 0, 10]
