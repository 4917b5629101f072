"""Arrays as C's constants."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

A_LINE = 92  # characters


def table(name: str, values: npt.NDArray[Any], comment: str) -> str:
    """A constant array of the values, row by row."""
    flat = np.ascontiguousarray(values).ravel()
    size = max(1, len(flat))
    lines = [f"/* {comment} */", f"static const {flat.dtype.name}_t {name}[{size}] = {{"]
    lines += list(_wrapped(map(str, flat.tolist() or [0])))
    return "\n".join([*lines, "};", ""])


def _wrapped(words: Iterable[str]) -> Iterable[str]:
    line = "   "
    for word in words:
        if len(line) + len(word) + 2 > A_LINE:
            yield line
            line = "   "
        line += f" {word},"
    yield line


def least(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Whole numbers from 0 on in the smallest unsigned type that holds them."""
    top = int(values.max(initial=0))
    return values.astype(
        next(t for t in (np.uint8, np.uint16, np.uint32) if top <= np.iinfo(t).max)
    )


def runs(values: npt.NDArray[Any]) -> int:
    """The largest number such that so many neurons in a row, from the first on, have one value: of
    convolved planes those of a channel."""
    changes = np.flatnonzero(np.diff(values)) + 1
    return int(np.gcd.reduce(np.append(changes, len(values))))


def shared_by(values: npt.NDArray[Any]) -> int:
    """`runs`, where a factor finds the run of a neuron; else 1."""
    each = runs(values)
    return each if reciprocal(each, len(values) - 1) else 1


def reciprocal(divisor: int, most: int) -> tuple[int, int] | None:
    """(factor, shift) with x // divisor = x factor >> shift in 32 bits for all x from 0 to `most`;
    None where there are none."""
    numbers = np.arange(most + 1, dtype=np.int64)
    for shift in range(32):
        factor = -(-(1 << shift) // divisor)
        fits = most * factor < 1 << 32
        if fits and bool((numbers // divisor == numbers * factor >> shift).all()):
            return factor, shift
    return None
