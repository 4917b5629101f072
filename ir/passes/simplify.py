"""Rewriting of expressions by identities that hold in IEEE arithmetic for every value.

x + 0 stays (it turns -0 into +0), x * 0 stays (x may be infinite); a literal is worked out in
float64 and rounded once, where it is used. Fixed-point literals are worked out exactly; of the
identities of numbers none is applied to them, since -(-x) is not x where a sum saturates.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..expr import Apply, Const, Expr, apply, evaluate
from ..ops import Immediate
from ..types import FLOATS, DType, Fixed


def simplify(expr: Expr) -> Expr:
    """The expression with literals worked out and exact identities applied, arguments first."""
    if not isinstance(expr, Apply):
        return expr
    return _reduced(expr.op, *(simplify(a) for a in expr.args), immediate=expr.immediate)


def _reduced(op: str, *args: Expr, immediate: Immediate = None) -> Expr:
    """`op` applied to arguments that are simplified already."""
    made = apply(op, *args, immediate=immediate)
    folded = _folded(made)
    if folded is not None:
        return folded
    rule = (_OF_FIXED if isinstance(made.dtype, Fixed) else _IDENTITIES).get(op)
    return made if rule is None else rule(made)


def _folded(expr: Apply) -> Const | None:
    """The literal that an expression of literals is; None if it is not one or is not finite."""
    if not all(isinstance(a, Const) for a in expr.args):
        return None
    with np.errstate(all="ignore"):
        value = np.asarray(evaluate(expr, {}, np.float64)).item()
    return Const(value, expr.dtype) if np.isfinite(value) else None


def _is(expr: Expr, value: float) -> bool:
    """True for the literal of this value, the sign of a zero included."""
    return (
        isinstance(expr, Const)
        and expr.dtype is not DType.BOOL
        and expr.value == value
        and bool(np.signbit(expr.value)) == bool(np.signbit(value))
    )


def _inner(expr: Expr, op: str) -> Expr | None:
    """x for op(x), of a unary operator; None for any other expression."""
    return expr.args[0] if isinstance(expr, Apply) and expr.op == op else None


def _add(expr: Apply) -> Expr:
    left, right = expr.args
    negated = _inner(right, "neg")
    if negated is not None:
        return _reduced("sub", left, negated)
    negated = _inner(left, "neg")
    if negated is not None:
        return _reduced("sub", right, negated)
    if _is(right, -0.0) or (expr.dtype is DType.I32 and _is(right, 0.0)):
        return left
    return expr


def _sub(expr: Apply) -> Expr:
    left, right = expr.args
    negated = _inner(right, "neg")
    if negated is not None:
        return _reduced("add", left, negated)
    return left if _is(right, 0.0) else expr


def _mul(expr: Apply) -> Expr:
    left, right = expr.args
    if _is(right, 1.0):
        return left
    if _is(left, 1.0):
        return right
    return _signed(expr)


def _div(expr: Apply) -> Expr:
    left, right = expr.args
    if _is(right, 1.0):
        return left
    if isinstance(right, Const) and _is_power_of_two(float(right.value)):
        return _reduced("mul", left, Const(1.0 / float(right.value), right.dtype))
    return _signed(expr)


def _is_power_of_two(value: float) -> bool:
    """True where value and its reciprocal are normal float32 powers of two, so that x / value and
    x * (1 / value) round the same number."""
    return bool(abs(np.frexp(value)[0]) == 0.5) and 2.0**-126 <= abs(value) <= 2.0**126


def _signed(expr: Apply) -> Expr:
    """A product or quotient with the signs of its arguments taken out."""
    left, right = expr.args
    plain = [_magnitude(a) for a in (left, right)]
    flips = sum(flipped for _, flipped in plain)
    if not flips:
        return expr
    made = _reduced(expr.op, *(argument for argument, _ in plain))
    return apply("neg", made) if flips == 1 else made


def _magnitude(expr: Expr) -> tuple[Expr, bool]:
    """The expression without its outer sign, and whether it had one."""
    if isinstance(expr, Const) and expr.dtype in FLOATS and np.signbit(expr.value):
        return Const(-expr.value, expr.dtype), True
    inner = _inner(expr, "neg")
    return (expr, False) if inner is None else (inner, True)


def _twice(expr: Apply) -> Expr:
    """-(-x) and not (not x)."""
    inner = _inner(expr.args[0], expr.op)
    return expr if inner is None else inner


def _pow(expr: Apply) -> Expr:
    """x^0, x^1 and x^2, which a correctly rounded power equals."""
    base, exponent = expr.args
    if _is(exponent, 1.0):
        return base
    if _is(exponent, 2.0):
        return apply("mul", base, base)
    if isinstance(exponent, Const) and exponent.value == 0.0:
        return Const(1.0, expr.dtype)
    return expr


def _joined(expr: Apply) -> Expr:
    """A truth with a literal, which decides it or says nothing."""
    left, right = expr.args
    for literal, other in ((left, right), (right, left)):
        if isinstance(literal, Const):
            return literal if bool(literal.value) == (expr.op == "or") else other
    return expr


def _select(expr: Apply) -> Expr:
    condition, yes, no = expr.args
    if isinstance(condition, Const):
        return yes if condition.value else no
    # By text: == would take the literals 0 and -0 for one.
    return yes if repr(yes) == repr(no) else expr


_OF_FIXED: dict[str, Callable[[Apply], Expr]] = {"select": _select}
_IDENTITIES: dict[str, Callable[[Apply], Expr]] = {
    "add": _add,
    "sub": _sub,
    "mul": _mul,
    "div": _div,
    "neg": _twice,
    "pow": _pow,
    "not": _twice,
    "and": _joined,
    "or": _joined,
    "select": _select,
}
