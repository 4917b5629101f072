"""Scalar types and shapes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from math import prod
from typing import Literal


class DType(Enum):
    """A scalar type of the IR; the value is its spelling in the text form. I32 wraps around."""

    F32 = "f32"
    F64 = "f64"
    I32 = "i32"
    BOOL = "bool"

    def __str__(self) -> str:
        return self.value


FLOATS = (DType.F32, DType.F64)
MOST_FRAC = 512  # fraction bits, of either sign


@dataclass(frozen=True, slots=True)
class Fixed:
    """A fixed-point number of `bits` bits, its sign included: value = code * 2^-frac.

    `overflow` says what becomes of a code outside low..high: it is taken modulo 2^bits, or the
    nearest end is. `rounding` says which code stands for a value between two. `frac` may be
    negative or above `bits`. int8 is Fixed(8, 0), a byte Fixed(8, 0, signed=False). ValueError
    for codes that int64 does not hold and for a scale that no double does.
    """

    bits: int
    frac: int
    signed: bool = True
    overflow: Literal["wrap", "saturate"] = "wrap"
    rounding: Literal["floor", "nearest_even", "toward_zero"] = "floor"

    def __post_init__(self) -> None:
        if not (1 <= self.bits <= 63 + self.signed and abs(self.frac) <= MOST_FRAC):
            raise ValueError("a type has 1 to 64 bits, or 63 if unsigned, and frac -512 to 512")

    @property
    def low(self) -> int:
        """The smallest code."""
        return -(1 << (self.bits - 1)) if self.signed else 0

    @property
    def high(self) -> int:
        """The largest code."""
        return self.low + (1 << self.bits) - 1

    def holds(self, code: float) -> bool:
        """True for a whole number that is a code of this type."""
        return isinstance(code, int) and self.low <= code <= self.high

    @property
    def storage(self) -> str:
        """The smallest integer type that holds a code, as NumPy and stdint.h name it: "int8"."""
        width = next(w for w in (8, 16, 32, 64) if w >= self.bits)
        return f"{'' if self.signed else 'u'}int{width}"

    def __str__(self) -> str:
        words = [word for word, (name, value) in MODES.items() if getattr(self, name) == value]
        return f"fixed({', '.join([str(self.bits), str(self.frac), *words])})"


# The words of a fixed-point type in the text form, and what each sets; the defaults have none.
MODES: dict[str, tuple[str, object]] = {
    "unsigned": ("signed", False),
    "saturate": ("overflow", "saturate"),
    "nearest_even": ("rounding", "nearest_even"),
    "toward_zero": ("rounding", "toward_zero"),
}

Scalar = DType | Fixed
Shape = tuple[int, ...]


def size(shape: Shape) -> int:
    """The number of elements of a shape; 1 for ()."""
    return prod(shape)
