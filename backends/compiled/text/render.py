"""Expressions as source text of compiled Python: Numba on the CPU, and Numba-CUDA.

`SPELLINGS` covers what `ir.ops.OPS` has for floats, counters and bools (a test compares them). Only
names made here ever reach the text: a user's names are replaced by numbered ones before rendering.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ....ir.expr import Apply, Const, Expr, Ref
from ....ir.types import DType

SPELLINGS: dict[str, str] = {
    "add": "({0} + {1})",
    "sub": "({0} - {1})",
    "mul": "({0} * {1})",
    "div": "({0} / {1})",
    "pow": "{real}({0} ** {1})",
    "min": "np.minimum({0}, {1})",
    "max": "np.maximum({0}, {1})",
    "neg": "(-{0})",
    "abs": "abs({0})",
    "exp": "{real}(math.exp({0}))",
    "log": "{real}(math.log({0}))",
    "sqrt": "{real}(math.sqrt({0}))",
    "tanh": "{real}(math.tanh({0}))",
    "sin": "{real}(math.sin({0}))",
    "cos": "{real}(math.cos({0}))",
    "floor": "{real}(np.floor({0}))",
    "lt": "({0} < {1})",
    "le": "({0} <= {1})",
    "gt": "({0} > {1})",
    "ge": "({0} >= {1})",
    "eq": "({0} == {1})",
    "ne": "({0} != {1})",
    "and": "({0} & {1})",
    "or": "({0} | {1})",
    "not": "(not {0})",
    "select": "({1} if {0} else {2})",
}

CASTS: dict[DType, str] = {DType.F32: "f32", DType.F64: "f64", DType.I32: "i32"}


def render(
    expr: Expr, names: Mapping[str, str], spellings: Mapping[str, str] = MappingProxyType({})
) -> str:
    """The expression as text; `names` gives the identifier of every name it reads.

    `spellings` are a backend's own, in place of those of `SPELLINGS`.
    """
    if isinstance(expr, Ref):
        return names[expr.name]
    if isinstance(expr, Const):
        return _literal(expr)
    arguments = [render(argument, names, spellings) for argument in expr.args]
    spelling = spellings.get(expr.op, SPELLINGS[expr.op])
    return spelling.format(*arguments, real=_cast(expr))


def _literal(expr: Const) -> str:
    if expr.dtype is DType.BOOL:
        return str(bool(expr.value))
    assert isinstance(expr.dtype, DType), "fixed-point literals belong to the integer backends"
    if expr.dtype is DType.I32:
        return f"i32({int(expr.value)})"
    return f"{CASTS[expr.dtype]}({_float(float(expr.value))})"


def _float(value: float) -> str:
    special = {"inf": "math.inf", "-inf": "-math.inf", "nan": "math.nan"}
    return special.get(repr(value), repr(value))


def _cast(expr: Apply) -> str:
    return CASTS.get(expr.dtype, "") if isinstance(expr.dtype, DType) else ""
