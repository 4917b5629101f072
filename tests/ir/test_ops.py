"""Fixed-point operators mean exact fractions, then the stated rounding and overflow."""

import math
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from drawn_expressions import Signature
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from snncc.ir.expr import Const, Ref, apply, evaluate
from snncc.ir.ops import OPS, result_type
from snncc.ir.text import parse_expr
from snncc.ir.types import DType, Fixed

ROUND = {"floor": math.floor, "nearest_even": round, "toward_zero": math.trunc}
EXACT = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mulwide": lambda x, y: x * y,
    "neg": lambda x: -x,
    "abs": abs,
    "min": min,
    "max": max,
}
COMPARED = {
    "lt": lambda x, y: x < y,
    "le": lambda x, y: x <= y,
    "gt": lambda x, y: x > y,
    "ge": lambda x, y: x >= y,
    "eq": lambda x, y: x == y,
    "ne": lambda x, y: x != y,
}
Q84 = Fixed(8, 4)


def stored(value: Fraction, dtype: Fixed) -> int:
    """The code of a value in a type, by its rounding and its overflow."""
    code = ROUND[dtype.rounding](value * Fraction(2) ** dtype.frac)
    if dtype.overflow == "saturate":
        return min(max(code, dtype.low), dtype.high)
    return (code - dtype.low) % 2**dtype.bits + dtype.low


@st.composite
def types(draw) -> Fixed:
    signed = draw(st.booleans())
    bits = draw(st.integers(1, 63 + signed))
    overflow, rounding = (
        draw(st.sampled_from(["wrap", "saturate"])),
        draw(st.sampled_from([*ROUND])),
    )
    return Fixed(bits, draw(st.integers(-40, 40)), signed, overflow, rounding)


def codes(dtype: Fixed) -> st.SearchStrategy[int]:
    ends = [c for c in (dtype.low, dtype.high, 0, 1, -1) if dtype.holds(c)]
    return st.sampled_from(ends) | st.integers(dtype.low, dtype.high)


def value(code: int, dtype: Fixed) -> Fraction:
    return code / Fraction(2) ** dtype.frac


def computed(signature: Signature, *drawn: int):
    return evaluate(signature.applied(), {f"x{k}": code for k, code in enumerate(drawn)})


def typed(op: str, types, immediate=None) -> Signature:
    try:
        return Signature(op, types, immediate, result_type(op, types, immediate))
    except TypeError:
        assume(False)
        raise


@given(st.sampled_from([*EXACT, *COMPARED]), types(), types(), st.data())
@settings(max_examples=400, deadline=None)
def test_sums_products_and_comparisons(op: str, left: Fixed, right: Fixed, data) -> None:
    arguments = (left, right)[: OPS[op].arity]
    if op != "mulwide":
        arguments = (left,) * len(arguments)
    elif right.overflow != left.overflow or right.rounding != left.rounding:
        right = Fixed(right.bits, right.frac, right.signed, left.overflow, left.rounding)
        arguments = left, right
    signature = typed(op, arguments)
    drawn = [data.draw(codes(t)) for t in arguments]
    values = [value(c, t) for c, t in zip(drawn, arguments, strict=True)]
    found = computed(signature, *drawn)
    if op in COMPARED:
        assert signature.result is DType.BOOL
        assert bool(found) == COMPARED[op](*values)
    else:
        assert found == stored(EXACT[op](*values), signature.result)


@given(types(), types(), st.data())
@settings(max_examples=200, deadline=None)
def test_quotients_lose_what_is_left(left: Fixed, right: Fixed, data) -> None:
    right = Fixed(right.bits, right.frac, right.signed, left.overflow, left.rounding)
    signature = typed("quot", (left, right))
    x, y = data.draw(codes(left)), data.draw(codes(right))
    found = int(computed(signature, x, y))
    assert found == (0 if y == 0 else math.trunc(Fraction(x, y)))
    assert signature.result.holds(found)
    assert signature.result.frac == left.frac - right.frac


@pytest.mark.parametrize("x", [-5, -1, 0, 1, 5, 2**62 - 1])
@pytest.mark.parametrize("y", [-(2**63), -(2**63) + 1, -5, -1, 0, 1, 2**63 - 1])
def test_quotients_at_the_ends_of_64_bits(x: int, y: int) -> None:
    wanted = 0 if y == 0 else math.trunc(Fraction(x, y))
    signature = typed("quot", (Fixed(63, 0), Fixed(64, 0)))
    assert int(computed(signature, x, y)) == wanted
    assert int(computed(signature, np.array([x]), np.array([y]))[0]) == wanted


