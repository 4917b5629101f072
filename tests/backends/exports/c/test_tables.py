"""Quotients by a factor, and runs of one value."""

from __future__ import annotations

import numpy as np
import pytest

from snncc.backends.exports.c.tables import reciprocal, runs, shared_by


@pytest.mark.parametrize("divisor", [1, 2, 3, 5, 7, 576, 1000])
@pytest.mark.parametrize("most", [0, 1, 30, 4607, 20000])
def test_a_factor_in_place_of_a_division(divisor: int, most: int) -> None:
    found = reciprocal(divisor, most)
    assert found is not None
    factor, shift = found
    numbers = np.arange(most + 1, dtype=np.uint32)
    with np.errstate(over="ignore"):  # in 32 bits, as the programs compute it
        made = numbers * np.uint32(factor) >> np.uint32(shift)
    assert (made == numbers // divisor).all()


def test_where_no_factor_fits() -> None:
    assert reciprocal(7, 1 << 20) is None
    assert shared_by(np.repeat(np.arange(2), 7 << 17)) == 1


@pytest.mark.parametrize(
    ("values", "each"),
    [
        ([5], 1), ([5, 5, 5], 3), ([1, 1, 2, 2], 2), ([1, 1, 2, 2, 2], 1), ([1, 1, 1, 1, 2, 2], 2),
        ([1, 2, 1, 2], 1),
    ],
)  # fmt: skip
def test_runs(values: list[int], each: int) -> None:
    found = np.array(values)
    assert runs(found) == each
    assert (np.repeat(found[::each], each) == found).all()
