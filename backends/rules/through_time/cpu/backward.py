"""The sweep back through time of some samples: blocks in reverse, a segment of steps at a time.

Where a sample has one segment, what arrived in it is at hand. Where it has several, the states at
the start of each are found first, and what arrived is summed once more from the events, in the same
order: the same bits.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from ....cpu.kernels.features import DROPPED, PRESENTED
from ....cpu.kernels.rows import copy, fill
from ....cpu.timeloop import drive, drive_outside
from ....cpu.units import replay_at, retreat_at, unit
from .features import SEGMENTED
from .synapses import ask

ONE = np.float32(1.0)
ZERO = np.float32(0.0)


@unit
def clear(plan, sweep, w):  # type: ignore[no-untyped-def]
    """Nothing is asked yet, and nothing later than the last step."""
    for t in range(plan.steps):
        fill(sweep.aim[w, t], ZERO)
    for k in range(sweep.later.shape[1]):
        fill(sweep.later[w, k], ZERO)


@unit
def find_starts(plan, through, weights, work, sweep, w, count):  # type: ignore[no-untyped-def]
    """The states of `count` samples at the start of every segment."""
    for c in range(w, w + count):
        for k in range(len(plan.order)):
            if through.needed[plan.order[k]]:
                p = plan.order[k]
                settle_neurons(plan, sweep, c, p)
                for segment in range(through.segments):
                    move_states(plan, sweep, c, p, segment, True)
                    if segment < through.segments - 1:
                        again(plan, through, weights, work, sweep, c, p, segment)


@njit
def settle_neurons(plan, sweep, c, p):  # type: ignore[no-untyped-def]
    """The states of population p at rest."""
    lo, hi = plan.neurons[p], plan.neurons[p + 1]
    own = len(plan.real_init)
    for k in range(sweep.reals.shape[1]):
        row = sweep.reals[c, k, lo:hi]
        if k < own:
            copy(plan.real_init[k, lo:hi], row)
        else:
            fill(row, ZERO)
    for k in range(sweep.integers.shape[1]):
        copy(plan.integer_init[k, lo:hi], sweep.integers[c, k, lo:hi])


@njit
def move_states(plan, sweep, c, p, segment, is_kept):  # type: ignore[no-untyped-def]
    """The states of population p to those at the start of a segment (is_kept), or from them."""
    lo, hi = plan.neurons[p], plan.neurons[p + 1]
    for k in range(sweep.reals.shape[1]):
        start = sweep.starts_of_reals[c, segment, k, lo:hi]
        move(sweep.reals[c, k, lo:hi], start, is_kept)
    for k in range(sweep.integers.shape[1]):
        first = sweep.starts_of_integers[c, segment, k, lo:hi]
        move(sweep.integers[c, k, lo:hi], first, is_kept)


@njit
def move(now, start, is_kept):  # type: ignore[no-untyped-def]
    """A row to another (is_kept), or from it."""
    if is_kept:
        copy(now, start)
    else:
        copy(start, now)


@njit
def again(plan, through, weights, work, sweep, c, p, segment):  # type: ignore[no-untyped-def]
    """A segment of population p once more, from where its states are."""
    first = segment * through.segment
    last = min(first + through.segment, plan.steps)
    if PRESENTED or (SEGMENTED and through.segments > 1):
        drive_outside(plan, weights, p, first, last, work, c)
        for s in range(plan.inner[p], plan.incoming[p + 1]):
            j = plan.sources[s]
            drive(plan, weights.values, j, first, last, work, c, work.currents[c])
    if PRESENTED:
        take_spikes(plan, work, sweep, c, p, first, last)
    replay_at(through.replay)(
        plan.model[p], p, plan.neurons[p], plan.neurons[p + 1], last - first, work.currents[c],
        plan.constants, sweep.reals[c], sweep.integers[c], sweep.tape[c],
    )  # fmt: skip


@njit
def take_spikes(plan, work, sweep, c, p, first, last):  # type: ignore[no-untyped-def]
    """How often each neuron of population p fired in the steps first:last, into the last row of the
    tape: its states follow the spikes of the engine that ran the sample."""
    lo, hi = plan.neurons[p], plan.neurons[p + 1]
    fires = sweep.tape[c, sweep.tape.shape[1] - 1]
    ptr, spikes = work.ptr[c, p], work.spikes[c, plan.events[p] : plan.events[p + 1]]
    for t in range(first, last):
        fill(fires[t - first, lo:hi], ZERO)
        for k in range(ptr[t], ptr[t + 1]):
            fires[t - first, lo + spikes[k]] += ONE


@unit
def backward(plan, through, weights, store, work, sweep, w, count, segment):  # type: ignore[no-untyped-def]
    """The adjoints of a segment of the samples in the scratch w, w + 1, …, `count` of them."""
    first = segment * through.segment
    rows = min(through.segment, plan.steps - first)
    for c in range(w, w + count):
        start_segment(plan, through, sweep, c, segment, rows)
    for b in range(len(plan.block) - 2, -1, -1):
        if through.needed[plan.order[plan.block[b]]]:
            outside(plan, through, weights, store, work, sweep, w, count, b, segment, rows)
            if plan.recurrent[b] and not through.is_cut:
                for row in range(rows - 1, -1, -1):
                    inside(plan, through, store, work, sweep, w, count, b, plan.steps - first, row)
            else:
                for k in range(plan.block[b], plan.block[b + 1]):
                    scan(plan, through, work, sweep, w, count, plan.order[k], 0, rows)


@njit
def start_segment(plan, through, sweep, c, segment, rows):  # type: ignore[no-untyped-def]
    """What the loss asks of a segment; the adjoints that the one after it left first lie behind."""
    lo, hi = plan.neurons[plan.output], plan.neurons[plan.output + 1]
    for row in range(rows):
        fill(sweep.asked[c, row], ZERO)
        copy(sweep.aim[c, segment * through.segment + row], sweep.asked[c, row, lo:hi])
    if SEGMENTED and through.segments > 1:
        for row in range(sweep.arrived.shape[1] - through.segment - 1, -1, -1):
            copy(sweep.arrived[c, row], sweep.arrived[c, through.segment + row])


@njit
def outside(plan, through, weights, store, work, sweep, w, count, b, segment, rows):  # type: ignore[no-untyped-def]
    """What later blocks ask of the spikes of block b, and its states once more."""
    left = plan.steps - segment * through.segment
    for k in range(plan.block[b], plan.block[b + 1]):
        p = plan.order[k]
        for c in range(w, w + count):
            if SEGMENTED and through.segments > 1:
                move_states(plan, sweep, c, p, segment, False)
            else:
                settle_neurons(plan, sweep, c, p)
            again(plan, through, weights, work, sweep, c, p, segment)
        for j in range(len(plan.pre)):
            if plan.pre[j] == p and not is_inside(plan, b, plan.post[j]):
                ask(plan, store, sweep, w, count, j, 0, rows, left)


@njit
def inside(plan, through, store, work, sweep, w, count, b, left, row):  # type: ignore[no-untyped-def]
    """A step of a recurrent block, with so many steps `left` from the segment's first on: its
    populations against their order, each after those that its spikes reached within the step."""
    for k in range(plan.block[b + 1] - 1, plan.block[b] - 1, -1):
        p = plan.order[k]
        for j in range(len(plan.pre)):
            if plan.pre[j] == p and is_inside(plan, b, plan.post[j]):
                ask(plan, store, sweep, w, count, j, row, row + 1, left)
        scan(plan, through, work, sweep, w, count, p, row, row + 1)


@njit
def is_inside(plan, b, p):  # type: ignore[no-untyped-def]
    """Whether population p lies in block b."""
    found = False
    for k in range(plan.block[b], plan.block[b + 1]):
        found = found or plan.order[k] == p
    return found


@njit
def ask_less(shares, asked):  # type: ignore[no-untyped-def]
    """asked[n] *= shares[n]."""
    for n in range(len(asked)):
        asked[n] *= shares[n]


@njit
def scan(plan, through, work, sweep, w, count, p, first, last):  # type: ignore[no-untyped-def]
    """The adjoints of the rows first:last of population p; units that were left out are asked for
    nothing."""
    for c in range(w, w + count):
        if DROPPED and plan.dropped[p] > 0:
            lo, hi = plan.neurons[p], plan.neurons[p + 1]
            for row in range(first, last):
                ask_less(work.shares[c, lo:hi], sweep.asked[c, row, lo:hi])
        retreat_at(through.retreat)(
            plan.model[p], p, plan.neurons[p], plan.neurons[p + 1], first, last, plan.constants,
            plan.real_init, sweep.tape[c], sweep.asked[c], sweep.later[c], sweep.arrived[c],
        )  # fmt: skip
