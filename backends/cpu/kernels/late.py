"""What is still to arrive: synapses with delays of their own, by a ring of steps.

A spike goes once through the synapses of its neuron, when the first of them would bring it, and
adds their weights to the steps in which they do.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from .rows import numbers


@njit
def deliver_late(plan, values, j, spikes, start, end, t, lo, later):  # type: ignore[no-untyped-def]
    """What the spikes start:end of step t - delay[j] bring in step t and after it, to the columns
    from lo on of later f32[steps, ports * N]."""
    steps, pitch = later.shape
    ptr, late, flat = plan.csr_ptr, plan.csr_late, later.reshape(steps * pitch)
    base, shift, now = ptr[plan.row[j]], plan.late[j] - ptr[plan.row[j]], t % steps
    for k in range(start, end):
        row = plan.row[j] + spikes[k]
        first, last = ptr[row], ptr[row + 1]
        posts, after = plan.csr_post[first:last], late[shift + first : shift + last]
        own = values[plan.weight[j] + first - base : plan.weight[j] + last - base]
        for s in range(len(posts)):
            step = now + np.int64(after[s])
            step -= steps if step >= steps else np.int64(0)
            flat[np.uint64(step * pitch + lo + posts[s])] += own[s]


@njit
def arrive_late(later, t, lo, hi, current):  # type: ignore[no-untyped-def]
    """Add what comes to the ports lo:hi in step t to `current`; it is to arrive no longer."""
    row = later[t % later.shape[0], lo:hi]
    for k in range(len(row)):
        current[k] += row[k]
        row[k] = 0


@njit
def bring_late(plan, p, first, last, work, w):  # type: ignore[no-untyped-def]
    """Add what comes to population p in the steps first:last with delays of its own."""
    currents, later = numbers(work.currents[w]), numbers(work.later[w])
    for t in range(first, last):
        for port in range(plan.ports):
            lo = port * plan.neurons[-1] + plan.neurons[p]
            hi = lo + plan.neurons[p + 1] - plan.neurons[p]
            arrive_late(later, t, lo, hi, currents[t % currents.shape[0], lo:hi])
