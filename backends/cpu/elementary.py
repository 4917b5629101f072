"""exp, exprel and tanh of float32 by additions and products, which LLVM takes by vectors.

A call of the C library's function ends the vectors of the loop that it stands in: a step of neurons
with one of these was four times as long. The polynomials are minimax approximations (Remez) of
their own; every operation is rounded by itself. `exp32` is within 1 unit in the last place of the
exact value, the others within 2. Without Numba the functions are what they say, of single numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic, overload

f32 = np.float32
i32 = np.int32

MOST, LEAST = f32(89.0), f32(-104.0)  # beyond these exp is infinite, and 0
PER_LN2 = f32(1.4426950408889634)
LN2_HIGH, LN2_LOW = f32(0.693359375), f32(-2.12194440e-4)  # their sum is ln 2, the first has 9 bits
WHOLE = f32(12582912.0)  # 1.5 * 2^23: added, it rounds to a whole number, kept in the last bits
WHOLE_BITS = i32(0x4B400000)
# (exp(r) - 1 - r) / r^2 for |r| <= ln(2) / 2, relative error of exp 3e-9.
E0, E1, E2 = f32(0.499999934438826), f32(0.1666652057356869), f32(0.04166838872956901)
E3, E4 = f32(0.008368723935983683), f32(0.0013814584031210575)
# (tanh(x) / x - 1) / x^2 in x^2 for |x| <= 0.55, relative error of tanh 1e-9.
T0, T1, T2 = f32(-0.3333331755963589), f32(0.1333258613775785), f32(-0.05385230986383474)
T3, T4 = f32(0.021071678947949785), f32(-0.006274239456028854)
SMALL = f32(0.55)
ZERO, ONE, TWO = f32(0.0), f32(1.0), f32(2.0)
SIGN = i32(-(2**31))
TWICE_BIAS = i32(254 << 23)  # less the bits of a power of two, those of its inverse


def bits_of(number: Any) -> Any:
    """The bits of a float32 as an int32."""
    return f32(number).view(i32)


def number_of(bits: Any) -> Any:
    """The float32 of these bits."""
    return i32(bits).view(f32)


def _cast(result: Any, kind: Any) -> Any:
    def cast(_context: Any, given: Any) -> Any:
        def make(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            return builder.bitcast(arguments[0], kind)

        return result(given), make

    return intrinsic(cast)


_bits: Any = _cast(types.int32, ir.IntType(32))
_number: Any = _cast(types.float32, ir.FloatType())


@overload(bits_of, inline="always")
def _compiled_bits(number):  # type: ignore[no-untyped-def]
    return lambda number: _bits(f32(number))


@overload(number_of, inline="always")
def _compiled_number(bits):  # type: ignore[no-untyped-def]
    return lambda bits: _number(i32(bits))


@njit(error_model="numpy")
def split32(x):  # type: ignore[no-untyped-def]
    """(exp(r) - 1, two factors of 2^n) with x = r + n ln 2 and |r| <= ln(2) / 2: one factor may
    have an exponent that is no float32's."""
    x = MOST if x > MOST else x
    x = LEAST if x < LEAST else x
    shifted = x * PER_LN2 + WHOLE
    k, n = shifted - WHOLE, i32(bits_of(shifted) - WHOLE_BITS)
    r = (x - k * LN2_HIGH) - k * LN2_LOW
    q = (((E4 * r + E3) * r + E2) * r + E1) * r + E0
    half = i32(n >> i32(1))
    one, two = i32(i32(half + i32(127)) << i32(23)), i32(i32(n - half + i32(127)) << i32(23))
    return (r * r) * q + r, number_of(one), number_of(two)


@njit(error_model="numpy")
def exp32(x):  # type: ignore[no-untyped-def]
    """exp(x), f32; infinite, 0 and no number as IEEE says."""
    risen, one, two = split32(x)
    return (risen + ONE) * one * two


@njit(error_model="numpy")
def exprel32(x):  # type: ignore[no-untyped-def]
    """(exp(x) - 1) / x, 1 at 0, f32."""
    risen, one, two = split32(x)
    # One less, as a part of the first factor: the product of both may be no number.
    less = number_of(i32(TWICE_BIAS - bits_of(two)))
    grown = (one * risen + (one - less)) * two
    return ONE if x == ZERO else grown / x


@njit(error_model="numpy")
def tanh32(x):  # type: ignore[no-untyped-def]
    """tanh(x), f32."""
    size = abs(x)
    z = size * size
    q = (((T4 * z + T3) * z + T2) * z + T1) * z + T0
    near, far = size + size * (z * q), ONE - TWO / (exp32(size + size) + ONE)
    found = near if size < SMALL else far
    return number_of(i32(bits_of(found) | (bits_of(x) & SIGN)))
