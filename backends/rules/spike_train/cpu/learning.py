"""The entries of training: samples learnt one after the other, and the update of a batch."""

from __future__ import annotations

import numpy as np
from numba import njit

from ....cpu.kernels.planes import lay
from ....cpu.timeloop import count_all, present
from ....optimizers.cpu.update import number_of
from .backward import apply_gradients, backward, judge
from .features import AT_ONCE
from .windows import lay_back

ZERO = np.float32(0.0)


@njit(nogil=True)
def learn(  # type: ignore[no-untyped-def]
    advance, plan, rule, optimizer, weights, store, work, back, data, seed, updates, first, last,
    stride, w, results,
):  # fmt: skip
    """Learn from the samples first, first + stride, … before last, in worker w; the updates so far.

    AT_ONCE the weights are updated after every sample (batch 1), else gradients are added to the
    accumulator w, and the workers may run at once.
    """
    number = 0
    lay(plan, weights.values, work.laid[w])
    lay_back(plan, store.weights, back.laid[w])
    for s in range(first, last, stride):
        present(advance, plan, weights, data, s, 1, 1, seed, work, w)
        count_all(plan, work, w, results.activity[w])
        judge(plan, rule, weights, work, back, data, results, s, w)
        if AT_ONCE:
            updates += 1
            number = number_of(optimizer, updates)
        backward(plan, rule, optimizer, number, weights, store, work, back, w)
    return updates


@njit
def update(plan, rule, optimizer, store, updates, scale):  # type: ignore[no-untyped-def]
    """One update of all weights by scale * (sum of the groups' gradients)."""
    number = number_of(optimizer, updates)
    apply_gradients(plan, rule, optimizer, number, store, np.float32(scale))
