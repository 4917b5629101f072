from __future__ import annotations

import re

import numpy as np
import pytest
from drawn_expressions import signatures
from hypothesis import given
from hypothesis import strategies as st
from refusal import refused

from snncc.frontend.syntax.parser import parse_expression
from snncc.frontend.typing.constants import EMPTY, Quantity
from snncc.frontend.typing.constants import evaluate as constant
from snncc.frontend.typing.equations import lower_as, lower_expression, unit_of, variable
from snncc.frontend.typing.operators import FUNCTIONS, OPERATORS
from snncc.frontend.units import NUMBER, TIME, VOLTAGE, Dimension
from snncc.ir.diagnostics import Source
from snncc.ir.expr import Const, Ref, apply, evaluate
from snncc.ir.types import DType

SYMBOLS = {
    "v": variable("v", VOLTAGE),
    "tau": variable("tau", TIME),
    "a": variable("a", NUMBER),
    "b": variable("b", NUMBER),
}


def source(text: str) -> Source:
    return Source("t.snn", text)


def lowered(text: str) -> object:
    return lower_expression(parse_expression(source(text)), SYMBOLS)


def test_an_equation_in_base_units() -> None:
    node = parse_expression(source("(2 V - v) / tau"))
    expr = lower_as(node, SYMBOLS, Dimension(-1, 1, 0))
    assert expr == apply("div", apply("sub", Const(2000.0), Ref("v")), Ref("tau"))


def test_conditions_are_bool() -> None:
    node = parse_expression(source("v >= 1 mV and not a > 2"))
    expr = lower_as(node, SYMBOLS, None)
    assert expr.dtype is DType.BOOL


def test_powers_of_quantities() -> None:
    assert lowered("v ^ 2").kind == Dimension(0, 2, 0)  # type: ignore[attr-defined]
    assert lowered("v ^ -1").kind == Dimension(0, -1, 0)  # type: ignore[attr-defined]
    assert lowered("v ^ 0.5 * v ^ 0.5").kind == VOLTAGE  # type: ignore[attr-defined]


def test_every_operator_of_the_ir_can_be_written() -> None:
    built = set()
    for row in OPERATORS.values():
        arguments = [Const(1.0)] * row.arity
        for values in (arguments, [Const(True, DType.BOOL)] * row.arity):
            try:
                built.add(row.build(*values).op)  # type: ignore[union-attr]
            except TypeError:
                continue
    built.add("select")
    assert built == {signature.op for signature in signatures((DType.F32, DType.BOOL))}
    assert "select" in FUNCTIONS


@given(st.integers(-64, 64), st.integers(1, 64))
def test_constants_and_equations_mean_the_same(x: int, y: int) -> None:
    """A constant folded by the frontend is what the running network would compute."""
    for text in ("a + b * 2", "a % b", "-a / b", "max(a, b) - min(a, b)", "select(a < b, a, b)"):
        written = re.sub(r"\b[ab]\b", lambda m: f"({x if m[0] == 'a' else y})", text)
        folded = constant(parse_expression(source(written)), EMPTY)
        assert isinstance(folded, Quantity)
        expr = lower_expression(parse_expression(source(text)), SYMBOLS).expr
        run = evaluate(expr, {"a": np.float64(x), "b": np.float64(y)}, np.float64)
        assert float(run) == pytest.approx(float(folded.value), rel=1e-12)


@pytest.mark.parametrize(
    ("text", "dimension"),
    [
        ("ms", TIME),
        ("1", NUMBER),
        ("mV/ms", Dimension(-1, 1, 0)),
        ("1/(mV*ms)", Dimension(-1, -1, 0)),
        ("mV^2", Dimension(0, 2, 0)),
        ("ms^-1", Dimension(-1, 0, 0)),
    ],
)
def test_units(text: str, dimension: Dimension) -> None:
    assert unit_of(parse_expression(source(text))) == dimension


@pytest.mark.parametrize(
    ("text", "expected"),
    [("2", "E020"), ("ms + ms", "E020"), ("-ms", "E020"), ("mz", "E010"), ("ms^99", "E022")],
)
def test_what_is_no_unit(text: str, expected: str) -> None:
    refused(expected, unit_of, parse_expression(source(text)))
