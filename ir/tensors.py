"""Arrays of numbers beside a graph, and when two of them are the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .expr import NUMPY
from .types import DType, Fixed, Scalar

Array = npt.NDArray[Any]
SCALARS: dict[np.dtype[Any], DType] = {np.dtype(kind): dtype for dtype, kind in NUMPY.items()}


@dataclass(frozen=True, slots=True, eq=False)
class Tensor:
    """Numbers of one scalar type. Those of a fixed-point type are their codes."""

    array: Array
    dtype: Scalar = DType.F32

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Tensor):
            return NotImplemented
        return self.dtype == other.dtype and same_bits(self.array, other.array)

    __hash__ = None  # type: ignore[assignment]


def tensor(array: npt.ArrayLike) -> Tensor:
    """The array as numbers of the scalar type that its own is; TypeError where there is none."""
    made = np.asarray(array)
    if made.dtype not in SCALARS:
        raise TypeError(f"numbers of {made.dtype} are of no scalar type of a graph")
    return Tensor(made, SCALARS[made.dtype])


def stored(dtype: Scalar) -> np.dtype[Any]:
    """The NumPy type in which numbers of the type are kept."""
    return np.dtype(dtype.storage if isinstance(dtype, Fixed) else NUMPY[dtype])


def numbers(value: Tensor) -> Array:
    """What the tensor's numbers mean: of fixed-point types float64, of others the array itself."""
    if isinstance(value.dtype, Fixed):
        return np.ldexp(value.array.astype(np.float64), -value.dtype.frac)
    return value.array


def problem(value: Tensor) -> str:
    """Why the array cannot be numbers of its type; "" if it can."""
    array, dtype = value.array, value.dtype
    if array.dtype != stored(dtype):
        return f"{array.dtype} is not how {dtype} is stored"
    if isinstance(dtype, Fixed) and array.size:
        codes = int(array.min()), int(array.max())
        if not all(dtype.holds(code) for code in codes):
            return f"{dtype} has no codes from {codes[0]} to {codes[1]}"
    return ""


def same_bits(one: Array, other: Array) -> bool:
    """Whether two arrays have one type, one shape and the same bits, NaN and -0 included."""
    alike = (one.dtype, one.shape) == (other.dtype, other.shape)
    return alike and one.tobytes() == other.tobytes()


def same_arrays(some: Mapping[str, Array], others: Mapping[str, Array]) -> bool:
    """Whether two sets of named arrays are the same, bit for bit."""
    return some.keys() == others.keys() and all(same_bits(some[k], others[k]) for k in some)
