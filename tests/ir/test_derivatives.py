"""The derivative of every operator against differences, and none forgotten."""

from __future__ import annotations

import numpy as np
import pytest

from snncc.ir.derivatives import DERIVATIVES, WITHOUT, gradients
from snncc.ir.expr import Const, Ref, apply, evaluate
from snncc.ir.ops import OPS
from snncc.ir.types import DType

X, Y, B = Ref("x"), Ref("y"), Ref("b", DType.BOOL)


def test_every_operator_has_a_derivative_or_none():
    assert DERIVATIVES.keys() | WITHOUT == OPS.keys()
    assert not DERIVATIVES.keys() & WITHOUT


def expressions():
    for op in DERIVATIVES:
        arity = OPS[op].arity
        yield op, apply(op, B, X, Y) if op == "select" else apply(op, *(X, Y)[:arity])
    yield "shared", apply("mul", apply("add", X, Y), apply("sin", X))
    yield "constant power", apply("pow", X, Const(3.0))


@pytest.mark.parametrize(("name", "expr"), list(expressions()))
@pytest.mark.parametrize("b", [True, False])
@pytest.mark.parametrize("point", [(0.7, 1.9), (2.3, 0.4)])
def test_gradients_are_differences(name, expr, point, b):
    def value(x, y):
        return float(evaluate(expr, {"x": x, "y": y, "b": b}, np.float64))

    (x, y), h = point, 1e-6
    found = gradients(expr, Const(2.0))
    at = {"x": x, "y": y, "b": b}
    wanted = {
        "x": (value(x + h, y) - value(x - h, y)) / h,
        "y": (value(x, y + h) - value(x, y - h)) / h,
    }
    for variable, slope in wanted.items():
        part = float(evaluate(found[variable], at, np.float64)) if variable in found else 0.0
        assert part == pytest.approx(slope, rel=1e-7, abs=1e-7), variable
