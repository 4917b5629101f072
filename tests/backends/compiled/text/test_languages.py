"""Every operator, in every language, means what the table says."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from drawn_expressions import expressions, signatures
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from rendered import read, run_c, run_llvm, run_numba, run_onnx, run_python, run_verilog, stored

from snncc.backends.compiled.text.languages import LANGUAGES, C
from snncc.backends.compiled.text.render import cast, render
from snncc.ir.expr import Ref, apply, evaluate
from snncc.ir.ops import OPS, OVERFLOWS, ROUNDINGS
from snncc.ir.types import DType, Fixed

REALS = [0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 3.0, 1e-30, 1e30, -1e30, 88.0, np.inf, -np.inf, np.nan]
WHOLE = [0, 1, -1, 7, -7, 2**20, -(2**20)]
VALUES = {
    DType.F32: REALS, DType.F64: [*REALS, 1e300], DType.I32: WHOLE, DType.BOOL: [False, True],
}  # fmt: skip
# The last bits of these are the maths library's.
ROUNDED = {"exp", "exprel", "log", "tanh", "sin", "cos", "pow"}
# A batch of expressions is too large to shrink.
ONCE = [Phase.generate]
MODES = list(product(OVERFLOWS, ROUNDINGS))
# What a language cannot write.
OF_FLOATS = {"div", "pow", "exp", "exprel", "log", "sqrt", "tanh", "sin", "cos", "floor"}
LACKING: dict[str, set[str]] = {
    "python": set(), "cpu": set(), "cuda": set(), "c": set(), "onnx": set(),
    "verilog": OF_FLOATS, "llvm": OF_FLOATS,
}  # fmt: skip

needs_gcc = pytest.mark.skipif(shutil.which("gcc") is None, reason="no gcc to compile the C text")
needs_iverilog = pytest.mark.skipif(
    shutil.which("iverilog") is None, reason="no iverilog: apt install iverilog"
)


def values(dtype):
    return range(dtype.low, dtype.high + 1) if isinstance(dtype, Fixed) else VALUES[dtype]


def jobs(types):
    """Every operator over these types, on every combination of their values."""
    made = []
    for case in signatures(types):
        axes = [np.array(values(dtype), stored(dtype)) for dtype in case.types]
        columns = np.meshgrid(*axes, indexing="ij")
        named = {f"x{k}": column.ravel() for k, column in enumerate(columns)}
        made.append((case.applied(), named))
    return made


def compare(jobs, results):
    for (expr, columns), found in zip(jobs, results, strict=True):
        with np.errstate(all="ignore"):
            wanted = np.broadcast_to(evaluate(expr, columns), np.shape(found))
        if getattr(expr, "op", "") in ROUNDED:
            np.testing.assert_allclose(found, wanted, rtol=4 * np.finfo(wanted.dtype).eps)
        else:
            np.testing.assert_array_equal(found, wanted, str(expr))


def fixed(bits, frac, signed=(True, False)):
    return tuple(Fixed(bits, frac, s, *modes) for s in signed for modes in MODES)


@pytest.mark.parametrize("name", LANGUAGES)
def test_every_operator_is_spelled(name):
    language = LANGUAGES[name]
    wanted = {op for op, row in OPS.items() if row.moves is None}
    assert wanted - language.spellings.keys() == LACKING[name]
    rows = [language.spellings, *language.exceptions.values()]
    spelled = [row for table in rows for row in table.items()]
    assert {op for op, _ in spelled} <= wanted
    assert language.roundings.keys() == ROUNDINGS.keys()
    assert language.overflows.keys() == OVERFLOWS.keys()
    for op, spelling in spelled:
        places = set(re.findall(r"\{(\d)\}", spelling))
        assert places == {str(k) for k in range(OPS[op].arity)}, op


def test_what_a_language_lacks_is_refused_by_name():
    poor = replace(C, name="poor", spellings={"add": C.spellings["add"]})
    with pytest.raises(TypeError, match="poor has no tanh of f32"):
        render(apply("add", apply("tanh", Ref("a")), Ref("b")), {"a": "x", "b": "y"}, poor)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("python", ("f32(x)", "i32(x)", "np.int8(x)", "np.uint16(x)")),
        ("c", ("((float)x)", "((int32_t)x)", "((int8_t)x)", "((uint16_t)x)")),
        ("verilog", ("shortreal'(x)", "int32_t'(x)", "int8_t'(x)", "uint16_t'(x)")),
        ("onnx", tuple(f"Cast(x, to={t})" for t in ("FLOAT", "INT32", "INT8", "UINT16"))),
        ("llvm", tuple(f"Cast(x, to={t})" for t in ("float", "i32", "i8", "i16"))),
    ],
)
def test_what_is_stored_is_cast(name, words):
    types = DType.F32, DType.I32, Fixed(8, 4), Fixed(9, 4, signed=False)
    assert tuple(cast("x", dtype, LANGUAGES[name]) for dtype in types) == words


@pytest.mark.parametrize("language", ["python", "cuda"])
def test_every_code_of_four_bits_by_python(language):
    made = jobs((*fixed(4, 2), Fixed(3, 1)))
    compare(made, run_python(made, language))


FLOATS_AND_COUNTERS = (DType.F32, DType.F64, DType.I32, DType.BOOL)
FEW = (Fixed(4, 2, True, "saturate", "nearest_even"), Fixed(4, 1, False, "wrap", "toward_zero"))


@pytest.mark.slow
@pytest.mark.parametrize(
    "types", [FLOATS_AND_COUNTERS, (*FEW, DType.BOOL)], ids=["floats", "codes"]
)
def test_compiled_by_numba(types, tmp_path):
    made = jobs(types)
    compare(made, run_numba(made, tmp_path))


@pytest.mark.slow
@needs_gcc
def test_floats_and_counters_in_c(tmp_path):
    made = jobs(FLOATS_AND_COUNTERS)
    compare(made, run_c(made, tmp_path))


@pytest.mark.slow
@needs_gcc
@pytest.mark.parametrize(("overflow", "rounding"), MODES)
def test_every_code_of_eight_bits_in_c(overflow, rounding, tmp_path):
    byte = Fixed(8, 4, False, overflow, rounding)
    made = jobs((replace(byte, signed=True), byte, Fixed(5, 1, True, overflow, rounding)))
    compare(made, run_c(made, tmp_path))


def pool(overflow, rounding):
    """Types closed under products."""
    wide = tuple(Fixed(8 * k, 4 * k, True, overflow, rounding) for k in (1, 2, 3, 4, 6, 8))
    return (*wide, Fixed(8, 4, False, overflow, rounding), Fixed(63, 0, False, overflow, rounding))


@st.composite
def drawn_jobs(draw, count):
    types = pool(*draw(st.sampled_from(MODES)))
    seeds = np.random.default_rng(draw(st.integers(0, 2**32)))
    made = []
    for _ in range(count):
        expr = draw(expressions(draw(st.sampled_from(types)), ("a{}", "b{}"), 3, types))
        columns = {"none": np.zeros(40)}
        for name, dtype in read(expr).items():
            low, high = (dtype.low, dtype.high) if isinstance(dtype, Fixed) else (0, 1)
            codes = seeds.integers(low, high, 40, endpoint=True)
            codes[:2] = low, high
            columns[name] = codes.astype(stored(dtype))
        made.append((expr, columns))
    return made


@given(drawn_jobs(4))
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_drawn_expressions_by_python(made):
    compare(made, run_python(made))


def check_drawn(run):
    @given(drawn_jobs(40))
    @settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck), phases=ONCE)
    def check(made):
        compare(made, run(made))

    check()


@pytest.mark.slow
@needs_gcc
def test_drawn_expressions_in_c(tmp_path):
    check_drawn(lambda made: run_c(made, tmp_path))


@pytest.mark.slow
@pytest.mark.parametrize("types", [fixed(4, 2), FLOATS_AND_COUNTERS], ids=["codes", "floats"])
def test_every_operator_in_onnx(types):
    pytest.importorskip("onnxruntime")
    made = jobs(types)
    compare(made, run_onnx(made))


@pytest.mark.slow
def test_drawn_expressions_in_onnx():
    pytest.importorskip("onnxruntime")
    check_drawn(run_onnx)


PRODUCTS = pytest.mark.parametrize("products", [True, False], ids=["wide", "narrow"])


@pytest.mark.parametrize("types", [fixed(4, 2), (DType.I32, DType.BOOL)], ids=["codes", "counters"])
def test_every_operator_in_llvm(types):
    made = jobs(types)
    compare(made, run_llvm(made))


@pytest.mark.slow
@PRODUCTS
def test_drawn_expressions_in_llvm(products):
    check_drawn(lambda made: run_llvm(made, products))


@pytest.mark.slow
@needs_iverilog
@pytest.mark.parametrize("types", [fixed(4, 2), (DType.I32, DType.BOOL)], ids=["codes", "counters"])
def test_every_operator_in_verilog(types, tmp_path):
    made = jobs(types)
    compare(made, run_verilog(made, tmp_path))


@pytest.mark.slow
@needs_iverilog
def test_drawn_expressions_in_verilog(tmp_path):
    check_drawn(lambda made: run_verilog(made, tmp_path))
