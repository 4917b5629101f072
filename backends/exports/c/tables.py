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
