"""Cores filled one after the other."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit
def fill(level: Any, bounds: Any, order: Any, part: Any) -> int:
    """Cores that are filled in this order of the neurons, each until the next would exceed a limit
    (axons out apart); the last core takes what is left. `level` is that of the neurons."""
    senders, into, kinds = level.senders, level.into, level.kind.shape[1]
    seen, load = np.full(len(level.source), -1, np.int64), np.zeros(4, np.int64)
    classes, used = np.full(level.kind.max() + 1 if level.kind.size else 1, -1), np.zeros(kinds + 1)
    core = 0
    for v in order:
        for again in range(2):
            come, fits = 0, load[0] < bounds.load[core, 0]
            for i in range(into[v], into[v + 1]):
                come += seen[senders[i]] != core
            bits = level.bits[v] + come * bounds.axon_bits
            fits = fits and load[1] + come <= bounds.load[core, 1]
            fits = fits and load[3] + bits <= bounds.load[core, 3]
            for k in range(kinds):
                fits = fits and used[k] + (classes[level.kind[v, k]] != core) <= bounds.used[k]
            if fits or again or load[0] == 0 or core == len(bounds.load) - 1:
                break
            core += 1
            load[:] = 0
            used[:] = 0
        part[v] = core
        load[0] += 1
        load[1] += come
        load[3] += bits
        for i in range(into[v], into[v + 1]):
            seen[senders[i]] = core
        for k in range(kinds):
            used[k] += classes[level.kind[v, k]] != core
            classes[level.kind[v, k]] = core
    return core + 1
