"""The languages: a row each. Tests compare what each text computes with the table of operators."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ....ir.expr import Const
from ....ir.types import DType, Fixed
from .llvm import LLVM
from .onnx import ONNX
from .render import Language


def _python_literal(expr: Const) -> str:
    if expr.dtype is DType.BOOL:
        return str(bool(expr.value))
    if isinstance(expr.dtype, Fixed):
        return str(expr.value) if expr.value >= 0 else f"({expr.value})"
    if expr.dtype is DType.I32:
        return f"i32({int(expr.value)})"
    value = repr(float(expr.value))
    special = {"inf": "math.inf", "-inf": "-math.inf", "nan": "math.nan"}
    return f"{expr.dtype}({special.get(value, value)})"


# Of fixed-point numbers; `jit` compiles them.
_PYTHON_HELPERS = """\
@jit
def nearest_even(x, places):
    down = x >> places
    rest = x & ((1 << places) - 1)
    half = 1 << (places - 1)
    return down + 1 if rest > half or (rest == half and down & 1 == 1) else down


@jit
def toward_zero(x, places):
    return (x + ((1 << places) - 1 if x < 0 else 0)) >> places


@jit
def quotient(x, y):
    if y == 0:
        return 0
    below = x // y  # of -2^63, too, which has no size in 64 bits
    return below + 1 if below < 0 and below * y != x else below
"""

# What Python and C spell alike.
_ALIKE = {
    "add": "({0} + {1})",
    "sub": "({0} - {1})",
    "mul": "({0} * {1})",
    "mulwide": "({0} * {1})",
    "div": "({0} / {1})",
    "neg": "(-{0})",
    "lt": "({0} < {1})",
    "le": "({0} <= {1})",
    "gt": "({0} > {1})",
    "ge": "({0} >= {1})",
    "eq": "({0} == {1})",
    "ne": "({0} != {1})",
}
_WRAP = "((({0} & {mask}) ^ {sign}) - {sign})"

# As Numba compiles it.
PYTHON = Language(
    "python",
    spellings={
        **_ALIKE,
        "pow": "{type}({0} ** {1})",
        "min": "np.minimum({0}, {1})",
        "max": "np.maximum({0}, {1})",
        "abs": "abs({0})",
        "quot": "quotient({0}, {1})",
        "exp": "{type}(math.exp({0}))",
        "exprel": "({type}(math.expm1({0})) / {0} if {0} != {type}(0.0) else {type}(1.0))",
        "log": "{type}(math.log({0}))",
        "sqrt": "{type}(math.sqrt({0}))",
        "tanh": "{type}(math.tanh({0}))",
        "sin": "{type}(math.sin({0}))",
        "cos": "{type}(math.cos({0}))",
        "floor": "{type}(np.floor({0}))",
        "and": "({0} & {1})",
        "or": "({0} | {1})",
        "not": "(not {0})",
        "select": "({1} if {0} else {2})",
    },
    types={DType.F32: "f32", DType.F64: "f64", DType.I32: "i32", DType.BOOL: "bool"},
    storage=lambda name: f"np.{name}",
    cast="{type}({0})",
    literal=_python_literal,
    power="({0} << {places})",
    roundings={
        "floor": "({0} >> {places})",
        "nearest_even": "nearest_even({0}, {places})",
        "toward_zero": "toward_zero({0}, {places})",
    },
    overflows={
        "wrap": _WRAP,
        "saturate": "min(max({0}, {low}), {high})",
    },
    helpers=_PYTHON_HELPERS,
)

# The same where a loop over neurons is to be taken by vectors: see `cpu/elementary.py`.
CPU = replace(
    PYTHON,
    name="cpu",
    exceptions={DType.F32: {name: f"{name}32({{0}})" for name in ("exp", "exprel", "tanh")}},
)

# Where NumPy's functions have no CUDA twin, or CUDA's drop a NaN that NumPy keeps.
CUDA = replace(
    PYTHON,
    name="cuda",
    spellings={
        **PYTHON.spellings,
        "min": "minimum({0}, {1})",
        "max": "maximum({0}, {1})",
        "floor": "{type}(math.floor({0}))",
    },
)


def _c_literal(expr: Const) -> str:
    if expr.dtype is DType.BOOL:
        return "true" if expr.value else "false"
    if isinstance(expr.dtype, Fixed) or expr.dtype is DType.I32:
        return _c_integer(int(expr.value), 32 if expr.dtype is DType.I32 else 64)
    # The shortest decimal number that C reads as the very float32 or float64.
    value = str(np.float32(expr.value) if expr.dtype is DType.F32 else float(expr.value))
    special = {"inf": "INFINITY", "-inf": "-INFINITY", "nan": "NAN"}
    text = special.get(value, value + ("f" if expr.dtype is DType.F32 else ""))
    return f"({text})" if text.startswith("-") else text


def _c_integer(value: int, bits: int) -> str:
    if value == -(1 << (bits - 1)):  # C has no literal for it
        return f"INT{bits}_MIN"
    return f"INT{bits}_C({value})" if value >= 0 else f"(-INT{bits}_C({-value}))"


_C_TYPES = {"f32": "float", "f64": "double", "i32": "int32_t", "i64": "int64_t"}
_C_NAN = " || x != x"  # a number that is none stays
_C_ENDS = """\
static inline {type} snncc_{name}_{kind}({type} x, {type} y) {{
    return {condition} ? x : y;
}}
"""

# What C's text calls, by name. A shift of a negative number is the implementation's choice in C99;
# these shift none.
C_FUNCTIONS = {
    f"snncc_{name}_{kind}": _C_ENDS.format(
        type=word, name=name, kind=kind, condition=f"x {sign} y{_C_NAN if kind[0] == 'f' else ''}"
    )
    for name, sign in (("min", "<"), ("max", ">"))
    for kind, word in _C_TYPES.items()
} | {
    "snncc_exprel_f32": """\
