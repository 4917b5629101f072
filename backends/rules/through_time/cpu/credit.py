"""What the adjoints ask of the weights: row by row, for the spikes of several samples at once."""

from __future__ import annotations

import numpy as np
from numba import njit

from ....compiled.kinds import LIST, PAIRS
from ....cpu.kernels.features import DROPPED, GRADED, LISTED, MATRIX, STEADY
from ....cpu.kernels.planes import bordered_of, is_laid, planes_of
from ....cpu.kernels.rows import add, add_scaled, fill
from ....cpu.units import unit
from .features import AT_ONCE
from .planes import keep_worth, worth_of_numbers, worth_of_spikes
from .synapses import STEPS

ZERO = np.float32(0.0)
ONE = np.float32(1.0)


@unit
def credit(plan, through, store, work, sweep, w, count, segment):  # type: ignore[no-untyped-def]
    """The sums += dL/d(weight) of `count` samples of worker w, by what arrived in a segment."""
    first = segment * through.segment
    last = min(first + through.segment, plan.steps)
    sums = sweep.sums[0] if AT_ONCE else store.gradient[w]
    for a in range(len(plan.model)):
        sorted_for = np.int64(-1)
        for j in range(len(plan.pre)):
            if plan.pre[j] == a and through.trains[j]:
                if is_laid(plan, j):
                    credit_planes(plan, work, sweep, w, count, j, first, last, sums)
                elif STEADY and plan.steady[j] < plan.steady[j + 1]:
                    credit_steady(plan, work, sweep, w, count, j, first, last, sums)
                elif GRADED and plan.emitted[a] >= 0:
                    credit_graded(plan, work, sweep, w, count, j, first, last, sums)
                else:
                    if plan.delay[j] != sorted_for:
                        sorted_for = plan.delay[j]
                        sort_spikes(plan, work, sweep, w, count, a, sorted_for, first, last)
                    credit_spikes(plan, sweep, w, j, sums)


@njit
def sort_spikes(plan, work, sweep, w, count, a, delay, first, last):  # type: ignore[no-untyped-def]
    """The spikes of population a that arrive in the steps first:last, by neuron, of each in the
    order of samples and steps."""
    n, own, rows = plan.neurons[a + 1] - plan.neurons[a], w * sweep.together, sweep.arrived.shape[1]
    until, when = sweep.until[w, : n + 2], sweep.when[w]
    fill(until, 0)
    sent, ends = max(0, first - delay), max(0, last - delay)
    for c in range(own, own + count):
        spikes = work.spikes[c, plan.events[a] : plan.events[a + 1]]
        for k in range(work.ptr[c, a, sent], work.ptr[c, a, ends]):
            until[spikes[k] + 2] += 1
    for i in range(n):
        until[i + 2] += until[i + 1]
    for c in range(count):
        spikes = work.spikes[own + c, plan.events[a] : plan.events[a + 1]]
        ptr, base = work.ptr[own + c, a], (own + c) * rows + delay - first
        for t in range(sent, ends):
            for k in range(ptr[t], ptr[t + 1]):
                place = until[spikes[k] + 1]
                when[place] = base + t
                until[spikes[k] + 1] = place + 1


@njit
def credit_spikes(plan, sweep, w, j, sums):  # type: ignore[no-untyped-def]
    """The part of projection j in what was sorted: the adjoint where each spike arrived."""
    a, p = plan.pre[j], plan.post[j]
    origin = plan.port[j] * plan.neurons[-1]
    start, stop = origin + plan.neurons[p], origin + plan.neurons[p + 1]
    samples, steps, width = sweep.arrived.shape
    rows, n = sweep.arrived.reshape(samples * steps, width), stop - start
    share = plan.share[a] if DROPPED else ONE
    for i in range(plan.neurons[a + 1] - plan.neurons[a]):
        when = sweep.when[w, sweep.until[w, i] : sweep.until[w, i + 1]]
        done = 0
        if MATRIX and plan.kind[j] == PAIRS:
            first = plan.weight[j] + i * n
            done = add_fours(rows, when, start, stop, share, sums[first : first + n])
        for k in range(done, len(when)):
            credit_pre(plan, j, i, share, rows[when[k], start:stop], sums)


