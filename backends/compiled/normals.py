"""The noise of equations as every device computes it; see `ir.noise`."""

from __future__ import annotations

import numpy as np

from ...ir.noise import NOISE_CELLS, NOISE_ENTRIES
from .formulas import formula

# A row of `Plan.noise`: the port, and the key.
NOISE_PORT, NOISE_KEY0, NOISE_KEY1 = range(3)
NOISE_COLUMNS = 3
ONE_BIT = np.uint64(1)


@formula
def octave_of(m):  # type: ignore[no-untyped-def]
    """The bits of m, below 2^31, beyond nine of them."""
    x, s = m >> 8, 0
    if x >= 65536:
        x, s = x >> 16, s + 16
    if x >= 256:
        x, s = x >> 8, s + 8
    if x >= 16:
        x, s = x >> 4, s + 4
    if x >= 4:
        x, s = x >> 2, s + 2
    return s + 1 if x >= 2 else s


@formula
def normal_of_word(word, table):  # type: ignore[no-untyped-def]
    """The number of a word, a whole one: table i32[2 * NOISE_ENTRIES], see `ir.noise`."""
    m = np.int64(word >> ONE_BIT)
    s = octave_of(m)
    cell = (m >> s) & (NOISE_CELLS - 1)
    if m >= NOISE_CELLS:
        cell += NOISE_CELLS * (s + 1)
    fall = np.int64(table[NOISE_ENTRIES + cell]) * (m & ((1 << s) - 1))
    found = np.int64(table[cell]) - (fall >> s)
    return -found if word & ONE_BIT else found
