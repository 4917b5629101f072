"""LLVM's row of the languages, of whole numbers alone."""

from __future__ import annotations

from ....ir.expr import Const
from ....ir.types import DType, Fixed
from .render import Language


def _llvm_literal(expr: Const) -> str:
    kind = "i64" if isinstance(expr.dtype, Fixed) else LLVM.types[expr.dtype]
    return f"{kind}({int(expr.value)})"


# LLVM's instructions on integers as nested calls; `exports.objects.words` says what each does.
LLVM = Language(
    "llvm",
    spellings={
        "add": "Add({0}, {1})",
        "sub": "Sub({0}, {1})",
        "mul": "Mul({0}, {1})",
        "mulwide": "Mul({0}, {1})",
        "quot": "Quotient({0}, {1})",
        "min": "SMin({0}, {1})",
        "max": "SMax({0}, {1})",
        "neg": "Neg({0})",
        "abs": "Abs({0})",
        "lt": "Slt({0}, {1})",
        "le": "Sle({0}, {1})",
        "gt": "Sgt({0}, {1})",
        "ge": "Sge({0}, {1})",
        "eq": "Eq({0}, {1})",
        "ne": "Ne({0}, {1})",
        "and": "And({0}, {1})",
        "or": "Or({0}, {1})",
        "not": "Not({0})",
        "select": "Select({0}, {1}, {2})",
    },
    types={DType.F32: "float", DType.F64: "double", DType.I32: "i32", DType.BOOL: "i1"},
    storage=lambda name: f"i{name.removeprefix('u').removeprefix('int')}",
    cast="Cast({0}, to={type})",
    literal=_llvm_literal,
    power="Shl({0}, {places})",
    roundings={
        "floor": "AShr({0}, {places})",
        "nearest_even": "NearestEven({0}, {places})",
        "toward_zero": "TowardZero({0}, {places})",
    },
    overflows={
        "wrap": "Wrap({0}, {mask}, {sign})",
        "saturate": "Clip({0}, {low}, {high})",
    },
)
