"""Expressions over codes as nodes, each in the least of int32 and int64 that holds its result.

A value knows the least and the most that it can be: its type's ends, or those of a constant. So
products are worked out in 64 bits and most else in 32, where fewer nodes are wanted: sums that wrap
at 32 bits are what `Add` of int32 gives, and what is above them goes by a `Cast`, which ONNX
defines to discard the higher bits.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from ....ir.expr import Apply, Const, Expr, Ref, apply
from ....ir.ops import OPS, movement
from ....ir.types import DType, Fixed
from ...compiled.text.onnx import ONNX
from ...compiled.text.render import codes_written
from .nodes import Nodes

COUNTER = Fixed(32, 0)  # of what I32 holds
KINDS: dict[str, Any] = {
    "bool": np.bool_, "i32": np.int32, "i64": np.int64, "f32": np.float32, "f64": np.float64,
}  # fmt: skip
CASTS = {"i32": ONNX.types[DType.I32], "i64": ONNX.storage("int64"), "f64": ONNX.types[DType.F64]}


class Level(IntEnum):
    """When a value is known: FIXED from the start, ALL of all steps at once, STEP step by step."""

    FIXED = 0
    ALL = 1
    STEP = 2


@dataclass(frozen=True, slots=True, eq=False)
class Value:
    """What a name stands for, of a row of KINDS, between `low` and `high`; `codes` of a constant,
    [] or [N]."""

    kind: str
    low: int
    high: int
    name: str = ""
    level: Level = Level.FIXED
    codes: npt.NDArray[Any] | None = None


def constant(codes: npt.ArrayLike) -> Value:
    """Codes that stand still."""
    array = np.asarray(codes)
    if array.dtype == np.bool_:
        return Value("bool", 0, 1, codes=array)
    low, high = (int(end) for end in (array.min(), array.max()))
    return Value("i32" if _fits(low, high) else "i64", low, high, codes=array)


def held(name: str, dtype: Fixed, level: Level) -> Value:
    """A value of int32 that holds any code of the type."""
    return Value("i32", dtype.low, dtype.high, name, level)


class Scopes:
    """Where nodes go: `body` is done step by step, `outer` of all steps at once; `entered` are the
    values of all steps that the body reads, by name, and their names there."""

    def __init__(self, outer: Nodes, body: Nodes) -> None:
        self.outer, self.body = outer, body
        self.entered: dict[str, tuple[str, str]] = {}  # to the name in the body, and the kind

    def at(self, level: Level) -> Nodes:
        """The nodes of a level."""
        return self.body if level is Level.STEP else self.outer

    def name(self, value: Value, kind: str, level: Level) -> str:
        """The value as a kind of numbers, by its name at a level that is not below its own."""
        if value.codes is not None:
            return self.outer.constant(value.codes.astype(KINDS[kind]))
        name = value.name
        if value.kind != kind:
            name = self.at(value.level).text(ONNX.cast.format(name, type=CASTS[kind]))
        if value.level is Level.ALL and level is Level.STEP:
            if name not in self.entered:
                self.entered[name] = self.body.fresh(), kind
            return self.entered[name][0]
        return name


class Writer:
    """Expressions over the `values` of names."""

    def __init__(self, scopes: Scopes, values: Mapping[str, Value]) -> None:
        self.scopes = scopes
        self.values = dict(values)

    def value(self, expr: Expr) -> Value:
        """What an expression is."""
        if isinstance(expr, Ref):
            return self.values[expr.name]
        if isinstance(expr, Const):
            return constant(np.array(expr.value))
        expr = _spelled_alike(expr)
        args = [self.value(each) for each in expr.args]
        if expr.dtype is DType.BOOL:
            return self._truth(expr, args)
        if expr.op == "select":
            return self._chosen(args)
        moved = movement(expr.op, expr.args[0].dtype, expr.immediate)
        if moved is not None:
            return self._moved(args[0], moved[0], moved[1], ends_of(expr, args, moved))
        dtype = expr.dtype if isinstance(expr.dtype, Fixed) else COUNTER
        low, high = ends_of(expr, args, None)
        kind = self.kind(args, low, high)
        if expr.op in ("add", "sub") and self.wraps(dtype, args):
            kind, low, high = "i32", *_wrapped(low, high)
        made = self._made(ONNX.spellings[expr.op], kind, args, low, high)
        return self.fitted(made, dtype)

    def _truth(self, expr: Apply, args: list[Value]) -> Value:
        spelling = ONNX.exceptions[DType.BOOL].get(expr.op, ONNX.spellings[expr.op])
        if args[-1].kind == "bool":
            return self._made(spelling, "bool", args, 0, 1)
        made = self._made(spelling, self.kind(args, 0, 0), args, 0, 1)
        return replace(made, kind="bool")

    def _chosen(self, args: list[Value]) -> Value:
        condition, yes, no = args
        kind = self.kind([yes, no], 0, 0)
        level = max(each.level for each in args)
        names = [self.scopes.name(condition, "bool", level)]
        names += [self.scopes.name(each, kind, level) for each in (yes, no)]
        name = self.scopes.at(level).text(ONNX.spellings["select"].format(*names))
        return Value(kind, min(yes.low, no.low), max(yes.high, no.high), name, level)

    def _moved(self, code: Value, places: int, target: Fixed, ends: tuple[int, int]) -> Value:
        low, high = ends
        if places == 0:
            return self.fitted(code, target)
        power = 1 << abs(places)
        if places > 0:
            kind = self.kind([code], low, high, power)
            if self.wraps(target, [code]) and power < 1 << 31:
                kind, low, high = "i32", *_wrapped(low, high)
            return self.fitted(self._made(ONNX.power, kind, [code], low, high, places), target)
        return self.fitted(self.shifted(code, -places, target, low, high), target)

    def kind(self, args: list[Value], *numbers: int) -> str:
        """The least that holds the arguments and the numbers."""
        return _kind(args, *numbers)

    def wraps(self, dtype: Fixed, args: list[Value]) -> bool:
        """Whether a sum in int32 is already what the type makes of the exact one."""
        return _wraps_by_itself(dtype, args)

    def shifted(self, code: Value, places: int, target: Fixed, low: int, high: int) -> Value:
        """A code over 2^places, rounded as the target does."""
        kind = self.kind([code], low, high, 1 << places)
        return self._made(ONNX.roundings[target.rounding], kind, [code], low, high, places)

    def fitted(self, value: Value, dtype: Fixed) -> Value:
        """An exact result brought into the type, where it may leave it."""
        if dtype.low <= value.low and value.high <= dtype.high:
            return value
        if dtype.overflow == "wrap" and (dtype.bits, dtype.signed) == (32, True):
            name = self.scopes.name(value, "i32", value.level)
            return Value("i32", dtype.low, dtype.high, name, value.level)
        kind = self.kind([value], dtype.low, dtype.high, dtype.high - dtype.low)
        spelling = ONNX.overflows[dtype.overflow]
        return self._made(spelling, kind, [value], dtype.low, dtype.high, dtype=dtype)

    def _made(
        self,
        spelling: str,
        kind: str,
        args: list[Value],
        low: int,
        high: int,
        places: int = 0,
        dtype: Fixed = COUNTER,
    ) -> Value:
        level = max(each.level for each in args)
        names = [self.scopes.name(each, kind, level) for each in args]
        written = codes_written(places, dtype, lambda code: f"{kind}({code})")
        name = self.scopes.at(level).text(spelling.format(*names, kind=kind, **written))
        return Value(kind, low, high, name, level)


def _spelled_alike(expr: Apply) -> Apply:
    """Where x > y chooses, x <= y chooses the other way round: what holds in refractory steps and
    what fires outside of them then share a node."""
    condition = expr.args[0]
    if expr.op != "select" or not isinstance(condition, Apply) or condition.op != "gt":
        return expr
    return apply("select", apply("le", *condition.args), expr.args[2], expr.args[1])


def _fits(low: int, high: int) -> bool:
    return COUNTER.low <= low and high <= COUNTER.high


def _kind(args: list[Value], *numbers: int) -> str:
    """The least that holds the arguments and the numbers."""
    ends = (*numbers, *(end for each in args for end in (each.low, each.high)))
    return "i32" if _fits(min(ends), max(ends)) else "i64"


def _wraps_by_itself(dtype: Fixed, args: list[Value]) -> bool:
    """Whether a result of int32 is already what the type makes of an exact one."""
    is_word = (dtype.overflow, dtype.bits, dtype.signed) == ("wrap", 32, True)
    return is_word and all(_fits(each.low, each.high) for each in args)


def _wrapped(low: int, high: int) -> tuple[int, int]:
    return (low, high) if _fits(low, high) else (COUNTER.low, COUNTER.high)


def ends_of(expr: Apply, args: list[Value], moved: tuple[int, Fixed] | None) -> tuple[int, int]:
    """The ends of the exact results."""
    how = () if moved is None else (moved[0], moved[1].rounding)
    if expr.op == "quot":
        most = max(abs(args[0].low), abs(args[0].high))
        return -most, most
    exact = OPS[expr.op].exact or _EXACT[expr.op]
    ends = [exact(*each, *how) for each in product(*((a.low, a.high) for a in args))]
    is_through_zero = expr.op == "abs" and args[0].low < 0 < args[0].high
    return 0 if is_through_zero else min(ends), max(ends)


_EXACT: dict[str, Any] = {"mulwide": operator.mul, "mul": operator.mul, "min": min, "max": max}
