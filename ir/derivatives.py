"""The derivative of every operator: reverse mode over the one table of operators.

At a kink (of abs, min, max) the derivative is that of the argument that is chosen; floor and
comparisons have none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .expr import Apply, Const, Expr, Ref, apply
from .types import FLOATS

# By operator: what a seed dL/d(result) asks of each argument, None where that is nothing.
Derivative = Callable[[Apply, Expr], tuple[Expr | None, ...]]


def gradients(expr: Expr, seed: Expr) -> dict[str, Expr]:
    """seed * d expr/dx for every real name x that the expression reads and depends on smoothly.

    Truths, counts and codes have no derivative; what they decide is taken as it is.
    """
    found: dict[str, Expr] = {}
    _sweep(expr, seed, found)
    return found


def _sweep(expr: Expr, seed: Expr, found: dict[str, Expr]) -> None:
    if expr.dtype not in FLOATS or isinstance(expr, Const):
        return
    if isinstance(expr, Ref):
        found[expr.name] = plus(found.get(expr.name), seed)
        return
    for argument, part in zip(expr.args, DERIVATIVES[expr.op](expr, seed), strict=True):
        if part is not None:
            _sweep(argument, part, found)


def plus(left: Expr | None, right: Expr) -> Expr:
    """left + right, where there is a left."""
    return right if left is None else apply("add", left, right)


def number(value: float, like: Expr) -> Const:
    """A literal of the type of an expression."""
    return Const(value, like.dtype)


def where(condition: Expr, value: Expr) -> Expr:
    """The value where the condition holds, else 0."""
    return apply("select", condition, value, number(0.0, value))


def unless(condition: Expr, value: Expr) -> Expr:
    """The value where the condition does not hold, else 0."""
    return apply("select", condition, number(0.0, value), value)


def _power(expr: Apply, seed: Expr) -> tuple[Expr | None, ...]:
    base, exponent = expr.args
    lower = apply("pow", base, apply("sub", exponent, number(1.0, expr)))
    by_base = apply("mul", seed, apply("mul", exponent, lower))
    if isinstance(exponent, Const):
        return by_base, None
    return by_base, apply("mul", seed, apply("mul", expr, apply("log", base)))


def _divided(expr: Apply, seed: Expr) -> tuple[Expr | None, ...]:
    part = apply("div", seed, expr.args[1])
    return part, apply("neg", apply("mul", part, expr))


def _chosen(compare: str) -> Derivative:
    def parts(expr: Apply, seed: Expr) -> tuple[Expr | None, ...]:
        is_first = apply(compare, *expr.args)
        return where(is_first, seed), unless(is_first, seed)

    return parts


def _absolute(expr: Apply, seed: Expr) -> tuple[Expr | None, ...]:
    is_positive = apply("ge", expr.args[0], number(0.0, expr))
    return (apply("select", is_positive, seed, apply("neg", seed)),)


def _tangent(expr: Apply, seed: Expr) -> tuple[Expr | None, ...]:
    slope = apply("sub", number(1.0, expr), apply("mul", expr, expr))
    return (apply("mul", seed, slope),)


def _relative_growth(expr: Apply) -> Expr:
    """(exp(x) - exprel(x)) / x; near 0, where that loses its digits, the first terms of its series,
    1/2 + x/3 + x^2/8 + x^3/30."""
    (x,) = expr.args
    series: Expr = number(1.0 / 30.0, x)
    for term in (1.0 / 8.0, 1.0 / 3.0, 1.0 / 2.0):
        series = apply("add", apply("mul", series, x), number(term, x))
    is_small = apply("lt", apply("abs", x), number(0.01, x))
    divisor = apply("select", is_small, number(1.0, x), x)
    slope = apply("div", apply("sub", apply("exp", x), expr), divisor)
    return apply("select", is_small, series, slope)


def _times(slope: Callable[[Apply], Expr]) -> Derivative:
    return lambda expr, seed: (apply("mul", seed, slope(expr)),)


DERIVATIVES: Mapping[str, Derivative] = {
    "add": lambda expr, seed: (seed, seed),
    "sub": lambda expr, seed: (seed, apply("neg", seed)),
    "mul": lambda expr, seed: (apply("mul", seed, expr.args[1]), apply("mul", seed, expr.args[0])),
    "div": _divided,
    "pow": _power,
    "min": _chosen("le"),
    "max": _chosen("ge"),
    "neg": lambda expr, seed: (apply("neg", seed),),
    "abs": _absolute,
    "exp": _times(lambda expr: expr),
    "exprel": _times(_relative_growth),
    "log": lambda expr, seed: (apply("div", seed, expr.args[0]),),
    "sqrt": lambda expr, seed: (apply("div", apply("mul", seed, number(0.5, expr)), expr),),
    "tanh": _tangent,
    "sin": _times(lambda expr: apply("cos", *expr.args)),
    "cos": _times(lambda expr: apply("neg", apply("sin", *expr.args))),
    "floor": lambda expr, seed: (None,),
    "select": lambda expr, seed: (None, where(expr.args[0], seed), unless(expr.args[0], seed)),
}
# Operators whose results are no real numbers, or which take codes only.
WITHOUT = frozenset(
    {"lt", "le", "gt", "ge", "eq", "ne", "and", "or", "not"}
    | {"mulwide", "quot", "shl", "shr", "narrow", "saturate"}
)