static inline float snncc_exprel_f32(float x) { return x == 0.0f ? 1.0f : expm1f(x) / x; }
""",
    "snncc_exprel_f64": """\
static inline double snncc_exprel_f64(double x) { return x == 0.0 ? 1.0 : expm1(x) / x; }
""",
    "snncc_abs_f32": "#define snncc_abs_f32 fabsf\n",
    "snncc_abs_f64": "#define snncc_abs_f64 fabs\n",
    "snncc_abs_i32": """\
static inline int32_t snncc_abs_i32(int32_t x) {
    return x < 0 ? (int32_t)(0u - (uint32_t)x) : x;
}
""",
    "snncc_abs_i64": "static inline int64_t snncc_abs_i64(int64_t x) { return x < 0 ? -x : x; }\n",
    "snncc_quotient": """\
static inline int64_t snncc_quotient(int64_t x, int64_t y) { return y == 0 ? 0 : x / y; }
""",
    "snncc_floor": """\
static inline int64_t snncc_floor(int64_t x, int places) {
    return x < 0 ? ~(~x >> places) : x >> places;
}
""",
    "snncc_nearest_even": """\
static inline int64_t snncc_nearest_even(int64_t x, int places) {
    const int64_t down = x < 0 ? ~(~x >> places) : x >> places;
    const int64_t rest = x & ((INT64_C(1) << places) - 1);
    const int64_t half = INT64_C(1) << (places - 1);
    return down + (rest > half || (rest == half && (down & 1)));
}
""",
}
_C_HEAD = """\
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
"""

# C99 with stdint.h.
C = Language(
    "c",
    spellings={
        **_ALIKE,
        "pow": "pow{f}({0}, {1})",
        "min": "snncc_min_{kind}({0}, {1})",
        "max": "snncc_max_{kind}({0}, {1})",
        "abs": "snncc_abs_{kind}({0})",
        "quot": "snncc_quotient({0}, {1})",
        "exp": "exp{f}({0})",
        "exprel": "snncc_exprel_{kind}({0})",
        "log": "log{f}({0})",
        "sqrt": "sqrt{f}({0})",
        "tanh": "tanh{f}({0})",
        "sin": "sin{f}({0})",
        "cos": "cos{f}({0})",
        "floor": "floor{f}({0})",
        "and": "({0} && {1})",
        "or": "({0} || {1})",
        "not": "(!{0})",
        "select": "({0} ? {1} : {2})",
    },
    types={DType.F32: "float", DType.F64: "double", DType.I32: "int32_t", DType.BOOL: "bool"},
    storage=lambda name: f"{name}_t",
    cast="(({type}){0})",
    literal=_c_literal,
    power="({0} * {power})",
    roundings={
        "floor": "snncc_floor({0}, {places})",
        "nearest_even": "snncc_nearest_even({0}, {places})",
        "toward_zero": "({0} / {power})",
    },
    overflows={
        "wrap": _WRAP,
        "saturate": "snncc_min_i64(snncc_max_i64({0}, {low}), {high})",
    },
    # Signed sums that overflow mean nothing in C, unsigned ones wrap.
    exceptions={
        DType.I32: {
            "add": "((int32_t)((uint32_t){0} + (uint32_t){1}))",
            "sub": "((int32_t)((uint32_t){0} - (uint32_t){1}))",
            "mul": "((int32_t)((uint32_t){0} * (uint32_t){1}))",
            "neg": "((int32_t)(0u - (uint32_t){0}))",
        }
    },
    helpers="\n".join((_C_HEAD, *C_FUNCTIONS.values())),
)


def _verilog_literal(expr: Const) -> str:
    if expr.dtype is DType.BOOL:
        return "1'b1" if expr.value else "1'b0"
    if not isinstance(expr.dtype, Fixed) and expr.dtype is not DType.I32:
        raise TypeError(f"verilog has no literal of {expr.dtype}")
    bits, value = (32 if expr.dtype is DType.I32 else 64), int(expr.value)
    if value == -(1 << (bits - 1)):
        return f"{bits}'sh8{'0' * (bits // 4 - 1)}"
    return f"{bits}'sd{value}" if value >= 0 else f"(-{bits}'sd{-value})"


# Of codes, which all are signed: one unsigned operand would make the whole of a sum unsigned.
_VERILOG_HELPERS = """\
typedef byte int8_t;
typedef byte unsigned uint8_t;
typedef shortint int16_t;
typedef shortint unsigned uint16_t;
typedef int int32_t;
typedef int unsigned uint32_t;
typedef longint int64_t;
typedef longint unsigned uint64_t;

