"""Output error, decision, teacher spikes and the lateral factor of the spike-count rules."""

from __future__ import annotations

import numpy as np
from numba import njit

from ..formulas import (
    divisor,
    error_at,
    has_cost,
    lateral_term,
    place_of_pair,
    taught_spikes,
    taught_time,
)
from .spsp import response_at


@njit
def count_error(errors, costs, counts, label, importance, delta):  # type: ignore[no-untyped-def]
    """delta_i = importance dL/do_i; the cost with a silent target left out (it is about to be
    taught)."""
    cost = 0.0
    for i in range(len(counts)):
        delta[i] = importance * np.float64(error_at(errors, i, label, counts[i]))
        if has_cost(i, label, counts[i]):
            cost += error_at(costs, i, label, counts[i])
    return cost


@njit
def teach(row, times, n, label, steps, every):  # type: ignore[no-untyped-def]
    """Give a silent neuron `label` spikes at the steps every, 2 every, …

    row i32[n + 1] and times hold the neuron-major spikes; later neurons move up.
    """
    extra = taught_spikes(steps, every)
    place = row[label]
    for k in range(row[n] - 1, place - 1, -1):
        times[k + extra] = times[k]
    for m in range(extra):
        times[place + m] = taught_time(m, every)
    for i in range(label + 1, n + 1):
        row[i] += extra


@njit
def teach_steps(ptr, spikes, label, steps, every):  # type: ignore[no-untyped-def]
    """The same in time-major events, ptr i32[steps + 1] and spikes; later steps move up."""
    for t in range(steps - 1, 0, -1):
        before, taught = taught_spikes(t, every), taught_spikes(t + 1, every)
        for k in range(ptr[t + 1] - 1, ptr[t] - 1, -1):
            spikes[k + before] = spikes[k]
        ptr[t + 1] += taught
        if taught > before:
            spikes[ptr[t + 1] - 1] = label


@njit
def lateral_factor(  # type: ignore[no-untyped-def]
    silent_ratio, weights, n, nu, trace, column, columns, row, times, refractory, power, label,
    factor,
):  # fmt: skip
    """gamma_j = 1 / (1 - sum_l w_lj r_lj d_l w_jl r_jl d_j) from the spikes before teaching.

    r_lj = S-PSP of output j on output l per spike of j, `silent_ratio` if either is silent;
    d_l = 1/nu for neurons that fired and for the target, else 0 (Jin, Zhang & Li 2018). weights
    f32[n (n - 1)]: of every pair, sorted by (pre, post).
    """
    ratio = np.zeros((n, n))
    for l in range(n):
        for j in range(n):
            spikes = row[j + 1] - row[j]
            if spikes == 0 or row[l + 1] == row[l]:
                ratio[l, j] = silent_ratio
            else:
                entry = response_at(
                    trace, columns, column[j], times, row[l], row[l + 1], refractory, power
                )
                ratio[l, j] = entry / spikes
    for j in range(n):
        total = 0.0
        for l in range(n):
            if l != j and _counts(row, l, label) and _counts(row, j, label):
                there, back = weights[place_of_pair(n, j, l)], weights[place_of_pair(n, l, j)]
                total += lateral_term(there, back, ratio[l, j], ratio[j, l], nu)
        factor[j] = 1.0 / divisor(1.0 - total)


@njit
def _counts(row, i, label):  # type: ignore[no-untyped-def]
    return row[i + 1] > row[i] or i == label
