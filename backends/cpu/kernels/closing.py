"""What closes a step of a population: what it sends is written down, and what a probe sees."""

from __future__ import annotations

import numpy as np
from numba import njit

from .dropout import leave_out
from .features import CODES, DROPPED, GRADED, OFTEN, RECORDED
from .forward import append
from .rows import numbers

FLUSH = 40  # steps; a multiple of those that are taken at a time
NORMAL = np.float32(1.1754944e-38)  # the smallest float32 that is not denormal
NOTHING = np.float32(0.0)
# A row of `work.probes`: the population, whether the state is an integer, its row among the reals
# or the integers, its first neuron and how many there are, every how many steps, the place of the
# first number in `work.seen`.
OF_POPULATION, OF_INTEGER, OF_STATE, OF_FIRST, OF_COUNT, OF_EVERY, OF_PLACE = 0, 1, 2, 3, 4, 5, 6


@njit
def close_step(plan, p, t, end, work, w):  # type: ignore[no-untyped-def]
    """The numbers that population p sends in step t, its spikes in the steps t:end."""
    reals, fired, ptr = work.reals[w], work.fired[w], work.ptr[w]
    lo, hi = plan.neurons[p], plan.neurons[p + 1]
    if GRADED and plan.emitted[p] >= 0:
        own = numbers(work.graded[w, t, plan.graded[p] : plan.graded[p + 1]])
        emitted = numbers(reals[plan.emitted[p], lo:hi])
        for n in range(hi - lo):
            own[n] = emitted[n]
        if DROPPED and plan.dropped[p] > 0:
            for n in range(hi - lo):
                own[n] *= work.shares[w, lo + n]
    elif DROPPED and plan.dropped[p] > 0:
        for now in range(t, end):
            leave_out(work.shares[w, lo:hi], fired[now - t, : hi - lo])
    spikes = work.spikes[w, plan.events[p] : plan.events[p + 1]]
    for now in range(t, end):
        if OFTEN:
            ptr[p, now + 1] = append_often(fired[now - t, : hi - lo], ptr[p, now], spikes)
        else:
            ptr[p, now + 1] = append(fired[now - t, : hi - lo], ptr[p, now], spikes)
    if not CODES and end % FLUSH == 0:
        forget_faint(reals, lo, hi)
    if RECORDED:
        see(plan, p, t, work, w)


@njit
def see(plan, p, t, work, w):  # type: ignore[no-untyped-def]
    """The states of population p after step t that are probed, into work.seen."""
    for k in range(len(work.probes)):
        probe = work.probes[k]
        if probe[OF_POPULATION] == p and (t + 1) % probe[OF_EVERY] == 0:
            first, n = plan.neurons[p] + probe[OF_FIRST], probe[OF_COUNT]
            at = probe[OF_PLACE] + ((t + 1) // probe[OF_EVERY] - 1) * n
            target = work.seen[w, at : at + n]
            if probe[OF_INTEGER] != 0:
                target.view(np.int32)[:] = work.integers[w, probe[OF_STATE], first : first + n]
            else:
                target[:] = work.reals[w, probe[OF_STATE], first : first + n]


@njit
def append_often(counts, events, spikes):  # type: ignore[no-untyped-def]
    """As `append`, each index as often as its neuron fired."""
    for i in range(len(counts)):
        for _ in range(counts[i]):
            spikes[events] = i
            events += 1
    return events


@njit
def forget_faint(reals, lo, hi):  # type: ignore[no-untyped-def]
    """Set the states of the neurons lo:hi to zero where they are denormal.

    They come to that in a long silence, and a processor is many times slower on such numbers. At
    fixed steps, so that no bit depends on the windows.
    """
    for k in range(reals.shape[0]):
        row = reals[k, lo:hi]  # from 0 on: an index that may be below would keep it scalar
        for n in range(hi - lo):
            row[n] = NOTHING if abs(row[n]) < NORMAL else row[n]
