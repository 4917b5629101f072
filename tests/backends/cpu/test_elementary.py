"""The engine's own exp, exprel and tanh against NumPy's in double precision."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numba import njit

from snncc.backends.cpu.elementary import bits_of, exp32, exprel32, number_of, tanh32

F32 = np.float32


def _exprel(x):
    return np.where(x == 0.0, 1.0, np.expm1(x) / np.where(x == 0.0, 1.0, x))


# By function: the exact one, the most units in the last place that it may be off.
FUNCTIONS = {"exp": (exp32, np.exp, 1.0), "exprel": (exprel32, _exprel, 2.0)}
FUNCTIONS["tanh"] = (tanh32, np.tanh, 1.5)


def over(function: Callable[..., float]) -> Callable[..., None]:
    @njit(error_model="numpy")
    def loop(x, out):
        for k in range(len(x)):
            out[k] = function(x[k])

    return loop


def numbers() -> np.ndarray:
    """Float32 of every exponent and both signs, the first and the last with which exp is finite and
    above 0, and where the ways of working it out meet."""
    rng = np.random.default_rng(1)
    bits = rng.integers(0, 2**32, 200_000, np.uint32)
    spread = np.abs(bits.view(F32))
    near = rng.uniform(-105.0, 90.0, 200_000)
    ends = [88.72283, 88.72284, -87.33654, -87.33655, -103.97, -104.0, 0.55, 0.5499999, 0.34657]
    spread = spread[np.isfinite(spread)].astype(np.float64)
    return np.concatenate([spread, -spread, near, rng.uniform(-1, 1, 100_000), ends]).astype(F32)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_within_the_last_places(name: str) -> None:
    function, exact, most = FUNCTIONS[name]
    x = numbers()
    found = np.empty_like(x)
    over(function)(x, found)
    with np.errstate(all="ignore"):
        wanted = exact(x.astype(np.float64))
        rounded = wanted.astype(F32)
        unit = np.spacing(np.abs(rounded)).astype(np.float64)
        off = np.abs(found.astype(np.float64) - wanted) / unit
    both = np.isfinite(rounded) & np.isfinite(found)
    assert off[both].max() <= most
    # exp(x) is infinite a little before its quotient by x.
    assert both[np.abs(x) < 88.7].all()
    assert not np.isfinite(found[~np.isfinite(rounded)]).any()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_ends_and_what_is_no_number(name: str) -> None:
    function, _, _ = FUNCTIONS[name]
    x = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 200.0, -200.0], F32)
    wanted = {
        "exp": [np.nan, np.inf, 0.0, 1.0, 1.0, np.inf, 0.0],
        "exprel": [np.nan, np.nan, 0.0, 1.0, 1.0, np.inf, 0.005],
        "tanh": [np.nan, 1.0, -1.0, 0.0, -0.0, 1.0, -1.0],
    }[name]
    found = np.empty_like(x)
    over(function)(x, found)
    np.testing.assert_array_equal(found, np.array(wanted, F32))
    np.testing.assert_array_equal(np.signbit(found[3:]), np.signbit(wanted[3:]))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_without_numba_the_same(name: str) -> None:
    """Where it is switched off the functions are what Python makes of them; the bits stay."""
    function, _, _ = FUNCTIONS[name]
    x = np.linspace(-90.0, 88.0, 400, dtype=F32)
    found = np.empty_like(x)
    over(function)(x, found)
    with np.errstate(all="ignore"):
        plain = [plainly(function)(each) for each in x]
    assert {type(each) for each in plain} == {F32}
    np.testing.assert_array_equal(np.array(plain), found)


def plainly(function):
    """The function with all that it calls as Python has it."""
    names = dict(function.py_func.__globals__)
    for name, value in names.items():
        if hasattr(value, "py_func"):
            copy = value.py_func
            names[name] = type(copy)(copy.__code__, names)
    return names[function.py_func.__name__]


def test_the_loop_is_taken_by_vectors() -> None:
    loop = over(tanh32)
    loop(np.ones(64, F32), np.ones(64, F32))
    (text,) = loop.inspect_llvm().values()
    assert "x float>" in text
    assert "@tanh" not in text


def test_bits() -> None:
    assert bits_of(F32(-0.0)) == np.int32(-(2**31))
    assert number_of(np.int32(0x3F800000)) == F32(1.0)