@given(types(), types(), st.integers(0, 62), st.data())
@settings(max_examples=400, deadline=None)
def test_shifts_and_narrowings(dtype: Fixed, target: Fixed, places: int, data) -> None:
    code = data.draw(codes(dtype))
    exact = value(code, dtype)
    op = data.draw(st.sampled_from(["shl", "shr", "narrow"]))
    signature = typed(op, (dtype,), target if op == "narrow" else places)
    scale = {"shl": Fraction(2) ** places, "shr": Fraction(1, 2**places), "narrow": 1}[op]
    assert computed(signature, code) == stored(exact * scale, signature.result)


@pytest.mark.parametrize("rounding", ROUND)
def test_every_code_is_rounded_as_stated(rounding: str) -> None:
    for signed, overflow, places in product((True, False), ("wrap", "saturate"), range(7)):
        dtype = Fixed(5, 2, signed, overflow, rounding)
        target = Fixed(4, 2 - places, not signed, overflow, rounding)
        drawn = np.arange(dtype.low, dtype.high + 1)
        values = [value(int(code), dtype) for code in drawn]
        shifted = computed(typed("shr", (dtype,), places), drawn)
        assert shifted.tolist() == [stored(v / 2**places, dtype) for v in values]
        narrowed = computed(typed("narrow", (dtype,), target), drawn)
        assert narrowed.tolist() == [stored(v, target) for v in values]


@given(types(), st.integers(1, 64), st.data())
def test_saturate_keeps_what_so_many_bits_hold(dtype: Fixed, bits: int, data) -> None:
    code = data.draw(codes(dtype))
    ends = Fixed(min(bits, dtype.bits), 0, dtype.signed)
    found = computed(typed("saturate", (dtype,), ends.bits), code)
    assert found == min(max(code, ends.low), ends.high)


@given(types(), st.data())
def test_select_takes_one_of_the_codes(dtype: Fixed, data) -> None:
    yes, no = data.draw(codes(dtype)), data.draw(codes(dtype))
    expr = apply("select", Ref("b", DType.BOOL), Ref("yes", dtype), Ref("no", dtype))
    found = evaluate(expr, {"b": np.array([True, False]), "yes": yes, "no": no})
    assert found.tolist() == [yes, no]
    assert found.dtype == np.int64


def test_one_and_a_half_squared() -> None:
    exact = apply("mulwide", Ref("a", Q84), Ref("b", Q84))
    assert exact.dtype == Fixed(16, 8)
    narrowed = apply("narrow", exact, immediate=Q84)
    wide, narrow = (evaluate(e, {"a": np.int8(24), "b": np.int8(24)}) for e in (exact, narrowed))
    assert wide / 2**8 == narrow / 2**4 == 2.25


def test_the_example_of_the_manual() -> None:
    decayed = parse_expr(
        "narrow(mulwide(v:fixed(8, 4, saturate), m:fixed(12, 12, unsigned, saturate)), "
        "fixed(8, 4, saturate))"
    )
    total = apply("add", decayed, Ref("w", decayed.dtype))
    values = {"v": 24, "m": 3686, "w": np.array([100, 120])}
    assert evaluate(decayed.args[0], values) == 24 * 3686
    assert evaluate(decayed, values) == 21
    assert evaluate(total, values).tolist() == [121, 127]