@njit
def add_fours(rows, when, start, stop, share, own):  # type: ignore[no-untyped-def]
    """own += share rows[when[k], start:stop], four a pass; how many of them."""
    done = 0
    while done + 4 <= len(when):
        r0, r1 = rows[when[done], start:stop], rows[when[done + 1], start:stop]
        r2, r3 = rows[when[done + 2], start:stop], rows[when[done + 3], start:stop]
        if DROPPED and share != ONE:
            for l in range(len(own)):
                own[l] += share * (((r0[l] + r1[l]) + r2[l]) + r3[l])
        else:
            for l in range(len(own)):
                own[l] = (((own[l] + r0[l]) + r1[l]) + r2[l]) + r3[l]
        done += 4
    return done


@njit
def credit_steady(plan, work, sweep, w, count, j, first, last, sums):  # type: ignore[no-untyped-def]
    """The part of projection j where its input sends a number in every step: the adjoints of the
    steps first:last are added up before."""
    a, own = plan.pre[j], w * sweep.together
    lo, hi = plan.steady[j], plan.steady[j + 1]
    add_totals(plan, sweep, w, count, j, first, last)
    totals = sweep.totals[own : own + count]
    for i in range(plan.neurons[a + 1] - plan.neurons[a]):
        numbers = work.numbers[own : own + count, plan.neurons[a] + i]
        credit_numbers(plan, j, i, numbers, totals, lo, hi, sums)


@njit
def add_totals(plan, sweep, w, count, j, first, last):  # type: ignore[no-untyped-def]
    """The adjoints of what projection j brought in the steps first:last, added up, into totals."""
    p, lo, hi = plan.post[j], plan.steady[j], plan.steady[j + 1]
    origin = plan.port[j] * plan.neurons[-1]
    start, stop = origin + plan.neurons[p], origin + plan.neurons[p + 1]
    for c in range(w * sweep.together, w * sweep.together + count):
        total = sweep.totals[c, lo:hi]
        fill(total, ZERO)
        for t in range(max(first, plan.delay[j]), last):
            add(sweep.arrived[c, t - first, start:stop], total)


@njit
def credit_graded(plan, work, sweep, w, count, j, first, last, sums):  # type: ignore[no-untyped-def]
    """The part of projection j where its pre neurons send numbers that arrive in the steps
    first:last, some at a time, whose adjoints stay in cache."""
    a, p, d = plan.pre[j], plan.post[j], plan.delay[j]
    origin = plan.port[j] * plan.neurons[-1]
    start, stop = origin + plan.neurons[p], origin + plan.neurons[p + 1]
    for c in range(w * sweep.together, w * sweep.together + count):
        for t0 in range(max(0, first - d), last - d, STEPS):
            t1 = min(t0 + STEPS, last - d)
            arrived = sweep.arrived[c, t0 + d - first : t1 + d - first]
            for i in range(plan.neurons[a + 1] - plan.neurons[a]):
                numbers = work.graded[c, t0:t1, plan.graded[a] + i]
                credit_numbers(plan, j, i, numbers, arrived, start, stop, sums)


@njit
def credit_numbers(plan, j, i, numbers, rows, lo, hi, sums):  # type: ignore[no-untyped-def]
    """The part of numbers that pre neuron i sent, each times its row's adjoint rows[c, lo:hi]."""
    done = 0
    if MATRIX and plan.kind[j] == PAIRS:
        row = plan.weight[j] + i * (hi - lo)
        done = add_scaled_fours(numbers, rows, lo, hi, sums[row : row + hi - lo])
    for c in range(done, len(numbers)):
        if numbers[c] != ZERO:
            credit_pre(plan, j, i, numbers[c], rows[c, lo:hi], sums)


