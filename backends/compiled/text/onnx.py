"""ONNX's row of the languages."""

from __future__ import annotations

from ....ir.expr import Const
from ....ir.types import DType, Fixed
from .render import Language


def _literal(expr: Const) -> str:
    if isinstance(expr.dtype, Fixed):
        return f"i64({expr.value})"
    value = expr.value if expr.dtype in (DType.I32, DType.BOOL) else float(expr.value)
    return f"{expr.dtype}({value})"


# Division drops what is left, towards 0; of a multiple of the power nothing is.
_FLOOR = "Div(BitwiseAnd({0}, {keep}), {power})"

_IS_NONE = "Equal({1}, {kind}(0))"
_QUOTIENT = f"Where({_IS_NONE}, {{kind}}(0), Div({{0}}, Where({_IS_NONE}, {{kind}}(1), {{1}})))"

# exp(x) - 1 = 2 t / (1 - t), t = tanh(x / 2), loses no digits near 0, and all where t comes to 1.
_HALF = "Tanh(Mul({0}, {kind}(0.5)))"
_NEAR = f"Div(Add({_HALF}, {_HALF}), Sub({{kind}}(1.0), {_HALF}))"
_FAR = "Sub(Exp({0}), {kind}(1.0))"
_RISEN = f"Where(Greater({{0}}, {{kind}}(1.0)), {_FAR}, {_NEAR})"
_IS_ZERO = "Equal({0}, {kind}(0.0))"
_EXPREL = (
    f"Where({_IS_ZERO}, {{kind}}(1.0), Div({_RISEN}, Where({_IS_ZERO}, {{kind}}(1.0), {{0}})))"
)

# The nodes of ONNX, operator set 18, as nested calls: what is called is the operator of a node,
# keywords are attributes; f32, f64, i32, i64, bool make constants. BitShift takes no signed
# numbers, and onnxruntime has no Where of truth values. What stands twice is one node.
ONNX = Language(
    "onnx",
    spellings={
        "add": "Add({0}, {1})",
        "sub": "Sub({0}, {1})",
        "mul": "Mul({0}, {1})",
        "mulwide": "Mul({0}, {1})",
        "quot": _QUOTIENT,
        "div": "Div({0}, {1})",
        "pow": "Pow({0}, {1})",
        "min": "Min({0}, {1})",
        "max": "Max({0}, {1})",
        "neg": "Neg({0})",
        "abs": "Abs({0})",
        "exp": "Exp({0})",
        "exprel": _EXPREL,
        "log": "Log({0})",
        "sqrt": "Sqrt({0})",
        "tanh": "Tanh({0})",
        "sin": "Sin({0})",
        "cos": "Cos({0})",
        "floor": "Floor({0})",
        "lt": "Less({0}, {1})",
        "le": "LessOrEqual({0}, {1})",
        "gt": "Greater({0}, {1})",
        "ge": "GreaterOrEqual({0}, {1})",
        "eq": "Equal({0}, {1})",
        "ne": "Not(Equal({0}, {1}))",
        "and": "And({0}, {1})",
        "or": "Or({0}, {1})",
        "not": "Not({0})",
        "select": "Where({0}, {1}, {2})",
    },
    types={DType.F32: "FLOAT", DType.F64: "DOUBLE", DType.I32: "INT32", DType.BOOL: "BOOL"},
    storage=str.upper,
    cast="Cast({0}, to={type})",
    literal=_literal,
    power="Mul({0}, {power})",
    roundings={
        "floor": _FLOOR,
        "nearest_even": (
            f"Add({_FLOOR}, Div(Add(BitwiseAnd({{0}}, {{rest}}), "
            f"Add({{below_half}}, BitwiseAnd({_FLOOR}, {{one}}))), {{power}}))"
        ),
        "toward_zero": "Div({0}, {power})",
    },
    overflows={
        "wrap": "Sub(BitwiseXor(BitwiseAnd({0}, {mask}), {sign}), {sign})",
        "saturate": "Clip({0}, {low}, {high})",
    },
    exceptions={DType.BOOL: {"select": "Or(And({0}, {1}), And(Not({0}), {2}))"}},
)
