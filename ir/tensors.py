"""Arrays of numbers beside a graph, and when two of them are the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from .expr import NUMPY
from .types import DType, Fixed, Scalar

Array = npt.NDArray[Any]
LINE = 64  # bytes of a cache line
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


def row_of_arrays(sizes: Sequence[int], dtype: npt.DTypeLike) -> list[Array]:
    """Arrays of these sizes, not filled, one behind the other from the start of a cache line on:
    `together` makes one of them without a copy."""
    width = np.dtype(dtype).itemsize
    raw = np.empty(sum(sizes) * width + LINE, np.uint8)
    ends = np.cumsum([-raw.ctypes.data % LINE, *(size * width for size in sizes)]).tolist()
    return [raw[first:last].view(dtype) for first, last in pairwise(ends)]


def together(arrays: Sequence[Array]) -> Array:
    """Arrays of one type, flat, one behind the other: where they lie in memory so, that memory
    itself."""
    flat = [array.ravel() for array in arrays if array.size]
    if not flat:
        return np.concatenate([array.ravel() for array in arrays])
    owner, first = flat[0].base, flat[0].ctypes.data
    ends = np.cumsum([first, *(array.nbytes for array in flat)])
    lie_so = all(
        array.base is owner and array.ctypes.data == place
        for array, place in zip(flat, ends, strict=False)
    )
    if len(flat) == 1:
        return flat[0]
    if not lie_so or not isinstance(owner, np.ndarray) or not owner.flags.c_contiguous:
        return np.concatenate(flat)
    start, size = first - owner.ctypes.data, int(ends[-1]) - first
    raw = owner.reshape(-1).view(np.uint8)[start : start + size]
    return raw.view(flat[0].dtype)
