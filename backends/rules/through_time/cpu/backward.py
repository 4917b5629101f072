"""The sweep back through time of some samples: blocks in reverse."""

from __future__ import annotations

import numpy as np
from numba import njit

from ....cpu.kernels.rows import fill
from ....cpu.units import replay_at, retreat_at, unit
from .synapses import ask

ZERO = np.float32(0.0)


@unit
def clear(plan, sweep, w):  # type: ignore[no-untyped-def]
    """Nothing is asked yet, and nothing later than the last step."""
    for t in range(plan.steps):
        fill(sweep.asked[w, t], ZERO)
    for k in range(sweep.later.shape[1]):
        fill(sweep.later[w, k], ZERO)


@unit
def backward(plan, through, store, work, sweep, w, count):  # type: ignore[no-untyped-def]
    """The adjoints of the samples in the scratch w, w + 1, …, `count` of them."""
    for b in range(len(plan.block) - 2, -1, -1):
        if through.needed[plan.order[plan.block[b]]]:
            outside(plan, through, store, work, sweep, w, count, b)
            if plan.recurrent[b] and not through.is_cut:
                for t in range(plan.steps - 1, -1, -1):
                    inside(plan, through, store, sweep, w, count, b, t)
            else:
                for k in range(plan.block[b], plan.block[b + 1]):
                    scan(plan, through, sweep, w, count, plan.order[k], 0, plan.steps)


@njit
def outside(plan, through, store, work, sweep, w, count, b):  # type: ignore[no-untyped-def]
    """What later blocks ask of the spikes of block b, and its states once more."""
    for k in range(plan.block[b], plan.block[b + 1]):
        p = plan.order[k]
        for c in range(w, w + count):
            replay_at(through.replay)(
                plan.model[p], p, plan.neurons[p], plan.neurons[p + 1], plan.steps,
                work.currents[c], plan.constants, plan.real_init, plan.integer_init, sweep.tape[c],
            )  # fmt: skip
        for j in range(len(plan.pre)):
            if plan.pre[j] == p and not is_inside(plan, b, plan.post[j]):
                ask(plan, store, sweep, w, count, j, 0, plan.steps)


@njit
def inside(plan, through, store, sweep, w, count, b, t):  # type: ignore[no-untyped-def]
    """Step t of a recurrent block: its populations against their order, each after those that its
    spikes reached within the step."""
    for k in range(plan.block[b + 1] - 1, plan.block[b] - 1, -1):
        p = plan.order[k]
        for j in range(len(plan.pre)):
            if plan.pre[j] == p and is_inside(plan, b, plan.post[j]):
                ask(plan, store, sweep, w, count, j, t, t + 1)
        scan(plan, through, sweep, w, count, p, t, t + 1)


@njit
def is_inside(plan, b, p):  # type: ignore[no-untyped-def]
    """Whether population p lies in block b."""
    found = False
    for k in range(plan.block[b], plan.block[b + 1]):
        found = found or plan.order[k] == p
    return found


@njit
def scan(plan, through, sweep, w, count, p, first, last):  # type: ignore[no-untyped-def]
    """The adjoints of the steps first:last of population p."""
    for c in range(w, w + count):
        retreat_at(through.retreat)(
            plan.model[p], p, plan.neurons[p], plan.neurons[p + 1], first, last, plan.constants,
            plan.real_init, sweep.tape[c], sweep.asked[c], sweep.later[c], sweep.arrived[c],
        )  # fmt: skip
