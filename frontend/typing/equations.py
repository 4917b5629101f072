"""Expressions of the running network: typed `ir.expr.Expr`, with their units checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol, runtime_checkable

from ...ir.diagnostics import CompileError, Diagnostic, Note, Span
from ...ir.expr import Const, Expr, Ref
from ...ir.report import Poisoned, sound
from ...ir.types import DType
from ..foreign import unknown
from ..syntax.tree import (
    Call,
    Expression,
    Indexed,
    Literal,
    Number,
    Operation,
    Reference,
    Sequence,
)
from ..units import NUMBER, UNITS, Dimension, divide, multiply, power
from .constants import (
    EMPTY,
    Constant,
    Quantity,
    Scope,
    evaluate,
    function_row,
    number,
    unknown_constant,
    wrong_type,
)
from .operators import OPERATORS, Kind, Operand, Operator, mismatch


@dataclass(frozen=True, slots=True)
class Typed:
    """An expression and its kind."""

    expr: Expr
    kind: Kind


Symbols = Mapping[str, Typed | Poisoned]


@runtime_checkable
class OverConstants(Protocol):
    """Symbols beside which the constants of a program can be named, lists among them."""

    @property
    def scope(self) -> Scope:
        """The constants."""


def variable(name: str, dimension: Dimension) -> Typed:
    """A quantity of the running network: a parameter, a state, a port, an index."""
    return Typed(Ref(name), dimension)


def literal(value: Constant, span: Span) -> Typed:
    """A constant of the program as an expression."""
    if isinstance(value, Quantity):
        return Typed(Const(float(value.value)), value.dimension)
    if isinstance(value, bool):
        return Typed(Const(value, DType.BOOL), None)
    raise wrong_type("a number", value, span)


def lower_expression(node: Expression, symbols: Symbols) -> Typed:
    """The typed expression; names are looked up in `symbols`."""
    return _LOWER[type(node)](node, symbols)


def lower_as(node: Expression, symbols: Symbols, kind: Kind, note: Note | None = None) -> Expr:
    """The expression, which must be of that kind."""
    typed = lower_expression(node, symbols)
    if typed.kind != kind:
        raise mismatch(kind, Operand(typed.kind, node.span), because=note)
    return typed.expr


def _constant(node: Number | Literal | Sequence, symbols: Symbols) -> Typed:
    return literal(evaluate(node, EMPTY), node.span)


def _reference(node: Reference, symbols: Symbols) -> Typed:
    symbol = symbols.get(node.name)
    if symbol is not None:
        return sound(symbol)
    if node.name in UNITS:
        raise CompileError(unknown_constant(node, EMPTY))
    raise CompileError(unknown("name", node.name, node.span, symbols))


def _indexed(node: Indexed, symbols: Symbols) -> Typed:
    """An item of a list of constants, where these can be named."""
    scope = symbols.scope if isinstance(symbols, OverConstants) else EMPTY
    return literal(evaluate(node, scope), node.span)


def _operation(node: Operation, symbols: Symbols) -> Typed:
    return _apply(OPERATORS[node.operator], node.span, node.operands, symbols)


def _call(node: Call, symbols: Symbols) -> Typed:
    row = function_row(node)
    return _apply(row, node.span, tuple(a.value for a in node.arguments), symbols)


def _apply(row: Operator, span: Span, nodes: tuple[Expression, ...], symbols: Symbols) -> Typed:
    typed = [lower_expression(node, symbols) for node in nodes]
    operands = [
        Operand(t.kind, node.span, _constant_value(t.expr))
        for node, t in zip(nodes, typed, strict=True)
    ]
    kind = row.rule(span, operands)
    return Typed(row.build(*(t.expr for t in typed)), kind)


def _constant_value(expr: Expr) -> float | None:
    if isinstance(expr, Const):
        return float(expr.value)
    is_sign = not isinstance(expr, Ref) and expr.op == "neg"
    inner = _constant_value(expr.args[0]) if is_sign and not isinstance(expr, Ref) else None
    return None if inner is None else -inner


_LOWER: dict[type, Callable[[Any, Symbols], Typed]] = {
    Number: _constant,
    Literal: _constant,
    Sequence: _constant,
    Reference: _reference,
    Indexed: _indexed,
    Operation: _operation,
    Call: _call,
}


def unit_of(node: Expression) -> Dimension:
    """The dimension that a unit names: `ms`, `1`, `mV/ms`, `1/(mV*ms)`."""
    if isinstance(node, Reference):
        if node.name not in UNITS:
            raise CompileError(unknown("unit", node.name, node.span, UNITS))
        return UNITS[node.name].dimension
    if isinstance(node, Operation) and node.operator in _UNIT_OPERATORS:
        return _UNIT_OPERATORS[node.operator](*node.operands)
    if isinstance(node, Number) and node.value == 1 and not node.unit:
        return NUMBER
    way_out = "such as `ms`, `mV`, `1` for a plain number, or `mV/ms`"
    raise CompileError(Diagnostic("E020", "expected a unit", node.span, help=way_out))


def _unit_power(base: Expression, exponent: Expression) -> Dimension:
    value = number(evaluate(exponent, EMPTY), exponent.span, NUMBER)
    if abs(value) > 12:
        raise CompileError(
            Diagnostic("E022", "the exponent of a unit is at most 12", exponent.span)
        )
    return power(unit_of(base), Fraction(value).limit_denominator(12))


_UNIT_OPERATORS: dict[str, Callable[[Expression, Expression], Dimension]] = {
    "*": lambda left, right: multiply(unit_of(left), unit_of(right)),
    "/": lambda left, right: divide(unit_of(left), unit_of(right)),
    "^": _unit_power,
}
