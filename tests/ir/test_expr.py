"""The table of operators, typing, and affine forms."""

import numpy as np
import pytest
from drawn_expressions import signatures
from hypothesis import given, settings
from hypothesis import strategies as st

from snncc.ir.expr import Const, Ref, affine, apply, evaluate, names, substitute, walk
from snncc.ir.text import parse_expr, print_expr
from snncc.ir.types import DType

X, N, B = Ref("x"), Ref("n", DType.I32), Ref("b", DType.BOOL)


@pytest.mark.parametrize(
    ("op", "args"),
    [
        ("add", (X,)),
        ("add", (X, N)),
        ("add", (B, B)),
        ("div", (N, N)),
        ("exp", (N,)),
        ("and", (B, X)),
        ("select", (X, X, X)),
        ("select", (B, X, N)),
    ],
)
def test_what_does_not_fit_the_table_is_refused(op, args) -> None:
    with pytest.raises(TypeError):
        apply(op, *args)


@pytest.mark.parametrize(
    ("op", "args", "dtype"),
    [
        ("add", (N, N), DType.I32),
        ("lt", (N, N), DType.BOOL),
        ("not", (B,), DType.BOOL),
        ("select", (B, N, N), DType.I32),
        ("select", (B, B, B), DType.BOOL),
        ("sqrt", (X,), DType.F32),
    ],
)
def test_types_of_results(op, args, dtype) -> None:
    assert apply(op, *args).dtype is dtype


def test_every_operator_evaluates_to_its_type() -> None:
    values = {
        "x": np.array([0.5, 2.0], np.float32),
        "n": np.int32([3, -1]),
        "b": np.array([True, False]),
    }
    names_of = {DType.F32: X, DType.I32: N, DType.BOOL: B}
    kinds = {DType.F32: np.float32, DType.I32: np.int32, DType.BOOL: bool}
    for op, types, _, result in signatures(tuple(names_of)):
        found = evaluate(apply(op, *map(names_of.get, types)), values)
        assert found.dtype == kinds[result], op


def test_real_replaces_the_type_of_literals() -> None:
    third = parse_expr("1.0 / 3.0")
    assert evaluate(third, {}) == np.float32(1) / np.float32(3)
    assert evaluate(third, {}, np.float64) == 1.0 / 3.0
    assert evaluate(Const(7, DType.I32), {}, np.float64).dtype == np.int32


def test_walk_names_substitute() -> None:
    expr = parse_expr("x + exp(y) * 2.0")
    assert names(expr) == {"x", "y"}
    assert [print_expr(e) for e in walk(expr)] == [
        "x", "y", "exp(y)", "2.0", "exp(y) * 2.0", "x + exp(y) * 2.0",
    ]  # fmt: skip
    assert print_expr(substitute(expr, {"y": parse_expr("x - 1.0")})) == "x + exp(x - 1.0) * 2.0"


@pytest.mark.parametrize(
    "text",
    ["x * y", "1.0 / x", "exp(x)", "abs(x)", "min(x, y)", "x * x", "x:fixed(8, 4) + x:fixed(8, 4)"],
)
def test_what_is_not_affine(text) -> None:
    assert affine(parse_expr(text), frozenset("xy")) is None


@given(st.lists(st.floats(-4, 4).map(lambda f: round(f, 2)), min_size=6, max_size=6))
@settings(max_examples=40, deadline=None)
def test_affine_terms_add_up(numbers) -> None:
    a, b, c, d, x, y = numbers
    expr = parse_expr(f"{a} * x - (y - {b}) * p / 2.0 + neg(x * {c} + q) - {d}")
    terms = affine(expr, frozenset({"x", "y"}))
    assert terms is not None
    values = {"x": np.float64(x), "y": np.float64(y), "p": np.float64(3.0), "q": np.float64(0.5)}
    total = sum(
        evaluate(term, values, np.float64) * (values[name] if name else 1.0)
        for name, term in terms.items()
    )
    assert total == pytest.approx(evaluate(expr, values, np.float64), abs=1e-9)
    assert all(not names(term) & {"x", "y"} for term in terms.values())
