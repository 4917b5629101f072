"""What the loss of a sample asks of the output: of every spike, or of what is emitted last."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from ....compiled.formulas import decide
from ....cpu.kernels.rows import fill
from ....cpu.timeloop import count, read_scores
from ....cpu.units import unit
from ....losses.table import FIRST, SOFTMAX, TRAINS

ZERO64 = np.float64(0.0)


@unit
def judge(plan, through, work, sweep, data, results, s, w):  # type: ignore[no-untyped-def]
    """Counts, scores, cost and class of sample s; what the loss asks of the output."""
    counts, scores, error = results.counts[s], results.scores[s], sweep.error[w]
    count(plan, work, w, plan.output, counts)
    read_scores(plan, work.reals[w], scores)
    results.predictions[s] = best_of(scores) if plan.score >= 0 else decide(counts)
    if through.loss == TRAINS:
        results.cost[s] += by_trains(plan, through, work, sweep, w, data.labels[s])
        ask_trains(plan, through, sweep, w, data.importance[s])
        if through.is_timed:
            ask_times(plan, sweep, w)
        return
    if through.loss == FIRST:
        label = data.labels[s]
        results.cost[s] += by_first(plan, through, work, w, label, error)
        ask_first(plan, through, work, sweep, w, error, data.importance[s])
        return
    if through.loss == SOFTMAX:
        if plan.score >= 0:
            read(scores, error)
        else:
            read(counts, error)
        results.cost[s] += cross_entropy(error, data.labels[s], through.scale)
    else:
        results.cost[s] += by_table(through, counts, data.labels[s], error)
    ask_output(plan, through, sweep, w, error, data.importance[s])
    if through.is_timed:
        ask_times(plan, sweep, w)


@njit
def best_of(scores):  # type: ignore[no-untyped-def]
    """The output with the highest score, the lowest index on a tie; -1 where one is no number, or
    all are 0."""
    best, any_score = 0, False
    for i in range(len(scores)):
        if scores[i] != scores[i]:
            return -1
        any_score = any_score or scores[i] != 0.0
        if scores[i] > scores[best]:
            best = i
    return best if any_score else -1


@njit
def read(readout, error):  # type: ignore[no-untyped-def]
    """The readout as the loss takes it, in place of the error."""
    for i in range(len(error)):
        error[i] = np.float64(readout[i])


@njit
def cross_entropy(error, label, scale):  # type: ignore[no-untyped-def]
    """The cost of the scores in error f64[outputs], and their errors in place of them; see
    `losses.table.entropy_terms`."""
    top = error[0]
    for i in range(len(error)):
        top = max(top, error[i])
    total, own = ZERO64, scale * (error[label] - top)
    for i in range(len(error)):
        error[i] = math.exp(scale * (error[i] - top))
        total += error[i]
    for i in range(len(error)):
        error[i] = scale * (error[i] / total - (1.0 if i == label else 0.0))
    return math.log(total) - own


@njit
def by_table(through, counts, label, error):  # type: ignore[no-untyped-def]
    """The cost of the counts, and their errors."""
    cost = ZERO64
    for i in range(len(counts)):
        row = 1 if i == label else 0
        error[i] = through.error[row, counts[i]]
        cost += through.cost[row, counts[i]]
    return cost


@njit
def ask_output(plan, through, sweep, w, error, importance):  # type: ignore[no-untyped-def]
    """The error of every output neuron: of its spike in any step, of its last emission, or of a sum
    of PSCs, to which a spike adds 1 - keep^(steps that are left)."""
    lo, reads_score = plan.neurons[plan.output], through.loss == SOFTMAX and plan.score >= 0
    for i in range(len(error)):
        asked = importance * np.float32(error[i])
        if reads_score and plan.keep >= 0.0:
            left = 1.0
            for t in range(plan.steps - 1, -1, -1):
                left *= plan.keep
                sweep.aim[w, t, i] = asked * np.float32(1.0 - left)
        elif reads_score:
            sweep.later[w, plan.score, lo + i] = asked
        else:
            for t in range(plan.steps):
                sweep.aim[w, t, i] = asked


@njit
def by_trains(plan, through, work, sweep, w, label):  # type: ignore[no-untyped-def]
    """The cost of the outputs' filtered trains; their distance from those wanted is left in
    the aim. See `losses.trains`."""
    p, trace, share, cost = plan.output, sweep.error[w], 1.0 - through.keep, ZERO64
    ptr, spikes = work.ptr[w, p], work.spikes[w, plan.events[p] : plan.events[p + 1]]
    fill(trace, ZERO64)
    for t in range(plan.steps):
        asked = sweep.aim[w, t]
        for i in range(len(trace)):
            trace[i] *= through.keep
        for k in range(ptr[t], ptr[t + 1]):
            trace[spikes[k]] += share
        for i in range(len(trace)):
            distance = trace[i] - through.wanted[through.which[label, i], t]
            asked[i] = np.float32(distance)
            cost += distance * distance
    return 0.5 * cost


@njit
def ask_trains(plan, through, sweep, w, importance):  # type: ignore[no-untyped-def]
    """The aim, a distance of filtered trains, as what a spike in each step is asked for."""
    trace, share = sweep.error[w], 1.0 - through.keep
    fill(trace, ZERO64)
    for t in range(plan.steps - 1, -1, -1):
        asked = sweep.aim[w, t]
        for i in range(len(trace)):
            trace[i] = through.keep * trace[i] + share * asked[i]
            asked[i] = importance * np.float32(trace[i])


@njit
def by_first(plan, through, work, w, label, error):  # type: ignore[no-untyped-def]
    """The cost of the outputs' first spikes; dL/d(steps left after them) in error. See
    `losses.first`."""
    first = first_of(plan, work, w)
    for i in range(len(error)):
        error[i] = -np.float64(first[i])
    cost = cross_entropy(error, label, through.scale)
    error[label] -= through.early * through.scale
    return cost + through.early * through.scale * first[label]


@njit
def first_of(plan, work, w):  # type: ignore[no-untyped-def]
    """The step in which each output fires first, T where it is silent: i64[outputs]."""
    p = plan.output
    ptr, spikes = work.ptr[w, p], work.spikes[w, plan.events[p] : plan.events[p + 1]]
    first = np.full(plan.neurons[p + 1] - plan.neurons[p], plan.steps, np.int64)
    for t in range(plan.steps - 1, -1, -1):
        for k in range(ptr[t], ptr[t + 1]):
            first[spikes[k]] = t
    return first


@njit
def ask_first(plan, through, work, sweep, w, error, importance):  # type: ignore[no-untyped-def]
    """What a spike of every step is asked for by the first: that it brings it forward to its own
    step, and the first itself that without it the second would be the first. Or, of spikes that
    are asked for their times, what the first is."""
    p, first = plan.output, first_of(plan, work, w)
    ptr, spikes = work.ptr[w, p], work.spikes[w, plan.events[p] : plan.events[p + 1]]
    after = np.full(len(error), plan.steps, np.int64)  # the next spike
    for t in range(plan.steps - 1, -1, -1):
        for i in range(len(error)):
            gained = after[i] - t
            if through.is_timed:
                gained = -1 if t == first[i] else 0
            if t <= first[i]:
                asked = importance * np.float32(error[i] * gained)
                sweep.aim[w, t, i] = asked
        for k in range(ptr[t], ptr[t + 1]):
            after[spikes[k]] = t


@njit
def ask_times(plan, sweep, w):  # type: ignore[no-untyped-def]
    """What is asked of spikes as what is asked of their times; see `losses.trains.slopes`. Where
    nothing is asked of them, as of an output that emits, it stays so."""
    for i in range(sweep.aim.shape[2]):
        asked = sweep.aim[w, :, i]
        before, now = asked[0], asked[0]
        for t in range(plan.steps):
            after = asked[t + 1] if t + 1 < plan.steps else np.float32(0.0)
            share = np.float32(1.0) if t == 0 else np.float32(0.5)
            asked[t] = share * (after - before)
            before, now = now, after