@pytest.mark.parametrize(
    ("op", "arguments", "immediate", "words"),
    [
        ("mul", (Q84, Q84), None, "mul of fixed(8, 4) and fixed(8, 4): .*mulwide"),
        ("add", (Q84, Fixed(16, 8)), None, r"add of fixed\(8, 4\) and fixed\(16, 8\): .*narrow"),
        ("lt", (Q84, Fixed(8, 4, False)), None, "narrow"),
        ("select", (DType.BOOL, Q84, Fixed(8, 5)), None, "narrow"),
        ("div", (Q84, Q84), None, "div .*: f32 or f64 is wanted"),
        ("add", (Fixed(64, 0), Fixed(64, 0)), None, "more than 64 bits; narrow first"),
        ("add", (Fixed(63, 0, False),) * 2, None, "more than 64 bits"),
        ("neg", (Fixed(64, 0),), None, "more than 64 bits"),
        ("abs", (Fixed(64, 0),), None, "more than 64 bits"),
        ("shl", (Fixed(60, 0),), 5, "more than 64 bits"),
        ("narrow", (Fixed(60, 0),), Fixed(60, 5), "more than 64 bits"),
        ("mulwide", (Fixed(33, 0), Fixed(32, 0)), None, "takes 65 bits; narrow one"),
        ("mulwide", (Q84, Fixed(8, 4, overflow="saturate")), None, "narrow one to the other's"),
        ("mulwide", (Q84, DType.I32), None, "mulwide of fixed.* and i32: "),
        ("shr", (DType.I32,), 1, "shr of i32 and 1: "),
        ("shr", (Q84,), -1, "0 to 62"),
        ("saturate", (Q84,), 9, "1 to 8 bits"),
        ("narrow", (Q84,), 4, "type"),
        ("narrow", (Q84,), None, "takes an immediate"),
        ("neg", (Q84,), 4, "takes no immediate"),
        ("neg", (Q84, Q84), None, "takes 1 arguments, not 2"),
    ],
)
def test_what_could_be_wrong_is_refused(op, arguments, immediate, words) -> None:
    with pytest.raises(TypeError, match=words.replace("fixed(8, 4) and fixed(8, 4)", ".*")):
        result_type(op, arguments, immediate)


@pytest.mark.parametrize(
    ("op", "arguments", "immediate"),
    [
        ("add", (Fixed(63, 0),) * 2, None),
        ("add", (Fixed(62, 0, False),) * 2, None),
        ("sub", (Fixed(63, 0, False),) * 2, None),
        ("shl", (Fixed(60, 0),), 4),
        ("mulwide", (Fixed(32, 0),) * 2, None),
        ("mulwide", (Fixed(32, 0, False), Fixed(31, 0, False)), None),
    ],
)
def test_what_just_fits_is_exact(op, arguments, immediate) -> None:
    signature = Signature(op, arguments, immediate, result_type(op, arguments, immediate))
    scale = 2**immediate if immediate else 1
    for drawn in product(*((t.low, t.high) for t in arguments)):
        exact = EXACT.get(op, lambda x: x * scale)(*map(Fraction, drawn))
        assert computed(signature, *drawn) == stored(exact, signature.result)


@pytest.mark.parametrize("codes", [128, [1, -129], 1.5, np.nan, 2**63])
def test_no_code_is_taken_that_the_type_lacks(codes) -> None:
    with pytest.raises((ValueError, OverflowError)):
        evaluate(Ref("a", Q84), {"a": codes})
    if isinstance(codes, int):
        with pytest.raises((ValueError, OverflowError)):
            evaluate(Const(codes, Q84), {})


def test_narrow_arrays_do_not_wrap_before_their_time() -> None:
    total = apply(
        "add",
        Ref("a", Fixed(8, 0, overflow="saturate")),
        Const(100, Fixed(8, 0, overflow="saturate")),
    )
    assert evaluate(total, {"a": np.array([100, -100], np.int8)}).tolist() == [127, 0]


@pytest.mark.parametrize(
    ("dtype", "ends", "storage"),
    [
        (Fixed(8, 4), (-128, 127), "int8"),
        (Fixed(8, 4, False), (0, 255), "uint8"),
        (Fixed(9, 4), (-256, 255), "int16"),
        (Fixed(1, 0), (-1, 0), "int8"),
        (Fixed(64, 0), (-(2**63), 2**63 - 1), "int64"),
    ],
)
def test_ranges(dtype, ends, storage) -> None:
    assert (dtype.low, dtype.high) == ends
    assert dtype.storage == storage
    assert dtype.holds(ends[1])
    assert not dtype.holds(ends[1] + 1)


@pytest.mark.parametrize(
    ("bits", "frac", "signed"), [(0, 0, True), (65, 0, True), (64, 0, False), (8, 513, True)]
)
def test_types_without_codes(bits, frac, signed) -> None:
    with pytest.raises(ValueError, match="1 to 64 bits"):
        Fixed(bits, frac, signed)
