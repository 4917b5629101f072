"""Expressions to text and back."""

import pytest
from drawn_expressions import expressions
from hypothesis import given, settings
from hypothesis import strategies as st
from refusal import refused

from snncc.ir.diagnostics import CompileError
from snncc.ir.expr import Const, Ref, apply
from snncc.ir.text import parse_expr, print_expr
from snncc.ir.types import DType, Fixed

A, B, C = (Ref(name) for name in "abc")
BYTE = Fixed(8, 4, signed=False)
N = Ref("n", Fixed(16, 8, True, "saturate", "nearest_even"))
TYPES = (*DType, N.dtype, BYTE, Fixed(8, 4), Fixed(24, 12, False, rounding="toward_zero"))


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        (apply("sub", A, apply("sub", B, C)), "a - (b - c)"),
        (apply("sub", apply("sub", A, B), C), "a - b - c"),
        (apply("mul", apply("add", A, B), C), "(a + b) * c"),
        (apply("add", A, apply("mul", B, C)), "a + b * c"),
        (apply("neg", A), "neg(a)"),
        (apply("neg", Const(1.0)), "neg(1.0)"),
        (apply("sub", A, Const(-1.0)), "a - -1.0"),
        (Const(-0.0), "-0.0"),
        (Const(1.0, DType.F64), "1.0:f64"),
        (Const(-3, DType.I32), "-3"),
        (Const(2, Fixed(16, 8)), "2:fixed(16, 8)"),
        (Const(-128, Fixed(8, -4, True, "saturate")), "-128:fixed(8, -4, saturate)"),
        (apply("shl", N, immediate=3), "shl(n:fixed(16, 8, saturate, nearest_even), 3)"),
        (
            apply("narrow", apply("shr", N, immediate=0), immediate=BYTE),
            "narrow(shr(n:fixed(16, 8, saturate, nearest_even), 0), fixed(8, 4, unsigned))",
        ),
        (Ref("n", DType.I32), "n:i32"),
        (Ref("and", DType.BOOL), '"and":bool'),
        (Ref("min"), "min"),
        (Ref("layer[3].v"), "layer[3].v"),
        (Ref('a "b"\n'), '"a \\"b\\"\\n"'),
        (
            apply(
                "and", apply("lt", A, B), apply("or", apply("gt", A, B), Const(True, DType.BOOL))
            ),
            "a < b and (a > b or true)",
        ),
        (
            apply("eq", apply("select", apply("not", apply("ge", A, B)), A, C), A),
            "select(not(a >= b), a, c) == a",
        ),
    ],
)
def test_spelling(expr, text) -> None:
    assert print_expr(expr) == text
    assert parse_expr(text) == expr


@given(st.data())
@settings(max_examples=80, deadline=None)
def test_round_trip(data) -> None:
    dtype = data.draw(st.sampled_from(TYPES))
    names = ("v", "true", "layer[3].h1", "a b", "min", "f32", "é")
    expr = data.draw(expressions(dtype, names, 4, TYPES))
    text = print_expr(expr)
    back = parse_expr(text)
    assert back == expr
    # == takes 0 for -0 and 1 for 1.0; the text does not.
    assert print_expr(back) == text


@pytest.mark.parametrize(
    "text",
    [
        "", "a +", "(a", "a)", "a b", "f(a)", "neg()", "neg(a, b)", "a and b", "1 + a",
        "true + 1.0", "select(a, b, c)", "a:f16", "a:fixed(1.5, 2)", "1e999",
        "a:fixed(65, 2)", "a:fixed(64, 2, unsigned)", "a:fixed(8, 600)",
        "a:fixed(8)", "a:fixed(8, 4, wrap)", "a:fixed(8, 4, nearest_even, toward_zero)",
        "128:fixed(8, 4)", "1.0:fixed(8, 4)", "-1:fixed(8, 4, unsigned)", "shl(a:fixed(8, 4))",
        "shl(a:fixed(8, 4), b:i32)", "shl(a:fixed(8, 4), 63)", "shl(a, 1)", "neg(a, 1)",
        "shl(a:fixed(64, 4), 1)", "narrow(a:fixed(8, 4), i32)", "narrow(a:fixed(8, 4), 4)",
        "narrow(a:fixed(8, 4), fixed(8, 80))", "saturate(a:fixed(8, 4), 9)",
        "a:fixed(8, 4) * a:fixed(8, 4)", "a:fixed(8, 4) + a:fixed(8, 5)",
        "and", "min(", "$",
        '"open', "a ** b", "(" * 3000 + "a", "a" + " + a" * 3000, "neg(" * 3000, "9" * 5000,
        "- -1", "--1", '"\\x"',
    ],
)  # fmt: skip
def test_bad_text_is_refused(text) -> None:
    refused("E060", parse_expr, text)


def test_the_place_of_the_mistake_is_shown() -> None:
    with pytest.raises(CompileError, match="expression:1:5") as caught:
        parse_expr("a + )")
    assert "expected a name" in str(caught.value)
