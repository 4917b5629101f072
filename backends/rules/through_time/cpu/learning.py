"""The entry of learning through time: samples, and what they ask of the weights."""

from __future__ import annotations

import numpy as np
from numba import njit

from ....cpu.kernels.planes import lay
from ....cpu.kernels.rows import add
from ....cpu.timeloop import count_all, present
from ....cpu.units import unit
from ....optimizers.cpu.update import number_of
from .backward import backward, clear, find_starts
from .credit import credit
from .features import AT_ONCE, SEGMENTED
from .loss import judge
from .planes import lay_down
from .update import apply_gradient

ONE = np.float32(1.0)


@unit
def lay_all(plan, weights, store, work, sweep, w):  # type: ignore[no-untyped-def]
    """The kernels of convolutions as worker w goes by them, up and down."""
    lay(plan, weights.values, work.laid[w])
    lay_down(plan, store.weights, sweep.laid[w])


@njit(nogil=True)
def learn(  # type: ignore[no-untyped-def]
    advance, plan, through, optimizer, weights, store, work, sweep, data, seed, updates, first,
    last, stride, w, results,
):  # fmt: skip
    """Learn from the samples first, first + stride, … before last, in worker w; the updates so far.

    AT_ONCE the weights are updated after every sample (batch 1), else gradients are added to the
    accumulator w, and the workers may run at once.
    """
    most = np.int64(1) if AT_ONCE else sweep.together
    own = w * sweep.together
    if not AT_ONCE:
        lay_all(plan, weights, store, work, sweep, w)
    for start in range(first, last, stride * most):
        count = min(most, (last - start + stride - 1) // stride)
        if AT_ONCE:
            lay_all(plan, weights, store, work, sweep, w)
        present(advance, plan, weights, data, start, stride, count, seed, work, own)
        for c in range(count):
            s, k = start + c * stride, own + c
            count_all(plan, work, k, results.activity[w])
            clear(plan, sweep, k)
            judge(plan, through, work, sweep, data, results, s, k)
        if SEGMENTED and through.segments > 1:
            find_starts(plan, through, weights, work, sweep, own, count)
        for segment in range(through.segments - 1, -1, -1):
            backward(plan, through, weights, store, work, sweep, own, count, segment)
            credit(plan, through, store, work, sweep, w, count, segment)
        if AT_ONCE:
            updates += 1
            number = number_of(optimizer, updates)
            apply_gradient(plan, through, optimizer, number, store, sweep.sums, ONE)
        if through.learns:
            for c in range(own, own + count):
                for k in range(sweep.starts.shape[1]):
                    add(sweep.later[c, k], sweep.starts[w, k])
    return updates
