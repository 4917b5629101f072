"""Functions as tables of codes: what has no other integer form."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from ..expr import Const, Expr, apply
from ..ops import OPS
from ..types import Fixed

Numbers = npt.NDArray[np.float64]
FUNCTIONS = ("exp", "exprel", "tanh", "sin", "cos", "sqrt", "floor")  # of one number
SIZES: dict[str, Callable[[Numbers], Numbers]] = {
    "exp": np.exp,
    "exprel": OPS["exprel"].meaning,
    "tanh": lambda size: np.minimum(size, 1.0),
    "sin": lambda size: np.minimum(size, 1.0),
    "cos": np.ones_like,
    "sqrt": np.sqrt,
    "floor": lambda size: size + 1.0,
}


def table_of(op: str, source: Expr, most: int, ends: tuple[float, float], cells: int) -> Expr:
    """The function of what `source` means, by equal cells from -`most` to `most` [codes]: in each
    the code nearest to the function in its middle, clipped to an eighth of the type, so that sums
    hold it, and beyond them that of the last; 0 where the function is none. `ends`: what a code of
    the source means, and what one of the result does."""
    dtype = source.dtype
    assert isinstance(dtype, Fixed), dtype
    edges = np.rint(np.linspace(-most, most, cells + 1)).astype(np.int64)
    middles = (edges[:-1] + edges[1:]) / 2.0
    with np.errstate(all="ignore"):
        values = np.asarray(OPS[op].meaning(middles * ends[0]), np.float64) / ends[1]
    codes = np.clip(np.rint(np.nan_to_num(values, nan=0.0)), dtype.low // 8, dtype.high // 8)
    return _chosen(source, edges[1:-1].tolist(), [int(code) for code in codes], dtype)


def _chosen(source: Expr, edges: Sequence[int], codes: Sequence[int], dtype: Fixed) -> Expr:
    """The code of the cell in which the source lies, by halves; cells of one code are one."""
    if min(codes) == max(codes):
        return Const(codes[0], dtype)
    half = len(codes) // 2
    below = _chosen(source, edges[: half - 1], codes[:half], dtype)
    above = _chosen(source, edges[half:], codes[half:], dtype)
    return apply("select", apply("lt", source, Const(edges[half - 1], dtype)), below, above)
