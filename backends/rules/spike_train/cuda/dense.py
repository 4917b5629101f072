"""What an all-pairs projection sends back, in tiles of post neurons."""

from __future__ import annotations

import numpy as np
from numba import cuda

from ....cuda.kernels.grid import f32
from ..numbers import TILE
from .learn import entry_of

ZERO = np.float32(0.0)
ONE = np.float32(1.0)


@cuda.jit(device=True)
def message_tile(plan, rule, learning, store, work, b, j, tile, k):  # type: ignore[no-untyped-def]
    """sum_l x_l w_lk de_lk/du_k over the post neurons l of a tile of dense projection j."""
    a, p = plan.pre[j], plan.post[j]
    n = plan.neurons[a + 1] - plan.neurons[a]
    lo, u = plan.neurons[p], work.count[b, plan.neurons[a] + k]
    inverse = ONE / f32(u) if u > 0 else ZERO
    total = ZERO
    for l in range(TILE * tile, min(TILE * tile + TILE, plan.neurons[p + 1] - lo)):
        x = work.error[b, lo + l]
        w = store.rows[plan.weight[j] + l * n + k]
        if u > 0 and work.count[b, lo + l] > 0:
            total += (x * w) * (entry_of(plan, rule, learning, work, b, j, l, k) * inverse)
        else:
            total += (x * rule.silent_ratio) * w
    work.parts[b, learning.part[j] + tile * n + k] = total
