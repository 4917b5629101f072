"""Philox4x32-10, the counter-based generator of all encodings (Salmon et al., SC 2011).

The CPU's words and these are equal bit for bit: integers only.
"""

from __future__ import annotations

import numpy as np
from numba import cuda

from ....ir.philox import MULTIPLIERS, ROUNDS, WEYL

M0 = np.uint64(MULTIPLIERS[0])
M1 = np.uint64(MULTIPLIERS[1])
W0 = np.uint64(WEYL[0])
W1 = np.uint64(WEYL[1])
MASK = np.uint64(0xFFFFFFFF)
WORD = np.uint64(32)
TIMES = ROUNDS


@cuda.jit(device=True)
def philox(x0, x1, x2, x3, key0, key1):  # type: ignore[no-untyped-def]
    """Four random 32-bit words (in uint64) for a 4-word counter and a 2-word key."""
    for _ in range(TIMES):
        product0 = M0 * x0
        product1 = M1 * x2
        x0 = (product1 >> WORD) ^ x1 ^ key0
        x1 = product1 & MASK
        x2 = (product0 >> WORD) ^ x3 ^ key1
        x3 = product0 & MASK
        key0 = (key0 + W0) & MASK
        key1 = (key1 + W1) & MASK
    return x0, x1, x2, x3
