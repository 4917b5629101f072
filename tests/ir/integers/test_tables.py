"""Functions by tables of codes."""

from __future__ import annotations

import numpy as np
import pytest

from snncc.ir.expr import Ref, evaluate
from snncc.ir.integers.tables import FUNCTIONS, table_of
from snncc.ir.ops import OPS
from snncc.ir.types import Fixed

DTYPE = Fixed(32, 8)


@pytest.mark.parametrize("op", FUNCTIONS)
def test_each_cell_has_the_function_in_its_middle(op) -> None:
    expr = table_of(op, Ref("x", DTYPE), 1024, (1 / 256, 1 / 4096), 64)
    codes = np.arange(-1100, 1100)
    found = evaluate(expr, {"x": codes})
    middles = (np.clip((codes + 1024) // 32, 0, 63) + 0.5) * 32 - 1024
    with np.errstate(invalid="ignore"):
        wanted = np.nan_to_num(OPS[op].meaning(middles / 256), nan=0.0) * 4096
    assert (found == np.rint(wanted)).all()


def test_what_the_type_does_not_hold_is_clipped() -> None:
    expr = table_of("exp", Ref("x", DTYPE), 1 << 20, (1.0, 1.0), 4)
    found = evaluate(expr, {"x": np.array([-(1 << 20), 1 << 20])})
    assert found.tolist() == [0, DTYPE.high // 8]
