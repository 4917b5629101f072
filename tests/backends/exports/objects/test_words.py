"""Products on cores that have none of 64 bits."""

from __future__ import annotations

import numpy as np
import pytest
from rendered import run_llvm

from snncc.ir.expr import Const, Ref, apply
from snncc.ir.types import Fixed

WORD, LONG = Fixed(32, 0), Fixed(62, 0)
ENDS = [0, 1, -1, 65535, 65536, -65536, -65537, 2**31 - 1, -(2**31), 1234567891, -987654321]


@pytest.mark.parametrize("products", [True, False])
def test_of_words(products) -> None:
    left, right = (np.array(x.ravel()) for x in np.meshgrid(ENDS, ENDS))
    expr = apply("mulwide", Ref("a", WORD), Ref("b", WORD))
    (found,) = run_llvm([(expr, {"a": left, "b": right})], products)
    assert found.tolist() == [int(a) * int(b) for a, b in zip(left, right, strict=True)]


@pytest.mark.parametrize("factor", [0, 1, 4095, 65535, 65536, -3, 2**31 - 1])
def test_by_a_number(factor) -> None:
    codes = np.array(ENDS)
    expr = apply("mulwide", Ref("a", WORD), Const(factor, WORD))
    (found,) = run_llvm([(expr, {"a": codes})], products=False)
    assert found.tolist() == [code * factor for code in ENDS]


def test_of_more_than_a_word() -> None:
    codes = np.array([2**61 - 1, -(2**61), 12345678901234567, -1, 2**32, -(2**32) - 1])
    bit = Fixed(2, 0)
    expr = apply("mulwide", Ref("a", LONG), Ref("b", bit))
    for factor in (-2, -1, 0, 1):
        columns = {"a": codes, "b": np.full(len(codes), factor)}
        (found,) = run_llvm([(expr, columns)], products=False)
        assert found.tolist() == [int(code) * factor for code in codes]


@pytest.mark.parametrize("products", [True, False])
def test_quotients(products) -> None:
    """Towards 0; 0 of what is divided by 0."""
    codes = [*ENDS, 2**61 - 1, -(2**61), 3 * 2**40 + 7]
    left, right = (np.array(x.ravel()) for x in np.meshgrid(codes, codes))
    expr = apply("quot", Ref("a", LONG), Ref("b", LONG))
    (found,) = run_llvm([(expr, {"a": left, "b": right})], products)

    def wanted(a: int, b: int) -> int:
        size = abs(a) // abs(b) if b else 0
        return size if (a < 0) == (b < 0) else -size

    pairs = zip(left.tolist(), right.tolist(), strict=True)
    assert found.tolist() == [wanted(a, b) for a, b in pairs]
