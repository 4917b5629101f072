"""Every operator as text means what the table says."""

from __future__ import annotations

import importlib.util
import math
import re
from itertools import product

import numpy as np
import pytest
from signatures import signatures

from snncc.backends.compiled.text.render import CASTS, SPELLINGS, render
from snncc.ir.expr import Const, Ref, apply, evaluate
from snncc.ir.ops import OPS
from snncc.ir.types import DType

HEAD = """\
import math
import numpy as np
from numba import njit
f32, f64, i32 = np.float32, np.float64, np.int32
"""
VALUES = {
    DType.F32: [
        0.0,
        -0.0,
        1.0,
        -1.0,
        0.5,
        -2.5,
        3.0,
        1e-30,
        1e30,
        -1e30,
        88.0,
        math.inf,
        -math.inf,
        math.nan,
    ],
    DType.I32: [0, 1, -1, 7, -7, 2**20, -(2**20)],
    DType.BOOL: [False, True],
}
VALUES[DType.F64] = [*VALUES[DType.F32], 1e300]
# The last bits of these are the maths library's.
ROUNDED = {"exp", "log", "tanh", "sin", "cos", "pow"}


CASES = {
    f"{s.op}_{'_'.join(map(str, s.types))}": s
    for s in signatures((DType.F32, DType.F64, DType.I32, DType.BOOL))
}
NUMPY = {DType.F32: np.float32, DType.F64: np.float64, DType.I32: np.int32, DType.BOOL: np.bool_}


def arguments(case):
    """Columns of every combination of values."""
    columns = zip(*product(*(VALUES[t] for t in case.types)), strict=True)
    return [np.array(c, NUMPY[t]) for c, t in zip(columns, case.types, strict=True)]


def wanted(case):
    names = {f"x{k}": c for k, c in enumerate(arguments(case))}
    with np.errstate(all="ignore"):
        return evaluate(case.applied(), names)


@pytest.fixture(scope="module")
def functions(tmp_path_factory):
    """One compiled function for each case: fills out[n] from the columns."""
    lines = [HEAD]
    for name, case in CASES.items():
        text = render(case.applied(), {f"x{k}": f"x{k}[n]" for k in range(3)})
        arity = ", ".join(f"x{k}" for k in range(len(case.types)))
        lines += [
            '@njit(error_model="numpy")',
            f"def {name}({arity}, out):",
            "    for n in range(len(out)):",
            f"        out[n] = {text}",
        ]
    path = tmp_path_factory.mktemp("render") / "rendered.py"
    path.write_text("\n".join(lines))
    spec = importlib.util.spec_from_file_location("rendered", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_compiled_is_the_meaning(functions, name):
    case = CASES[name]
    expected = wanted(case)
    out = np.zeros(len(expected), expected.dtype)
    getattr(functions, name)(*arguments(case), out)
    if case.op in ROUNDED:
        np.testing.assert_allclose(out, expected, rtol=4 * np.finfo(expected.dtype).eps)
    else:
        np.testing.assert_array_equal(out, expected)


def test_every_operator_is_spelled():
    assert SPELLINGS.keys() == {case.op for case in CASES.values()}
    for op, spelling in SPELLINGS.items():
        places = set(re.findall(r"\{(\d)\}", spelling))
        assert places == {str(k) for k in range(OPS[op].arity)}, op


@pytest.mark.parametrize(
    ("value", "dtype", "text"),
    [
        (0.1, DType.F32, "f32(0.1)"),
        (-1e-6, DType.F32, "f32(-1e-06)"),
        (math.inf, DType.F32, "f32(math.inf)"),
        (-math.inf, DType.F64, "f64(-math.inf)"),
        (math.nan, DType.F32, "f32(math.nan)"),
        (3, DType.F32, "f32(3.0)"),
        (3, DType.I32, "i32(3)"),
        (True, DType.BOOL, "True"),
        (np.float64(0.5), DType.F32, "f32(0.5)"),
    ],
)
def test_literals_are_typed(value, dtype, text):
    assert render(Const(value, dtype), {}) == text


def test_literals_keep_every_bit():
    generator = np.random.default_rng(0)
    for value in generator.standard_normal(100) * 10.0 ** generator.integers(-300, 300, 100):
        text = render(Const(float(value), DType.F64), {})
        assert float(text.removeprefix("f64(").removesuffix(")")) == value


def test_brackets_keep_the_order():
    x, y, z = (Ref(n) for n in "xyz")
    inner = apply("sub", x, apply("sub", y, z))
    assert render(inner, {"x": "a", "y": "b", "z": "c"}) == "(a - (b - c))"
    raised = apply("pow", apply("neg", x), y)
    assert render(raised, {"x": "a", "y": "b"}) == "f32((-a) ** b)"


@pytest.mark.parametrize("name", ["__import__('os').system('true')", "x\ny", "f32", "lambda"])
def test_names_come_from_the_table_only(name):
    expr = apply("add", Ref(name), Ref("ok"))
    assert render(expr, {name: "s0", "ok": "p0"}) == "(s0 + p0)"
    with pytest.raises(KeyError):
        render(expr, {"ok": "p0"})


def test_casts_cover_the_number_types():
    assert set(CASTS) == {DType.F32, DType.F64, DType.I32}
