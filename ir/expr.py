"""Typed scalar expressions: the single source of a neuron's arithmetic.

`OPS` is the closed table of operators. Its `meaning` is the semantics (NumPy, elementwise); every
backend only spells it, and a completeness test compares each backend's spellings with this table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .types import DType, Scalar

FLOATS = (DType.F32, DType.F64)


@dataclass(frozen=True, slots=True)
class Const:
    """A literal."""

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


Expr = Const | Ref | Apply


@dataclass(frozen=True, slots=True)
class Op:
    """One operator: argument kinds, result kind, and meaning.

    A kind is "num" (all "num" arguments have one type), "float", "bool"; the result kind "same"
    is the type of the num/float arguments.
    """

    kinds: tuple[str, ...]
    result: str
    meaning: Callable[..., Any]


def _unary(kind: str, meaning: Callable[..., Any]) -> Op:
    return Op((kind,), "same", meaning)


def _binary(meaning: Callable[..., Any], kind: str = "num") -> Op:
    return Op((kind, kind), "same", meaning)


def _comparison(meaning: Callable[..., Any]) -> Op:
    return Op(("num", "num"), "bool", meaning)


OPS: dict[str, Op] = {
    "add": _binary(np.add),
    "sub": _binary(np.subtract),
    "mul": _binary(np.multiply),
    "div": _binary(np.divide, "float"),
    "pow": _binary(np.power, "float"),
    "min": _binary(np.minimum),
    "max": _binary(np.maximum),
    "neg": _unary("num", np.negative),
    "abs": _unary("num", np.abs),
    "exp": _unary("float", np.exp),
    "log": _unary("float", np.log),
    "sqrt": _unary("float", np.sqrt),
    "tanh": _unary("float", np.tanh),
    "sin": _unary("float", np.sin),
    "cos": _unary("float", np.cos),
    "floor": _unary("float", np.floor),
    "lt": _comparison(np.less),
    "le": _comparison(np.less_equal),
    "gt": _comparison(np.greater),
    "ge": _comparison(np.greater_equal),
    "eq": _comparison(np.equal),
    "ne": _comparison(np.not_equal),
    "and": Op(("bool", "bool"), "bool", np.logical_and),
    "or": Op(("bool", "bool"), "bool", np.logical_or),
    "not": Op(("bool",), "bool", np.logical_not),
    "select": Op(("bool", "any", "any"), "same", np.where),
}


def apply(op: str, *args: Expr) -> Apply:
    """`op` applied to `args`, typed by the table; TypeError if the arguments do not fit it."""
    row = OPS[op]
    if len(args) != len(row.kinds):
        raise TypeError(f"{op} takes {len(row.kinds)} arguments, not {len(args)}")
    free = [a.dtype for a, kind in zip(args, row.kinds, strict=True) if kind != "bool"]
    if len(set(free)) > 1:
        raise TypeError(f"{op} mixes {', '.join(map(str, free))}")
    for argument, kind in zip(args, row.kinds, strict=True):
        _require(op, argument.dtype, kind)
    return Apply(op, args, DType.BOOL if row.result == "bool" else free[0])


def _require(op: str, dtype: Scalar, kind: str) -> None:
    fits = {
        "any": True,
        "bool": dtype is DType.BOOL,
        "num": dtype is not DType.BOOL,
        "float": dtype in FLOATS,
    }
    if not fits[kind]:
        raise TypeError(f"{op} wants {kind}, got {dtype}")


def walk(expr: Expr) -> Iterator[Expr]:
    """Every node of the expression, arguments before the node itself."""
    if isinstance(expr, Apply):
        for argument in expr.args:
            yield from walk(argument)
    yield expr


def names(expr: Expr) -> frozenset[str]:
    """The names that the expression reads."""
    return frozenset(node.name for node in walk(expr) if isinstance(node, Ref))


def substitute(expr: Expr, values: Mapping[str, Expr]) -> Expr:
    """The expression with names replaced; a replacement must have the name's type."""
    if isinstance(expr, Ref):
        return values.get(expr.name, expr)
    if isinstance(expr, Const):
        return expr
    return apply(expr.op, *(substitute(a, values) for a in expr.args))


def evaluate(
    expr: Expr, values: Mapping[str, Any], real: type[np.floating[Any]] | None = None
) -> Any:
    """The value of the expression by NumPy, elementwise over arrays.

    `real` replaces every float type of the expression (the float64 oracle passes np.float64);
    None computes float literals in the expression's own types.
    """
    if isinstance(expr, Ref):
        return values[expr.name]
    if isinstance(expr, Const):
        return _literal(expr, real)
    return OPS[expr.op].meaning(*(evaluate(a, values, real) for a in expr.args))


def _literal(expr: Const, real: type[np.floating[Any]] | None) -> Any:
    if expr.dtype in FLOATS and real is not None:
        return real(expr.value)
    return NUMPY[expr.dtype](expr.value) if isinstance(expr.dtype, DType) else expr.value


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