function automatic int64_t snncc_floor(input int64_t x, input int places);
    return x >>> places;
endfunction

function automatic int64_t snncc_nearest_even(input int64_t x, input int places);
    int64_t down, rest, half;
    down = x >>> places;
    rest = x & ((64'sd1 << places) - 64'sd1);
    half = 64'sd1 << (places - 1);
    return (rest > half || (rest == half && down[0])) ? down + 64'sd1 : down;
endfunction

function automatic int64_t snncc_toward_zero(input int64_t x, input int places);
    return (x + (x < 64'sd0 ? (64'sd1 << places) - 64'sd1 : 64'sd0)) >>> places;
endfunction

function automatic int64_t snncc_quotient(input int64_t x, input int64_t y);
    return y == 64'sd0 ? 64'sd0 : x / y;
endfunction

function automatic int64_t snncc_clip(input int64_t x, input int64_t low, input int64_t high);
    return x < low ? low : x > high ? high : x;
endfunction
"""

# SystemVerilog, IEEE 1800: of whole numbers alone.
VERILOG = Language(
    "verilog",
    spellings={
        **{op: text for op, text in _ALIKE.items() if op != "div"},
        "min": "({0} < {1} ? {0} : {1})",
        "max": "({0} > {1} ? {0} : {1})",
        "abs": "({0} < 0 ? -{0} : {0})",
        "quot": "snncc_quotient({0}, {1})",
        "and": "({0} && {1})",
        "or": "({0} || {1})",
        "not": "(!{0})",
        "select": "({0} ? {1} : {2})",
    },
    types={DType.F32: "shortreal", DType.F64: "real", DType.I32: "int32_t", DType.BOOL: "bit"},
    storage=lambda name: f"{name}_t",
    cast="{type}'({0})",
    literal=_verilog_literal,
    power="({0} * {power})",
    roundings={
        "floor": "snncc_floor({0}, {places})",
        "nearest_even": "snncc_nearest_even({0}, {places})",
        "toward_zero": "snncc_toward_zero({0}, {places})",
    },
    overflows={"wrap": _WRAP, "saturate": "snncc_clip({0}, {low}, {high})"},
    # A cast's argument is worked out in its own width, whatever it is then added to.
    exceptions={
        DType.I32: {
            "add": "int32_t'({0} + {1})",
            "sub": "int32_t'({0} - {1})",
            "mul": "int32_t'({0} * {1})",
            "neg": "int32_t'(-{0})",
            "abs": "int32_t'({0} < 0 ? -{0} : {0})",
        }
    },
    helpers=_VERILOG_HELPERS,
)

LANGUAGES: dict[str, Language] = {
    row.name: row for row in (PYTHON, CPU, CUDA, C, ONNX, VERILOG, LLVM)
}
