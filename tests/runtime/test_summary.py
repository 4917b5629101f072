import pytest

from snncc.ir.expr import Const, Ref, apply
from snncc.runtime.summary import expression

A, B, C = (Ref(n) for n in "abc")


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        (apply("gt", A, apply("add", B, apply("mul", Const(2.0), C))), "a > b + 2 * c"),
        (apply("mul", apply("add", A, B), C), "(a + b) * c"),
        (apply("sub", A, apply("sub", B, C)), "a - (b - c)"),
        (apply("sub", apply("sub", A, B), C), "a - b - c"),
        (apply("div", apply("neg", A), apply("neg", apply("add", B, C))), "-a / -(b + c)"),
        (apply("max", apply("add", A, B), Const(1e-6)), "max(a + b, 1e-06)"),
        (apply("and", apply("ge", A, B), apply("not", apply("lt", A, C))), "a >= b and not(a < c)"),
    ],
)
def test_expressions_as_people_write_them(expr, text):
    assert expression(expr) == text
