"""What the loss of a sample asks of the output: of every spike, or of what is emitted last."""

from __future__ import annotations

import math

import numpy as np
from numba import cuda

from ....compiled.formulas import decide
from ....cuda.kernels.forward import fired
from ....cuda.kernels.grid import block_sum, f32
from ....cuda.timeloop import count_all, read_scores
from ....losses.table import FIRST, SOFTMAX, TRAINS

ZERO = np.float32(0.0)
ONE = np.float32(1.0)
HALF = np.float32(0.5)


@cuda.jit(device=True)
def judge(plan, tables, through, data, work, results, b, s):  # type: ignore[no-untyped-def]
    """Counts, scores, cost and class of sample s, at place b; what the loss asks of the output."""
    lo, n = plan.neurons[plan.output], results.counts.shape[1]
    count_all(work, results, b)
    read_scores(plan, work, results, b, s)
    i = cuda.threadIdx.x
    while i < n:
        results.counts[s, i] = work.count[b, lo + i]
        i += cuda.blockDim.x
    cuda.syncthreads()
    label, importance = data.labels[s], data.importance[s]
    if through.loss == TRAINS:
        cost = block_sum(by_trains(plan, tables, through, work, b, n, label, importance))
    else:
        cost = ZERO
    if cuda.threadIdx.x == 0:
        scored = plan.score >= 0
        results.predictions[s] = best_of(results.scores[s]) if scored else decide(results.counts[s])
        if through.loss == SOFTMAX:
            read(plan, results, s, work.error[b])
            cost = cross_entropy(work.error[b], label, through.scale)
        elif through.loss == FIRST:
            cost = by_first(plan, through, work, b, label, work.error[b])
        elif through.loss != TRAINS:
            cost = by_table(through, results.counts[s], label, work.error[b])
        results.cost[s] = cost
    cuda.syncthreads()
    if through.loss == FIRST:
        ask_first(plan, tables, through, work, b, n, importance)
        return
    if through.loss != TRAINS:
        ask_output(plan, tables, through, work, b, n, importance)
    if through.is_timed != 0:
        ask_times(plan, tables, work, b, n)


@cuda.jit(device=True)
def best_of(scores):  # type: ignore[no-untyped-def]
    """The output with the highest score, the lowest index on a tie; -1 where one is no number, or
    all are 0."""
    best, any_score = 0, False
    for i in range(len(scores)):
        if scores[i] != scores[i]:
            return -1
        any_score = any_score or scores[i] != ZERO
        if scores[i] > scores[best]:
            best = i
    return best if any_score else -1


@cuda.jit(device=True)
def read(plan, results, s, error):  # type: ignore[no-untyped-def]
    """The readout as the loss takes it, in place of the error."""
    for i in range(len(error)):
        error[i] = results.scores[s, i] if plan.score >= 0 else f32(results.counts[s, i])


@cuda.jit(device=True)
def cross_entropy(error, label, scale):  # type: ignore[no-untyped-def]
    """The cost of the scores in error f32[outputs], and their errors in place of them; see
    `losses.table.entropy_terms`."""
    top, total = error[0], ZERO
    for i in range(len(error)):
        top = max(top, error[i])
    own = scale * (error[label] - top)
    for i in range(len(error)):
        error[i] = math.exp(scale * (error[i] - top))
        total += error[i]
    for i in range(len(error)):
        error[i] = scale * (error[i] / total - (ONE if i == label else ZERO))
    return f32(math.log(total)) - own


@cuda.jit(device=True)
def by_table(through, counts, label, error):  # type: ignore[no-untyped-def]
    """The cost of the counts, and their errors."""
    cost = ZERO
    for i in range(len(counts)):
        row = 1 if i == label else 0
        error[i] = through.error[row, counts[i]]
        cost += through.cost[row, counts[i]]
    return cost


