"""The closed table of operators: how each is typed, and what it means.

A `meaning` is NumPy, elementwise; every backend only spells it, and a completeness test compares
each language's spellings with this table. A number of a type `Fixed` is its code in int64: the
meaning gives the exact result, which `fitted` brings into the type by its overflow. No exact
result leaves int64: `result_type` refuses the types for which one could.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np

from .types import FLOATS, MOST_FRAC, DType, Fixed, Scalar

Immediate = int | Fixed | None
LONGEST_SHIFT = 62
# What int64 holds.
CODES = Fixed(64, 0)


@dataclass(frozen=True, slots=True)
class Op:
    """One operator of `arity` arguments.

    `typing` gives the type of the result for the types of the arguments, or says in words why
    there is none; `meaning` takes the arguments' values. `exact` is there where a fixed-point
    result may leave its type: the meaning over Python's integers, whose ends are at those of the
    arguments. An operator with an `immediate` (a count of bits, or a type, which is part of the
    program and no value) has one argument: `typing` takes its type and the immediate, and so does
    `moves`, which gives the places by which the code is moved, and the type that rounds it and
    into which it goes; `meaning` takes the code, the places and the rounding.
    """

    arity: int
    typing: Callable[..., Scalar | str]
    meaning: Callable[..., Any]
    immediate: type[int] | type[Fixed] | None = None
    exact: Callable[..., int] | None = None
    moves: Callable[[Any, Any], tuple[int, Fixed]] | None = None


def _alike(*types: Scalar) -> Scalar | str:
    if len(set(types)) == 1:
        return types[0]
    is_fixed = all(isinstance(t, Fixed) for t in types)
    return "they differ" + ("; bring them to one type with narrow" if is_fixed else "")


def _number(*types: Scalar) -> Scalar | str:
    return "true and false are no numbers" if DType.BOOL in types else _alike(*types)


def _float(*types: Scalar) -> Scalar | str:
    return _alike(*types) if all(t in FLOATS for t in types) else "f32 or f64 is wanted"


def _bool(*types: Scalar) -> Scalar | str:
    return DType.BOOL if set(types) == {DType.BOOL} else "bool is wanted"


def _compared(*types: Scalar) -> Scalar | str:
    typed = _number(*types)
    return typed if isinstance(typed, str) else DType.BOOL


def _chosen(condition: Scalar, yes: Scalar, no: Scalar) -> Scalar | str:
    return _alike(yes, no) if condition is DType.BOOL else "its first argument must be bool"


def _multiplied(*types: Scalar) -> Scalar | str:
    if any(isinstance(t, Fixed) for t in types):
        return "the product has another type: take mulwide, and narrow what it gives"
    return _number(*types)


def _widened(left: Scalar, right: Scalar) -> Scalar | str:
    """The type of the exact product: the bits and the fraction bits of both together."""
    if not (isinstance(left, Fixed) and isinstance(right, Fixed)):
        return "fixed-point numbers are wanted"
    return _of_both(left, right, left.bits + right.bits, left.frac + right.frac)


def _divided(left: Scalar, right: Scalar) -> Scalar | str:
    """The type of a quotient: a bit more than what is divided, of which it loses the fraction bits
    of the divisor."""
    if not (isinstance(left, Fixed) and isinstance(right, Fixed)):
        return "fixed-point numbers are wanted"
    if abs(left.frac - right.frac) > MOST_FRAC:
        return "their fraction bits are too far apart; narrow one of them first"
    return _of_both(left, right, left.bits + 1, left.frac - right.frac)


def _of_both(left: Fixed, right: Fixed, bits: int, frac: int) -> Scalar | str:
    if (left.overflow, left.rounding) != (right.overflow, right.rounding):
        return "they overflow or round differently; narrow one to the other's words"
    signed = left.signed or right.signed
    if bits > 63 + signed:
        return f"the result takes {bits} bits; narrow one of them first"
    return replace(left, bits=bits, frac=frac, signed=signed)


def _shifted(dtype: Scalar, places: Immediate) -> Scalar | str:
    if not isinstance(dtype, Fixed):
        return "a fixed-point number is wanted"
    fits = isinstance(places, int) and 0 <= places <= LONGEST_SHIFT
    return dtype if fits else f"it shifts by 0 to {LONGEST_SHIFT} places, not by {places}"


def _narrowed(dtype: Scalar, target: Immediate) -> Scalar | str:
    if not (isinstance(dtype, Fixed) and isinstance(target, Fixed)):
        return "a fixed-point number and a fixed-point type are wanted"
    typed = _shifted(dtype, abs(target.frac - dtype.frac))
    return typed if isinstance(typed, str) else target


def _clipped(dtype: Scalar, bits: Immediate) -> Scalar | str:
    if not isinstance(dtype, Fixed):
        return "a fixed-point number is wanted"
    fits = isinstance(bits, int) and 1 <= bits <= dtype.bits
    return dtype if fits else f"it keeps 1 to {dtype.bits} bits, not {bits}"


def _exprel(x: Any) -> Any:
    """(exp(x) - 1) / x, and 1 at 0, to the last digits."""
    one = np.ones_like(x)
    is_zero = np.equal(x, 0)
    return np.where(is_zero, one, np.expm1(x) / np.where(is_zero, one, x))


def _quotient(left: Any, right: Any) -> Any:
    """The exact quotient without what is left of it, towards 0; 0 of a division by 0."""
    is_none = np.equal(right, 0)
    divisor = np.where(is_none, 1, right)  # of -2^63, too, which has no size in 64 bits
    below = np.floor_divide(left, divisor)
    is_cut = (below < 0) & (np.remainder(left, divisor) != 0)
    return np.where(is_none, 0, below + is_cut)


# Codes divided by 2^places, places >= 1: of int64 arrays, and of Python's integers.
ROUNDINGS: dict[str, Callable[[Any, int], Any]] = {
    "floor": lambda codes, places: codes >> places,
    "nearest_even": lambda codes, places: _nearest_even(codes, places),
    "toward_zero": lambda codes, places: _toward_zero(codes, places),
}


def _toward_zero(codes: Any, places: int) -> Any:
    return (codes >> places) + ((codes < 0) & (codes & ((1 << places) - 1) != 0))


def _nearest_even(codes: Any, places: int) -> Any:
    down, rest, half = codes >> places, codes & ((1 << places) - 1), 1 << (places - 1)
    return down + ((rest > half) | ((rest == half) & (down & 1 != 0)))


def _moved(codes: Any, places: int, rounding: str) -> Any:
    """Codes times 2^places."""
    return codes << places if places >= 0 else ROUNDINGS[rounding](codes, -places)


def _move(
    typing: Callable[..., Scalar | str],
    immediate: type[int] | type[Fixed],
    moves: Callable[[Any, Any], tuple[int, Fixed]],
) -> Op:
    return Op(1, typing, _moved, immediate, exact=_moved, moves=moves)


def _wrapped(codes: Any, dtype: Fixed) -> Any:
    if dtype.bits == 64:  # what int64 holds is in the type
        return codes
    kept = codes & ((1 << dtype.bits) - 1)
    return (kept ^ -dtype.low) + dtype.low


OVERFLOWS: dict[str, Callable[[Any, Fixed], Any]] = {
    "wrap": _wrapped,
    "saturate": lambda codes, dtype: np.clip(codes, dtype.low, dtype.high),
}


def _clipping(dtype: Fixed, bits: int) -> Fixed:
    return replace(dtype, bits=bits, overflow="saturate")


OPS: dict[str, Op] = {
    "add": Op(2, _number, np.add, exact=operator.add),
    "sub": Op(2, _number, np.subtract, exact=operator.sub),
    "mul": Op(2, _multiplied, np.multiply),
    "div": Op(2, _float, np.divide),
    "pow": Op(2, _float, np.power),
    "min": Op(2, _number, np.minimum),
    "max": Op(2, _number, np.maximum),
    "neg": Op(1, _number, np.negative, exact=operator.neg),
    "abs": Op(1, _number, np.abs, exact=abs),
    "exp": Op(1, _float, np.exp),
    "exprel": Op(1, _float, _exprel),
    "log": Op(1, _float, np.log),
    "sqrt": Op(1, _float, np.sqrt),
    "tanh": Op(1, _float, np.tanh),
    "sin": Op(1, _float, np.sin),
    "cos": Op(1, _float, np.cos),
    "floor": Op(1, _float, np.floor),
    "lt": Op(2, _compared, np.less),
    "le": Op(2, _compared, np.less_equal),
    "gt": Op(2, _compared, np.greater),
    "ge": Op(2, _compared, np.greater_equal),
    "eq": Op(2, _compared, np.equal),
    "ne": Op(2, _compared, np.not_equal),
    "and": Op(2, _bool, np.logical_and),
    "or": Op(2, _bool, np.logical_or),
    "not": Op(1, _bool, np.logical_not),
    "select": Op(3, _chosen, np.where),
    "mulwide": Op(2, _widened, np.multiply),
    "quot": Op(2, _divided, _quotient),
    "shl": _move(_shifted, int, lambda dtype, places: (places, dtype)),
    "shr": _move(_shifted, int, lambda dtype, places: (-places, dtype)),
    "narrow": _move(_narrowed, Fixed, lambda dtype, target: (target.frac - dtype.frac, target)),
    "saturate": _move(_clipped, int, lambda dtype, bits: (0, _clipping(dtype, bits))),
}


def result_type(op: str, types: Sequence[Scalar], immediate: Immediate = None) -> Scalar:
    """The type of `op` on arguments of these types; TypeError, which names all of them, if the
    table does not allow it."""
    row = OPS[op]
    if len(types) != row.arity:
        raise TypeError(f"{op} takes {row.arity} arguments, not {len(types)}")
    if (immediate is None) != (row.immediate is None):
        raise TypeError(f"{op} takes {'no' if row.immediate is None else 'an'} immediate")
    given = (*types, *(() if immediate is None else (immediate,)))
    typed = row.typing(*given)
    if not isinstance(typed, str) and may_leave(CODES, op, types, immediate):
        typed = "the exact result may take more than 64 bits; narrow first"
    if isinstance(typed, str):
        raise TypeError(f"{op} of {' and '.join(map(str, given))}: {typed}")
    return typed


def movement(op: str, dtype: Scalar, immediate: Immediate) -> tuple[int, Fixed] | None:
    """The places by which `op` moves a code of this type, and the type into which the result is
    brought, by its rounding and its overflow; None for an operator without an immediate."""
    moves = OPS[op].moves
    return None if moves is None else moves(dtype, immediate)


def may_leave(dtype: Scalar, op: str, types: Sequence[Scalar], immediate: Immediate) -> bool:
    """True where an exact result of `op` on arguments of these types may be no code of `dtype`."""
    exact = OPS[op].exact
    codes = [(t.low, t.high) for t in types if isinstance(t, Fixed)]
    if exact is None or not codes or not isinstance(dtype, Fixed):
        return False
    moved = movement(op, types[0], immediate)
    how = () if moved is None else (moved[0], moved[1].rounding)
    ends = [exact(*ends, *how) for ends in product(*codes)]
    return not dtype.low <= min(ends) <= max(ends) <= dtype.high


def computed(
    op: str, values: Sequence[Any], types: Sequence[Scalar], immediate: Immediate, result: Scalar
) -> Any:
    """The result of `op` on values of these types: the exact one, brought into its type."""
    row = OPS[op]
    moved = movement(op, types[0], immediate)
    if moved is not None:
        places, target = moved
        return fitted(row.meaning(*values, places, target.rounding), target)
    exact = row.meaning(*values)
    return fitted(exact, result) if row.exact and isinstance(result, Fixed) else exact


def codes_of(value: Any, dtype: Fixed) -> Any:
    """Whole numbers as codes in int64; ValueError for what is no code of the type."""
    numbers = np.asarray(value)
    with np.errstate(invalid="ignore"):  # a NaN is no code
        codes = numbers.astype(np.int64)
    if not ((codes == numbers) & (dtype.low <= codes) & (codes <= dtype.high)).all():
        raise ValueError(f"codes of {dtype} are whole numbers from {dtype.low} to {dtype.high}")
    return codes[()]


def fitted(codes: Any, dtype: Fixed) -> Any:
    """Exact results as codes of the type, by its overflow."""
    return OVERFLOWS[dtype.overflow](codes, dtype)
