"""The kinds of synapses as the kernels know them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ...ir.wiring import AllPairs, Listed, Planes, Windows, Wiring

PAIRS, LIST, WINDOW = 0, 1, 2
CODES: dict[type, int] = {AllPairs: PAIRS, Listed: LIST, Windows: WINDOW}
FIELDS = 12  # of a row that tells windows


def numbers_of(wiring: Wiring) -> npt.NDArray[Any]:
    """i64[FIELDS] of windows, as `windows.py` reads them; zeros of another kind."""
    row = np.zeros(FIELDS, np.int64)
    if isinstance(wiring, Windows):
        moves = (wiring.kernel, wiring.stride, wiring.padding, int(wiring.is_pool))
        row[:] = (*wiring.pre, *wiring.post, *moves, wiring.read, wiring.reached)
    return row


def windows_of(row: npt.NDArray[Any]) -> Windows:
    """The windows that a row tells."""
    *planes, kernel, stride, padding, is_pool, read, _ = (int(number) for number in row)
    groups = 1 if is_pool else planes[0] // read
    ends = Planes(*planes[:3]), Planes(*planes[3:])
    return Windows(*ends, kernel, stride, padding, bool(is_pool), groups)
