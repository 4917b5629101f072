"""The synapses of a projection as tables: rows of pre neurons, and codes of the weights packed.

Codes that 4 bits hold lie two a byte, those that 2 bits hold four, the first in the lowest bits, in
two's complement; all rows follow each other without a gap.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ....ir.wiring import AllPairs, Listed
from .tables import least

Array = npt.NDArray[Any]
WIDTHS = (2, 4, 8, 16, 32)


@dataclass(frozen=True, slots=True)
class Packed:
    """`count` codes of `bits` bits each, in `cells` of bytes or of larger numbers."""

    bits: int
    cells: Array
    count: int

    @property
    def cell_bits(self) -> int:
        """The bits of a cell."""
        return self.cells.dtype.itemsize * 8

    @property
    def a_cell(self) -> int:
        """The codes in a cell."""
        return self.cell_bits // self.bits


@dataclass(frozen=True, slots=True)
class Rows:
    """The synapses of each pre neuron, one row after the other. Without `post` each row ends at all
    post neurons in turn, else those of row r are first[r] up to first[r + 1], and end at `post`."""

    weights: Packed
    first: Array | None = None
    post: Array | None = None


def rows_of(wiring: AllPairs | Listed, weights: Array) -> Rows:
    """The tables of a projection's synapses; windows need none but their weights."""
    codes = packed(weights)
    if isinstance(wiring, AllPairs):
        return Rows(codes)
    first = np.searchsorted(wiring.pre, np.arange(wiring.pre_neurons + 1))
    return Rows(codes, least(first), least(wiring.post))


def packed(codes: Array) -> Packed:
    """Codes in the fewest bits of WIDTHS that hold all of them."""
    flat = np.ascontiguousarray(codes).ravel().astype(np.int64)
    low, high = int(flat.min(initial=0)), int(flat.max(initial=0))
    bits = next(w for w in WIDTHS if -(1 << w - 1) <= low and high < 1 << w - 1)
    if bits >= 8:
        return Packed(bits, flat.astype(f"int{bits}"), len(flat))
    a_byte = 8 // bits
    filled = np.zeros(-(-len(flat) // a_byte) * a_byte, np.int64)
    filled[: len(flat)] = flat & (1 << bits) - 1
    shifted = filled.reshape(-1, a_byte) << np.arange(a_byte) * bits
    return Packed(bits, shifted.sum(axis=1).astype(np.uint8), len(flat))
