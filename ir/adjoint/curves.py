"""Surrogate derivatives of a spike by the margin of its threshold: rows of CURVES.

A neuron fires where its margin m (the left side of its comparison less the right one) is above 0,
a step whose derivative is 0. Each curve stands for that derivative, as an expression over m and a
width in the unit of m; each integrates to 1 over m. h1 to h4: Wu et al. 2018 (STBP), eqs. 19-22.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from ..derivatives import number, where
from ..expr import Expr, apply

Curve = Callable[[Expr, Expr], Expr]


def _within(margin: Expr, half: Expr, value: Expr) -> Expr:
    """The value where |margin| is below half, else 0."""
    return where(apply("lt", apply("abs", margin), half), value)


def rectangle(m: Expr, a: Expr) -> Expr:
    """1/a where |m| < a/2."""
    return _within(m, apply("mul", a, number(0.5, a)), apply("div", number(1.0, a), a))


def triangle(m: Expr, a: Expr) -> Expr:
    """sqrt(a)/2 - (a/4) |m| where |m| < 2/sqrt(a)."""
    root = apply("sqrt", a)
    slope = apply("mul", apply("mul", a, number(0.25, a)), apply("abs", m))
    height = apply("sub", apply("mul", root, number(0.5, a)), slope)
    return _within(m, apply("div", number(2.0, a), root), height)


def sigmoid(m: Expr, a: Expr) -> Expr:
    """e / (a (1 + e)^2) with e = exp(-|m| / a), which is even in m and never overflows."""
    e = apply("exp", apply("neg", apply("div", apply("abs", m), a)))
    one = apply("add", number(1.0, a), e)
    return apply("div", e, apply("mul", a, apply("mul", one, one)))


def gaussian(m: Expr, a: Expr) -> Expr:
    """exp(-m^2 / (2 a)) / sqrt(2 pi a)."""
    exponent = apply("neg", apply("div", apply("mul", m, m), apply("mul", a, number(2.0, a))))
    norm = apply("sqrt", apply("mul", a, number(2.0 * math.pi, a)))
    return apply("div", apply("exp", exponent), norm)


def arctan(m: Expr, a: Expr) -> Expr:
    """(1/a) / (1 + (pi m / a)^2) (Fang et al. 2021, alpha = 2/a)."""
    scaled = apply("div", apply("mul", m, number(math.pi, m)), a)
    below = apply("add", number(1.0, a), apply("mul", scaled, scaled))
    return apply("div", apply("div", number(1.0, a), a), below)


def fast_sigmoid(m: Expr, a: Expr) -> Expr:
    """(1/a) / (1 + 2 |m| / a)^2 (Zenke & Ganguli 2018, scaled to an area of 1)."""
    scaled = apply("div", apply("mul", apply("abs", m), number(2.0, m)), a)
    below = apply("add", number(1.0, a), scaled)
    return apply("div", apply("div", number(1.0, a), a), apply("mul", below, below))


CURVES: Mapping[str, Curve] = {
    "rectangle": rectangle,
    "triangle": triangle,
    "sigmoid": sigmoid,
    "gaussian": gaussian,
    "arctan": arctan,
    "fast_sigmoid": fast_sigmoid,
}
