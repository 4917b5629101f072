"""The entries of training: samples learnt one after the other, and the update of a batch."""

from __future__ import annotations

import numpy as np
from numba import njit

from ....cpu.timeloop import count_all, present
from ....optimizers.cpu.update import step_size
from .backward import apply_gradients, backward, judge

ZERO = np.float32(0.0)


@njit(nogil=True)
def learn(  # type: ignore[no-untyped-def]
    advance, plan, rule, optimizer, store, work, back, data, seed, updates, first, last, stride, w,
    group, wide, results,
):  # fmt: skip
    """Learn from the samples first, first + stride, … before last, in worker w; the updates so far.

    `group` -1 updates after every sample (batch 1), else gradients are added to that accumulator
    and the groups may run at once. `wide`: the threads share each sample.
    """
    size, eps = ZERO, ZERO
    for s in range(first, last, stride):
        value = data.values[data.rows[s] % len(data.values)]
        raster = data.rasters[data.rows[s] % len(data.rasters)]
        present(advance, plan, store.weights, value, raster, data.ids[s], seed, work, w, wide)
        count_all(plan, work, w, results.activity[w])
        results.predictions[s], results.cost[s] = judge(
            plan, rule, store.weights, work, back, w, data.labels[s], data.importance[s],
            results.counts[s],
        )  # fmt: skip
        if group < 0:
            updates += 1
            size, eps = step_size(optimizer, updates)
        backward(plan, rule, optimizer, size, eps, store, work, back, w, group, wide)
    return updates


@njit
def update(plan, rule, optimizer, store, updates, scale):  # type: ignore[no-untyped-def]
    """One update of all weights by scale * (sum of the groups' gradients)."""
    size, eps = step_size(optimizer, updates)
    apply_gradients(plan, rule, optimizer, size, eps, store, np.float32(scale))