@cuda.jit(device=True)
def ask_output(plan, tables, through, work, b, n, importance):  # type: ignore[no-untyped-def]
    """The error of every output neuron: of its spike in any step, of its last emission, or of a sum
    of PSCs, to which a spike adds 1 - keep^(steps that are left)."""
    reads_score = through.loss == SOFTMAX and plan.score >= 0
    i = cuda.threadIdx.x
    while i < n:
        error = importance * work.error[b, i]
        place, left = tables.slot[plan.output] + i, ONE
        if reads_score and plan.keep < ZERO:
            work.later[b, plan.score, plan.neurons[plan.output] + i] = error
            error = ZERO
        for t in range(plan.steps - 1, -1, -1):
            asked = error
            if reads_score and plan.keep >= ZERO:
                left *= plan.keep
                asked = error * (ONE - left)
            work.asked[b, t * tables.width + place] = asked
        i += cuda.blockDim.x


@cuda.jit(device=True)
def by_trains(plan, tables, through, work, b, n, label, importance):  # type: ignore[no-untyped-def]
    """The thread's part in the cost of the outputs' filtered trains; what their distance from those
    wanted asks of a spike in each step. See `losses.trains`."""
    cost, keep, share, width = ZERO, through.keep, ONE - through.keep, tables.width
    i = cuda.threadIdx.x
    while i < n:
        trace, place = ZERO, tables.slot[plan.output] + i
        for t in range(plan.steps):
            trace *= keep
            if fired(work.bits[b], t * tables.words + tables.word[plan.output], i):
                trace += share
            distance = trace - through.wanted[through.which[label, i], t]
            work.asked[b, t * width + place] = distance
            cost += HALF * (distance * distance)
        trace = ZERO
        for t in range(plan.steps - 1, -1, -1):
            trace = keep * trace + share * work.asked[b, t * width + place]
            work.asked[b, t * width + place] = importance * trace
        i += cuda.blockDim.x
    return cost


@cuda.jit(device=True)
def by_first(plan, through, work, b, label, error):  # type: ignore[no-untyped-def]
    """The cost of the outputs' first spikes; dL/d(steps left after them) in error. See
    `losses.first`."""
    for i in range(len(error)):
        error[i] = -f32(first_of(plan, work, b, i, 0))
    own = -error[label]
    cost = cross_entropy(error, label, through.scale)
    error[label] -= through.early * through.scale
    return cost + through.early * through.scale * own


@cuda.jit(device=True)
def first_of(plan, work, b, i, k):  # type: ignore[no-untyped-def]
    """The step of spike k, from 0, of output i; T where it does not fire so often."""
    neuron = plan.neurons[plan.output] + i
    return work.times[b, plan.steps * neuron + k] if work.count[b, neuron] > k else plan.steps


@cuda.jit(device=True)
def ask_first(plan, tables, through, work, b, n, importance):  # type: ignore[no-untyped-def]
    """What a spike of every step is asked for by the first: that it brings it forward to its own
    step, and the first itself that without it the second would be the first. Or, of spikes that
    are asked for their times, what the first is."""
    i = cuda.threadIdx.x
    while i < n:
        error, first = work.error[b, i], first_of(plan, work, b, i, 0)
        for t in range(plan.steps):
            gained = max(0, first - t)
            if through.is_timed != 0:
                gained = -1 if t == first else 0
            elif t == first:
                gained = first_of(plan, work, b, i, 1) - t
            asked = importance * (error * f32(gained))
            work.asked[b, t * tables.width + tables.slot[plan.output] + i] = asked
        i += cuda.blockDim.x


@cuda.jit(device=True)
def ask_times(plan, tables, work, b, n):  # type: ignore[no-untyped-def]
    """What is asked of spikes as what is asked of their times; see `losses.trains.slopes`. Where
    nothing is asked of them, as of an output that emits, it stays so."""
    i = cuda.threadIdx.x
    while i < n:
        place = tables.slot[plan.output] + i
        before, now = work.asked[b, place], work.asked[b, place]
        for t in range(plan.steps):
            after = work.asked[b, (t + 1) * tables.width + place] if t + 1 < plan.steps else ZERO
            share = ONE if t == 0 else HALF
            work.asked[b, t * tables.width + place] = share * (after - before)
            before, now = now, after
        i += cuda.blockDim.x
