"""Scalar types and shapes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from math import prod


class DType(Enum):
    """A scalar type of the IR; the value is its spelling in the text form."""

    F32 = "f32"
    F64 = "f64"
    I32 = "i32"
    BOOL = "bool"


@dataclass(frozen=True, slots=True)
class Fixed:
    """A signed fixed-point number of `bits` bits, `frac` of them after the point."""

    bits: int
    frac: int


Scalar = DType | Fixed
Shape = tuple[int, ...]


def size(shape: Shape) -> int:
    """The number of elements of a shape; 1 for ()."""
    return prod(shape)
