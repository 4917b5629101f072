import pytest

from snncc.ir.expr import Const, Ref, apply
from snncc.ir.text.spelling import INFIX
from snncc.runtime import summary
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


def test_operators_are_spelt_as_in_the_text_form(monkeypatch):
    monkeypatch.setitem(INFIX, "max", ("|", 4))
    assert expression(apply("mul", apply("max", A, B), C)) == "(a | b) * c"
    assert all(level < summary.TIGHTEST for _, level in INFIX.values())