@njit
def add_scaled_fours(numbers, rows, lo, hi, own):  # type: ignore[no-untyped-def]
    """own += numbers[c] rows[c, lo:hi], four a pass; how many of them."""
    done = 0
    while done + 4 <= len(numbers):
        x0, x1, x2, x3 = numbers[done], numbers[done + 1], numbers[done + 2], numbers[done + 3]
        if x0 != ZERO or x1 != ZERO or x2 != ZERO or x3 != ZERO:
            r0, r1 = rows[done, lo:hi], rows[done + 1, lo:hi]
            r2, r3 = rows[done + 2, lo:hi], rows[done + 3, lo:hi]
            for l in range(len(own)):
                own[l] = (((own[l] + x0 * r0[l]) + x1 * r1[l]) + x2 * r2[l]) + x3 * r3[l]
        done += 4
    return done


@njit
def credit_pre(plan, j, i, scale, arrived, sums):  # type: ignore[no-untyped-def]
    """The part of a number `scale` of pre neuron i, 1 of a spike where none are left out."""
    own = sums[plan.weight[j] : plan.weight[j + 1]]
    if MATRIX and plan.kind[j] == PAIRS:
        n = len(arrived)
        row = own[i * n : i * n + n]
        add_scaled(scale, arrived, row)
    if LISTED and plan.kind[j] == LIST:
        row, posts, base = plan.row[j] + i, plan.csr_post, plan.csr_ptr[plan.row[j]]
        for s in range(plan.csr_ptr[row], plan.csr_ptr[row + 1]):
            own[s - base] += scale * arrived[posts[s]]


@njit
def credit_planes(plan, work, sweep, w, count, j, first, last, sums):  # type: ignore[no-untyped-def]
    """The part of projection j, a convolution: of what arrived in the steps first:last."""
    a, p, d, window = plan.pre[j], plan.post[j], plan.delay[j], plan.windows[j]
    origin = plan.port[j] * plan.neurons[-1]
    start, stop = origin + plan.neurons[p], origin + plan.neurons[p + 1]
    kernel, own = sweep.kernel[w], slice(plan.weight[j], plan.weight[j + 1])
    planes = np.empty(planes_of(window), np.float32)
    bordered = np.empty(bordered_of(window), np.float32)
    if STEADY and plan.steady[j] < plan.steady[j + 1]:
        lo, hi = plan.steady[j], plan.steady[j + 1]
        add_totals(plan, sweep, w, count, j, first, last)
        for c in range(w * sweep.together, w * sweep.together + count):
            sent = work.numbers[c, plan.neurons[a] : plan.neurons[a + 1]]
            worth_of_numbers(window, sent, sweep.totals[c, lo:hi], planes, bordered, kernel)
    else:
        for c in range(w * sweep.together, w * sweep.together + count):
            ptr, spikes = work.ptr[c, a], work.spikes[c, plan.events[a] : plan.events[a + 1]]
            for t in range(max(0, first - d), last - d):
                arrived = sweep.arrived[c, t + d - first, start:stop]
                if GRADED and plan.emitted[a] >= 0:
                    sent = work.graded[c, t, plan.graded[a] : plan.graded[a + 1]]
                    worth_of_numbers(window, sent, arrived, planes, bordered, kernel)
                else:
                    worth_of_spikes(window, spikes, ptr[t], ptr[t + 1], arrived, planes, kernel)
    if DROPPED and plan.dropped[a] > 0 and not (GRADED and plan.emitted[a] >= 0):
        multiply_all(plan.share[a], kernel)
    keep_worth(window, kernel, sums[own])


@njit
def multiply_all(share, kernel):  # type: ignore[no-untyped-def]
    """kernel *= share."""
    for k in range(len(kernel)):
        kernel[k] *= share
