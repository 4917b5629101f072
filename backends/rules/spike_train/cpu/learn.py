"""What learning any projection needs: sorted spikes, traces, counts, Omega, the side effect."""

from __future__ import annotations

import numpy as np
from numba import njit

from ....compiled.kinds import WINDOW
from ....cpu.kernels.features import WINDOWED
from ....cpu.kernels.rows import fill
from ....cpu.kernels.synapses import send_all, window_row
from ....cpu.units import unit
from ..formulas import omega_of, postsynaptic_count, presynaptic_count
from .features import CLOSED, QUARTIC
from .spsp import active_columns, bounds_by_neuron, closed_traces, discrete_traces, times_by_neuron

ZERO = np.float32(0.0)
HALF = np.float32(0.5)


@njit
def rows_of(plan, back, w, p):  # type: ignore[no-untyped-def]
    """(bounds, times) of the neuron-major spikes of population p."""
    row = back.row[w, plan.neurons[p] + p : plan.neurons[p + 1] + p + 1]
    return row, back.times[w, plan.events[p] :]


@njit
def sort_events(plan, work, back, w):  # type: ignore[no-untyped-def]
    """Neuron-major spike times of every population; of inputs the bounds, all that is read."""
    for p in range(len(plan.model)):
        row, times = rows_of(plan, back, w, p)
        spikes = work.spikes[w, plan.events[p] : plan.events[p + 1]]
        n = plan.neurons[p + 1] - plan.neurons[p]
        if plan.model[p] < 0:
            bounds_by_neuron(work.ptr[w, p, plan.steps], spikes, n, row)
        else:
            times_by_neuron(work.ptr[w, p], spikes, plan.steps, n, row, times, back.fill[w])


@unit
def make_trace(plan, rule, work, back, w, j) -> int:  # type: ignore[no-untyped-def]
    """V of projection j into back.trace, for the pre neurons that fired; the number of columns."""
    a = plan.pre[j]
    row, _ = rows_of(plan, back, w, a)
    n = plan.neurons[a + 1] - plan.neurons[a]
    columns = active_columns(row, n, back.column[w], back.active[w])
    ptr = work.ptr[w, a]
    spikes = work.spikes[w, plan.events[a] : plan.events[a + 1]]
    trace_events(plan, rule, back, w, j, ptr, ptr[1:], spikes, columns)
    return columns


@njit
def trace_events(plan, rule, back, w, j, begin, end, spikes, columns):  # type: ignore[no-untyped-def]
    """V of projection j into back.trace by the events spikes[begin[t] : end[t]] of each step, in so
    many columns, those that back.column says."""
    p = plan.post[j]
    slow, fast = back.filters[w, 0, :columns], back.filters[w, 1, :columns]
    if CLOSED:
        closed_traces(
            begin, end, spikes, plan.steps, rule.shift[j], rule.keep_v[p], rule.keep_c[p],
            rule.gain[p], back.column[w], columns, slow, fast, back.trace[w],
        )  # fmt: skip
    else:
        discrete_traces(
            begin, end, spikes, plan.steps, rule.shift[j], rule.keep_v[p], rule.keep_c[p],
            rule.gain[p], back.column[w], columns, slow, back.trace[w],
        )  # fmt: skip


@njit
def presynaptic_counts(plan, back, w, j):  # type: ignore[no-untyped-def]
    """Spike counts of the pre neurons of projection j into back.counts, as the rule reads them."""
    a = plan.pre[j]
    row, _ = rows_of(plan, back, w, a)
    for i in range(len(row) - 1):
        back.counts[w, i] = presynaptic_count(row[i + 1] - row[i], QUARTIC)
    return len(row) - 1


@unit
def self_effect(plan, rule, weights, work, back, w, p):  # type: ignore[no-untyped-def]
    """Omega of population p: 1 - (slope(o) / nu) sum_j w_j u_j (Zhang & Li 2019, eq. 10)."""
    lo, hi = plan.neurons[p], plan.neurons[p + 1]
    omega = back.omega[w, lo:hi]
    fill(omega, ZERO)
    is_recurrent = False
    for s in range(plan.incoming[p], plan.incoming[p + 1]):
        j = plan.sources[s]
        if rule.takes[j]:
            is_recurrent = is_recurrent or rule.inside[j] != 0
            n = presynaptic_counts(plan, back, w, j)
            counts = back.counts[w, :n].reshape(1, n)
            total, values = omega.reshape(1, hi - lo), weights.values
            send_all(plan, values, work.laid[w], j, counts, 0, total, 0, hi - lo)
    row, _ = rows_of(plan, back, w, p)
    for i in range(hi - lo):
        o = postsynaptic_count(row[i + 1] - row[i], QUARTIC and is_recurrent)
        slope = rule.slope[p, min(o, plan.steps)]
        if o == 0:
            slope = 0.0
        omega[i] = omega_of(slope, omega[i], rule.nu[p], rule.lowest, rule.highest)


@njit
def row_of(plan, rule, j, l, pre, index):  # type: ignore[no-untyped-def]
    """(pre neurons, places of the weights) of the synapses that end at post neuron l of projection
    j, by pre neuron; of windows they are worked out into `pre` and `index`."""
    if WINDOWED and rule.form[j] == WINDOW:
        count = window_row(plan.windows[j], plan.weight[j], np.int64(l), pre, index)
        return pre[:count], index[:count]
    start, end = rule.in_ptr[rule.in_row[j] + l], rule.in_ptr[rule.in_row[j] + l + 1]
    return rule.in_pre[start:end], rule.in_index[start:end]


@njit
def widest_row(plan, rule, j):  # type: ignore[no-untyped-def]
    """The most synapses that end at a post neuron of projection j, which is learnt as a list."""
    widest = np.int64(0)
    start = rule.in_row[j]
    for l in range(plan.neurons[plan.post[j] + 1] - plan.neurons[plan.post[j]]):
        widest = max(widest, rule.in_ptr[start + l + 1] - rule.in_ptr[start + l])
    return widest


@njit(fastmath={"reassoc"})
def side_effect(weights, entry, spikes, nu):  # type: ignore[no-untyped-def]
    """s = (1/nu) sum_j w_j e_j / o; (1/nu) sum_j w_j / 2 for a silent neuron (Jin et al. 2018)."""
    total = ZERO
    if spikes == 0:
        for k in range(len(weights)):
            total += HALF * weights[k]
        return total / nu
    for k in range(len(weights)):
        total += weights[k] * entry[k]
    return total / (nu * np.float32(spikes))
