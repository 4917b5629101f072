from __future__ import annotations

import ast
import operator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from refusal import refused

from snncc.frontend.syntax.parser import parse_expression
from snncc.frontend.syntax.tree import Expression, Operation
from snncc.frontend.typing.constants import EMPTY, Quantity, evaluate
from snncc.ir.diagnostics import Source


def tree(text: str) -> str:
    return _shape(parse_expression(Source("t.snn", text)))


def _shape(node: Expression) -> str:
    if isinstance(node, Operation):
        return f"({node.operator} {' '.join(map(_shape, node.operands))})"
    return node.span.source.text[node.span.start : node.span.end]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a - b - c", "(- (- a b) c)"),
        ("a + b * c", "(+ a (* b c))"),
        ("a - b % c", "(- a (% b c))"),
        ("a / b * c", "(* (/ a b) c)"),
        ("-a ^ b", "(neg (^ a b))"),
        ("a ^ -b ^ c", "(^ a (neg (^ b c)))"),
        ("-a * b", "(* (neg a) b)"),
        ("a * -b", "(* a (neg b))"),
        ("not a == b and c or d", "(or (and (not (== a b)) c) d)"),
        ("a or b and c", "(or a (and b c))"),
        ("a < b + c", "(< a (+ b c))"),
        ("- - a", "(neg (neg a))"),
        ("(a + b) * c", "(* (+ a b) c)"),
        ("not not a", "(not (not a))"),
    ],
)
def test_precedence(text: str, expected: str) -> None:
    assert tree(text) == expected


@pytest.mark.parametrize("text", ["a < b < c", "a == b != c"])
def test_comparisons_do_not_chain(text: str) -> None:
    assert "do not chain" in refused("E001", tree, text).message


def test_depth_is_bounded() -> None:
    tree("+".join("a" * 100))
    refused("E005", tree, "+".join("a" * 102))


TABLE = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul}


def _combined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    operators = st.sampled_from(["+", "-", "*", "-"])
    flat = st.tuples(inner, operators, inner).map(" ".join)
    return st.one_of(flat, inner.map("({})".format), inner.map("-{}".format))


def _python(text: str) -> float:
    """The value by a second, independent evaluator: Python's own parser."""

    def value(node: ast.expr) -> float:
        if isinstance(node, ast.BinOp):
            return float(TABLE[type(node.op)](value(node.left), value(node.right)))
        if isinstance(node, ast.UnaryOp):
            return -value(node.operand)
        assert isinstance(node, ast.Constant)
        assert isinstance(node.value, int)
        return node.value

    return value(ast.parse(text, mode="eval").body)


@given(st.recursive(st.integers(1, 9).map(str), _combined, max_leaves=12))
def test_the_value_is_pythons(text: str) -> None:
    ours = evaluate(parse_expression(Source("t.snn", text)), EMPTY)
    assert isinstance(ours, Quantity)
    assert float(ours.value) == pytest.approx(float(_python(text)))
