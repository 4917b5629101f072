"""The text of literals, names and operators."""

from __future__ import annotations

import math

import numpy as np
import pytest

from snncc.backends.compiled.text.languages import ONNX, PYTHON, C
from snncc.backends.compiled.text.render import render
from snncc.ir.expr import Const, Ref, apply
from snncc.ir.types import DType, Fixed


@pytest.mark.parametrize(
    ("value", "dtype", "text"),
    [
        (0.1, DType.F32, "f32(0.1)"),
        (-1e-6, DType.F32, "f32(-1e-06)"),
        (math.inf, DType.F32, "f32(math.inf)"),
        (-math.inf, DType.F64, "f64(-math.inf)"),
        (math.nan, DType.F32, "f32(math.nan)"),
        (3, DType.F32, "f32(3.0)"),
        (3, DType.I32, "i32(3)"),
        (True, DType.BOOL, "True"),
        (np.float64(0.5), DType.F32, "f32(0.5)"),
    ],
)
def test_literals_are_typed(value, dtype, text):
    assert render(Const(value, dtype), {}, PYTHON) == text


@pytest.mark.parametrize(
    ("value", "dtype", "text"),
    [
        (0.1, DType.F32, "0.1f"),
        (1 / 3, DType.F32, "0.33333334f"),
        (1 / 3, DType.F64, "0.3333333333333333"),
        (-1e-6, DType.F32, "(-1e-06f)"),
        (-math.inf, DType.F32, "(-INFINITY)"),
        (math.nan, DType.F64, "NAN"),
        (-(2**31), DType.I32, "INT32_MIN"),
        (-7, DType.I32, "(-INT32_C(7))"),
        (24, Fixed(8, 4), "INT64_C(24)"),
        (-(2**63), Fixed(64, 4), "INT64_MIN"),
        (False, DType.BOOL, "false"),
    ],
)
def test_literals_of_c(value, dtype, text):
    assert render(Const(value, dtype), {}, C) == text


def test_a_code_is_brought_into_its_type_where_it_may_leave_it():
    a, b = (Ref(name, Fixed(8, 4, True, "saturate")) for name in "ab")
    total = apply("add", a, apply("max", a, b))
    names = {"a": "x", "b": "y"}
    assert render(total, names, C) == (
        "snncc_min_i64(snncc_max_i64((((int64_t)x) + snncc_max_i64(((int64_t)x), ((int64_t)y))), "
        "(-INT64_C(128))), INT64_C(127))"
    )
    product = apply("narrow", apply("mulwide", a, b), immediate=Fixed(16, 4))
    assert render(product, names, PYTHON) == "((np.int64(x) * np.int64(y)) >> 4)"
    byte = apply("narrow", apply("mulwide", a, b), immediate=Fixed(8, 4, False))
    assert render(byte, names, ONNX) == (
        "Sub(BitwiseXor(BitwiseAnd(Div(BitwiseAnd(Mul(Cast(x, to=INT64), Cast(y, to=INT64)),"
        " i64(-16)), i64(16)), i64(255)), i64(0)), i64(0))"
    )


def test_literals_keep_every_bit():
    generator = np.random.default_rng(0)
    for value in generator.standard_normal(100) * 10.0 ** generator.integers(-300, 300, 100):
        text = render(Const(float(value), DType.F64), {}, PYTHON)
        assert float(text.removeprefix("f64(").removesuffix(")")) == value


def test_brackets_keep_the_order():
    x, y, z = (Ref(n) for n in "xyz")
    inner = apply("sub", x, apply("sub", y, z))
    assert render(inner, {"x": "a", "y": "b", "z": "c"}, PYTHON) == "(a - (b - c))"
    raised = apply("pow", apply("neg", x), y)
    assert render(raised, {"x": "a", "y": "b"}, PYTHON) == "f32((-a) ** b)"


@pytest.mark.parametrize("name", ["__import__('os').system('true')", "x\ny", "f32", "lambda"])
def test_names_come_from_the_table_only(name):
    expr = apply("add", Ref(name), Ref("ok"))
    assert render(expr, {name: "s0", "ok": "p0"}, PYTHON) == "(s0 + p0)"
    with pytest.raises(KeyError):
        render(expr, {"ok": "p0"}, PYTHON)
