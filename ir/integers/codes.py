"""Numbers as codes, and the expressions that bring codes together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ..expr import Expr, apply
from ..types import Fixed

Numbers = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]


def nearest(values: Numbers, dtype: Fixed) -> Codes:
    """The nearest codes, a tie to the even one; NaN and what int64 does not hold stay out of it."""
    codes = np.nan_to_num(np.rint(np.ldexp(values, dtype.frac)))
    return np.asarray(np.clip(codes, -(2.0**62), 2.0**62), np.int64)


def of_multiples(exact: Numbers, places: int) -> Numbers:
    """The nearest multiples of 2^places."""
    return np.asarray(np.ldexp(np.rint(np.ldexp(exact, -places)), places))


def of_mantissa(exact: Numbers, bits: int) -> Numbers:
    """The nearest whole numbers, of those beyond `bits` bits the nearest that are a number of so
    many times a power of two."""
    codes = np.rint(exact)
    places = np.maximum(np.frexp(codes)[1] - (bits - 1), 0)
    return np.asarray(np.ldexp(np.rint(np.ldexp(codes, -places)), places))


def exponent(size: Numbers) -> int:
    """e of the largest number, which lies from 2^(e - 1) up to 2^e."""
    return int(np.frexp(abs(size).max())[1])


def narrowed(expr: Expr, dtype: Fixed) -> Expr:
    """The codes of an expression in a type."""
    return expr if expr.dtype == dtype else apply("narrow", expr, immediate=dtype)


def added(parts: Sequence[tuple[bool, Expr]]) -> Expr:
    """The sum of parts, some of them taken away."""
    (is_negative, total), *others = parts
    if is_negative:
        total = apply("neg", total)
    for is_negative, part in others:
        total = apply("sub" if is_negative else "add", total, part)
    return total
