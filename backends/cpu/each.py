"""The time loop of networks whose events are delivered one by one, in the order of arrival: the
projections from other blocks in graph order, then those from the population's own block, in each
the pre neurons ascending."""

from __future__ import annotations

import numpy as np
from numba import njit

from .kernels.closing import close_step
from .kernels.features import CODES, GRADED, STEADY
from .kernels.rows import numbers
from .kernels.synapses import row_of_event
from .units import advance_at, unit

PARTS = 3  # of the step of a model: what comes before its events, an event, what comes after them
EVENT, AFTER = 1, 2


@unit
def step_each(advance, plan, weights, b, work, w):  # type: ignore[no-untyped-def]
    """All steps of block b."""
    step, values = advance_at(advance), numbers(weights.values)
    reals, integers, fired, row = work.reals[w], work.integers[w], work.fired[w], work.row[w]
    currents = work.currents[w]
    for t in range(plan.steps):
        for k in range(plan.block[b], plan.block[b + 1]):
            p = plan.order[k]
            lo, hi, model = plan.neurons[p], plan.neurons[p + 1], PARTS * plan.model[p]
            step(model, p, lo, hi, t, t + 1, reals, integers, currents, plan.constants, fired)
            for s in range(plan.incoming[p], plan.incoming[p + 1]):
                j = plan.sources[s]
                start, end = arriving(plan, j, t, work, w)
                for e in range(start, end):
                    pre, number = event(plan, j, t, e, work, w)
                    count = row_of_event(plan, values, j, pre, number, row)
                    step(
                        model + EVENT, p, lo, hi, plan.port[j], count, reals, integers, row,
                        plan.constants, fired,
                    )  # fmt: skip
            step(
                model + AFTER, p, lo, hi, t, t + 1, reals, integers, currents, plan.constants,
                fired,
            )  # fmt: skip
            close_step(plan, p, t, t + 1, work, w)


@njit
def arriving(plan, j, t, work, w):  # type: ignore[no-untyped-def]
    """The events (start, end) of projection j that arrive in step t: places in the list of its pre
    population, or neurons of one that sends numbers."""
    a, sent = plan.pre[j], t - plan.delay[j]
    if sent < 0:
        return np.int64(0), np.int64(0)
    if sends_steadily(plan, j) or (GRADED and plan.emitted[a] >= 0):
        return np.int64(0), plan.neurons[a + 1] - plan.neurons[a]
    return np.int64(work.ptr[w, a, sent]), np.int64(work.ptr[w, a, sent + 1])


@njit
def sends_steadily(plan, j):  # type: ignore[no-untyped-def]
    """Whether projection j brings the numbers of an input."""
    return STEADY and plan.steady[j] < plan.steady[j + 1]


@njit
def event(plan, j, t, e, work, w):  # type: ignore[no-untyped-def]
    """The pre neuron of event e, and the number by which it multiplies its weights: 1 of a
    spike."""
    a, sent = plan.pre[j], t - plan.delay[j]
    if sends_steadily(plan, j):
        return np.int64(e), numbers(work.numbers[w])[plan.neurons[a] + e]
    if GRADED and plan.emitted[a] >= 0:
        return np.int64(e), numbers(work.graded[w, sent])[plan.graded[a] + e]
    one = np.int32(1) if CODES else np.float32(1.0)
    return np.int64(work.spikes[w, plan.events[a] + e]), one
