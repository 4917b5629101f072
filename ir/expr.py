"""Typed scalar expressions: the single source of a neuron's arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .ops import Immediate, codes_of, computed, result_type
from .types import FLOATS, DType, Fixed, Scalar


@dataclass(frozen=True, slots=True)
class Const:
    """A literal; of a fixed-point type, its code."""

    value: float | int | bool
    dtype: Scalar = DType.F32


@dataclass(frozen=True, slots=True)
class Ref:
    """The value of a name: a parameter, a state, an input port."""

    name: str
    dtype: Scalar = DType.F32


@dataclass(frozen=True, slots=True)
class Apply:
    """An operator of `OPS` on its arguments. Build it with `apply`, which types it."""

    op: str
    args: tuple[Expr, ...]
    dtype: Scalar
    immediate: Immediate = None


Expr = Const | Ref | Apply


def apply(op: str, *args: Expr, immediate: Immediate = None) -> Apply:
    """`op` applied to `args`, typed by the table; TypeError if the arguments do not fit it."""
    return Apply(op, args, result_type(op, [a.dtype for a in args], immediate), immediate)


def walk(expr: Expr) -> Iterator[Expr]:
    """Every node of the expression, arguments before the node itself."""
    found, open_ = [], [expr]
    while open_:
        node = open_.pop()
        found.append(node)
        if isinstance(node, Apply):
            open_.extend(node.args)
    return reversed(found)


def names(expr: Expr) -> frozenset[str]:
    """The names that the expression reads."""
    return frozenset(node.name for node in walk(expr) if isinstance(node, Ref))


def substitute(expr: Expr, values: Mapping[str, Expr]) -> Expr:
    """The expression with names replaced; a replacement must have the name's type."""
    if isinstance(expr, Ref):
        return values.get(expr.name, expr)
    if isinstance(expr, Const):
        return expr
    return apply(expr.op, *(substitute(a, values) for a in expr.args), immediate=expr.immediate)


def evaluate(
    expr: Expr, values: Mapping[str, Any], real: type[np.floating[Any]] | None = None
) -> Any:
    """The value of the expression by NumPy, elementwise over arrays; of fixed-point types, codes.

    `real` replaces every float type of the expression (the float64 oracle passes np.float64);
    None computes float literals in the expression's own types.
    """
    if isinstance(expr, Ref):
        value = values[expr.name]
        return codes_of(value, expr.dtype) if isinstance(expr.dtype, Fixed) else value
    if isinstance(expr, Const):
        return _literal(expr, real)
    arguments = [evaluate(a, values, real) for a in expr.args]
    types = [a.dtype for a in expr.args]
    return computed(expr.op, arguments, types, expr.immediate, expr.dtype)


def _literal(expr: Const, real: type[np.floating[Any]] | None) -> Any:
    if isinstance(expr.dtype, Fixed):
        return codes_of(expr.value, expr.dtype)
    if expr.dtype in FLOATS and real is not None:
        return real(expr.value)
    return NUMPY[expr.dtype](expr.value)


NUMPY: dict[DType, type[Any]] = {
    DType.F32: np.float32,
    DType.F64: np.float64,
    DType.I32: np.int32,
    DType.BOOL: np.bool_,
}


def affine(expr: Expr, variables: frozenset[str]) -> dict[str, Expr] | None:
    """Coefficients of an expression that is affine in `variables`; None if it is not.

    The key "" holds the constant term; a variable that does not occur has no key. Coefficients
    are expressions in the remaining names.
    """
    if not names(expr) & variables:
        return {"": expr}
    if isinstance(expr.dtype, Fixed):  # its sums round and overflow
        return None
    if isinstance(expr, Ref):
        return {expr.name: Const(1.0, expr.dtype)}
    assert isinstance(expr, Apply)
    rule = _AFFINE.get(expr.op)
    parts = [affine(a, variables) for a in expr.args]
    if rule is None or any(p is None for p in parts):
        return None
    return rule(*parts)


Terms = dict[str, Expr]


def _add_terms(left: Terms, right: Terms) -> Terms:
    both = dict(left)
    for name, value in right.items():
        both[name] = apply("add", both[name], value) if name in both else value
    return both


def _scale_terms(terms: Terms, op: str, factor: Expr) -> Terms:
    return {name: apply(op, value, factor) for name, value in terms.items()}


def _negate_terms(terms: Terms) -> Terms:
    return {name: apply("neg", value) for name, value in terms.items()}


def _multiply_terms(left: Terms, right: Terms) -> Terms | None:
    if set(right) <= {""}:
        return _scale_terms(left, "mul", right[""])
    if set(left) <= {""}:
        return _scale_terms(right, "mul", left[""])
    return None


def _divide_terms(left: Terms, right: Terms) -> Terms | None:
    return _scale_terms(left, "div", right[""]) if set(right) <= {""} else None


_AFFINE: dict[str, Callable[..., Terms | None]] = {
    "add": _add_terms,
    "sub": lambda left, right: _add_terms(left, _negate_terms(right)),
    "neg": _negate_terms,
    "mul": _multiply_terms,
    "div": _divide_terms,
}
