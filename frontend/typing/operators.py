"""The table of operators and functions: operand kinds, constant meaning, and typed expression."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any

from ...ir.diagnostics import CompileError, Diagnostic, Note, Span
from ...ir.expr import Apply, Expr, apply
from ..units import NUMBER, Dimension, describe, divide, multiply, power

Kind = Dimension | None  # None: true or false


@dataclass(frozen=True, slots=True)
class Operand:
    """What an operator is given: its kind, its place, and its value where that is constant."""

    kind: Kind
    span: Span
    value: float | None = None


Rule = Callable[[Span, Sequence[Operand]], Kind]


def describe_kind(kind: Kind) -> str:
    """The kind in words."""
    return "true or false" if kind is None else describe(kind)


def mismatch(wanted: Kind, operand: Operand, *, because: Note | None = None) -> CompileError:
    """The error for an operand of the wrong kind: E021 between units, E020 otherwise."""
    is_unit = wanted is not None and operand.kind is not None
    return CompileError(
        Diagnostic(
            "E021" if is_unit else "E020",
            f"expected {describe_kind(wanted)}, got {describe_kind(operand.kind)}",
            operand.span,
            label=f"this is {describe_kind(operand.kind)}",
            related=(because,) if because else (),
            help=_way_out(wanted, operand),
        )
    )


def _way_out(wanted: Kind, operand: Operand) -> str:
    if wanted is not None and operand.kind == NUMBER:
        return f"give it a unit, such as `1 {_example(wanted)}`"
    return ""


def _example(wanted: Dimension) -> str:
    from_words = {"a time": "ms", "a voltage": "mV", "a frequency": "Hz", "a current": "pA"}
    return from_words.get(describe(wanted), "mV")


def _number(operand: Operand) -> Dimension:
    if operand.kind is None:
        raise mismatch(NUMBER, operand)
    return operand.kind


def _same(span: Span, operands: Sequence[Operand]) -> Kind:
    first = _number(operands[0])
    for operand in operands[1:]:
        if _number(operand) != first:
            here = Note(operands[0].span, f"this is {describe(first)}")
            raise mismatch(first, operand, because=here)
    return first


def _compared(span: Span, operands: Sequence[Operand]) -> Kind:
    _same(span, operands)
    return None


def _product(span: Span, operands: Sequence[Operand]) -> Kind:
    return multiply(_number(operands[0]), _number(operands[1]))


def _quotient(span: Span, operands: Sequence[Operand]) -> Kind:
    return divide(_number(operands[0]), _number(operands[1]))


def _plain(span: Span, operands: Sequence[Operand]) -> Kind:
    for operand in operands:
        if operand.kind != NUMBER:
            raise mismatch(NUMBER, operand)
    return NUMBER


def _root(span: Span, operands: Sequence[Operand]) -> Kind:
    return power(_number(operands[0]), Fraction(1, 2))


def _power(span: Span, operands: Sequence[Operand]) -> Kind:
    base, exponent = operands
    _plain(span, [exponent])
    if _number(base) == NUMBER:
        return NUMBER
    if exponent.value is None:
        raise CompileError(
            Diagnostic(
                "E023",
                "the exponent of a quantity with a unit must be a constant number",
                exponent.span,
                related=(Note(base.span, f"this is {describe_kind(base.kind)}"),),
                help="divide the base by a constant of its unit first",
            )
        )
    if abs(exponent.value) > 12:
        raise CompileError(
            Diagnostic("E022", "the exponent of a unit is at most 12", exponent.span)
        )
    return power(_number(base), Fraction(exponent.value).limit_denominator(12))


def _logic(span: Span, operands: Sequence[Operand]) -> Kind:
    for operand in operands:
        if operand.kind is not None:
            raise mismatch(None, operand)
    return None


def _choice(span: Span, operands: Sequence[Operand]) -> Kind:
    condition, *choices = operands
    _logic(span, [condition])
    if choices[0].kind is None:
        return _logic(span, choices)
    return _same(span, choices)


def _divide(left: Any, right: Any) -> Any:
    """Division; of whole numbers whole where it comes out even."""
    if isinstance(left, int) and isinstance(right, int) and left % right == 0:
        return left // right
    return left / right


def _raise(base: Any, exponent: Any) -> Any:
    result = math.pow(base, exponent)
    is_whole = isinstance(base, int) and isinstance(exponent, int) and exponent >= 0
    return int(result) if is_whole and abs(result) <= 2.0**53 else result


def _remainder(left: Expr, right: Expr) -> Apply:
    turns = apply("floor", apply("div", left, right))
    return apply("sub", left, apply("mul", right, turns))


def _clip(value: Expr, low: Expr, high: Expr) -> Apply:
    return apply("min", apply("max", value, low), high)


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator: how many operands, of which kinds, and what it does with them."""

    arity: int
    rule: Rule
    constant: Callable[..., Any]
    build: Callable[..., Expr]
    is_function: bool = False


def _row(op: str, arity: int, rule: Rule, constant: Callable[..., Any]) -> Operator:
    return Operator(arity, rule, constant, partial(apply, op))


def _function(op: str, arity: int, rule: Rule, constant: Callable[..., Any]) -> Operator:
    return Operator(arity, rule, constant, partial(apply, op), is_function=True)


OPERATORS: dict[str, Operator] = {
    "+": _row("add", 2, _same, operator.add),
    "-": _row("sub", 2, _same, operator.sub),
    "*": _row("mul", 2, _product, operator.mul),
    "/": _row("div", 2, _quotient, _divide),
    "%": Operator(2, _same, operator.mod, _remainder),
    "^": _row("pow", 2, _power, _raise),
    "neg": _row("neg", 1, _same, operator.neg),
    "==": _row("eq", 2, _compared, operator.eq),
    "!=": _row("ne", 2, _compared, operator.ne),
    "<": _row("lt", 2, _compared, operator.lt),
    "<=": _row("le", 2, _compared, operator.le),
    ">": _row("gt", 2, _compared, operator.gt),
    ">=": _row("ge", 2, _compared, operator.ge),
    "and": _row("and", 2, _logic, lambda a, b: a and b),
    "or": _row("or", 2, _logic, lambda a, b: a or b),
    "not": _row("not", 1, _logic, operator.not_),
    "min": _function("min", 2, _same, min),
    "max": _function("max", 2, _same, max),
    "clip": Operator(3, _same, lambda x, a, b: min(max(x, a), b), _clip, is_function=True),
    "abs": _function("abs", 1, _same, abs),
    "exp": _function("exp", 1, _plain, math.exp),
    "exprel": _function("exprel", 1, _plain, lambda x: math.expm1(x) / x if x else 1.0),
    "log": _function("log", 1, _plain, math.log),
    "sqrt": _function("sqrt", 1, _root, math.sqrt),
    "tanh": _function("tanh", 1, _plain, math.tanh),
    "sin": _function("sin", 1, _plain, math.sin),
    "cos": _function("cos", 1, _plain, math.cos),
    "floor": _function("floor", 1, _plain, math.floor),
    "select": _function("select", 3, _choice, lambda condition, a, b: a if condition else b),
}
FUNCTIONS: tuple[str, ...] = tuple(name for name, row in OPERATORS.items() if row.is_function)
