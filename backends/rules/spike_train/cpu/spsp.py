"""Spike-train-level postsynaptic potentials (S-PSP), factored: e = C V.

V[t, j] is the PSP trace of pre neuron j that no post neuron resets: one linear recursion a neuron.
C has +1 at each spike t_f of post neuron i and -power[t_f - t_r] at t_r = previous spike +
refractory, so a row e[i, :] costs two row-axpys a post spike (docs/training.md; the pairwise
definition is in the oracle).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from ..formulas import closed_step, discrete_step, last_reset

ONE = np.float32(1.0)
ZERO = np.float32(0.0)
LINE = 16  # f32 of a cache line


@njit
def bounds_by_neuron(events, spikes, n, row):  # type: ignore[no-untyped-def]
    """row[i + 1] - row[i] spikes of neuron i among the first `events`, row[0] = 0."""
    for i in range(n + 1):
        row[i] = 0
    for k in range(events):
        row[spikes[k] + 1] += 1
    for i in range(n):
        row[i + 1] += row[i]


@njit
def times_by_neuron(ptr, spikes, steps, n, row, times, fill):  # type: ignore[no-untyped-def]
    """Neuron-major spike times of a population: neuron i fired at times[row[i] : row[i + 1]].

    ptr, spikes: its time-major events. row i32[n + 1], times i32[events], scratch fill i32[n].
    """
    bounds_by_neuron(ptr[steps], spikes, n, row)
    for i in range(n):
        fill[i] = row[i]
    for t in range(steps):
        for k in range(ptr[t], ptr[t + 1]):
            i = spikes[k]
            times[fill[i]] = t
            fill[i] += 1


@njit
def active_columns(row, n, column, active):  # type: ignore[no-untyped-def]
    """Compact the neurons that fired: active[a] = j, column[j] = a; the number of columns.

    Where most fire nothing is gained by compaction, and every neuron keeps its own column. Silent
    neurons fill the last cache line up.
    """
    count = 0
    for j in range(n):
        if row[j + 1] > row[j]:
            active[count] = j
            column[j] = count
            count += 1
    if 4 * count >= 3 * n:
        for j in range(n):
            active[j] = j
            column[j] = j
        return n
    columns = (count + LINE - 1) // LINE * LINE
    if columns >= n:
        return count
    for j in range(n):
        if count < columns and row[j + 1] == row[j]:
            active[count] = j
            count += 1
    return columns


@njit
def discrete_traces(  # type: ignore[no-untyped-def]
    begin, end, spikes, steps, delay, keep_v, keep_c, gain, column, n, current, trace
):
    """V of the simulated neuron: c <- keep_c c + S[t - delay]; v <- keep_v v + gain c.

    The events of step t are spikes[begin[t] : end[t]].

    trace f32[steps * n] is written row by row; current f32[n] is scratch.
    """
    for a in range(n):
        current[a] = ZERO
    for t in range(steps):
        if t >= delay:
            for k in range(begin[t - delay], end[t - delay]):
                current[column[spikes[k]]] += ONE
        now = trace[t * n : t * n + n]
        if t == 0:
            for a in range(n):
                now[a] = gain * current[a]
                current[a] *= keep_c
        else:
            before = trace[(t - 1) * n : (t - 1) * n + n]
            for a in range(n):
                now[a], current[a] = discrete_step(before[a], current[a], keep_v, keep_c, gain)


@njit
def closed_traces(  # type: ignore[no-untyped-def]
    begin, end, spikes, steps, delay, keep_v, keep_c, gain, column, n, slow, fast, trace
):
    """V of the kernel gain (exp(-u / tau_mem) - exp(-u / tau_syn)), u = t - t_pre - delay.

    A spike of step 0 has no part in it, as in the authors' code; delay may be -1.
    """
    for a in range(n):
        slow[a] = ZERO
        fast[a] = ZERO
    for t in range(steps):
        if 0 < t - delay < steps:
            for k in range(begin[t - delay], end[t - delay]):
                a = column[spikes[k]]
                slow[a] += ONE
                fast[a] += ONE
        now = trace[t * n : t * n + n]
        for a in range(n):
            now[a], slow[a], fast[a] = closed_step(slow[a], fast[a], keep_v, keep_c, gain)


@njit
def response_row(trace, n, times, start, end, refractory, power, e):  # type: ignore[no-untyped-def]
    """e[:n] = sum over the spikes start:end of V[t_f] - power[t_f - t_r] V[t_r].

    The first spike has no earlier reset. Two spikes a pass: e is read and written half as often.
    """
    if start == end:
        for a in range(n):
            e[a] = ZERO
        return
    first = trace[times[start] * n : times[start] * n + n]
    for a in range(n):
        e[a] = first[a]
    k = start + 1
    while k + 2 <= end:
        f1, r1 = times[k], times[k - 1] + refractory
        f2, r2 = times[k + 1], times[k] + refractory
        p1, p2 = power[max(f1 - r1, 0)], power[max(f2 - r2, 0)]
        v1, u1 = trace[f1 * n : f1 * n + n], trace[min(r1, f1) * n : min(r1, f1) * n + n]
        v2, u2 = trace[f2 * n : f2 * n + n], trace[min(r2, f2) * n : min(r2, f2) * n + n]
        for a in range(n):
            e[a] += (v1[a] - p1 * u1[a]) + (v2[a] - p2 * u2[a])
        k += 2
    if k < end:
        f1, r1 = times[k], times[k - 1] + refractory
        p1 = power[max(f1 - r1, 0)]
        v1, u1 = trace[f1 * n : f1 * n + n], trace[min(r1, f1) * n : min(r1, f1) * n + n]
        for a in range(n):
            e[a] += v1[a] - p1 * u1[a]


@njit
def response_at(trace, n, column, times, start, end, refractory, power):  # type: ignore[no-untyped-def]
    """One entry of e: the same sum as `response_row` for one column."""
    total = ZERO
    for k in range(start, end):
        f = times[k]
        total += trace[f * n + column]
        if k > start:
            r = last_reset(times[k - 1], refractory, f)
            total -= power[f - r] * trace[r * n + column]
    return total
