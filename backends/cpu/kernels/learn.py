"""Learning from one presented sample: S-PSP rows, weight gradients, and the error sent below.

Dense projections are learnt in tiles of post neurons from post-major copies of their weights
(`store.rows`); projections inside a recurrent block and sparse ones synapse by synapse. `group` is
the accumulator that takes the gradient, or -1 to update the weights at once (batch 1).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from .optimizer import update_row
from .rows import add_scaled, copy, fill, gather, scatter, spread
from .spsp import (
    active_columns,
    closed_traces,
    discrete_traces,
    response_at,
    response_row,
    times_by_neuron,
)

ZERO = np.float32(0.0)
ONE = np.float32(1.0)
HALF = np.float32(0.5)
SMALLEST_OMEGA = np.float32(1e-4)  # as in the authors' code


@njit
def rows_of(plan, back, w, p):  # type: ignore[no-untyped-def]
    """(bounds, times) of the neuron-major spikes of population p."""
    row = back.row[w, plan.neurons[p] + p : plan.neurons[p + 1] + p + 1]
    return row, back.times[w, plan.events[p] :]


@njit
def sort_events(plan, work, back, w):  # type: ignore[no-untyped-def]
    """Neuron-major spike times of every population."""
    for p in range(len(plan.model)):
        row, times = rows_of(plan, back, w, p)
        spikes = work.spikes[w, plan.events[p] : plan.events[p + 1]]
        n = plan.neurons[p + 1] - plan.neurons[p]
        times_by_neuron(work.ptr[w, p], spikes, plan.steps, n, row, times, back.fill[w])


@njit
def make_trace(plan, rule, work, back, w, j):  # type: ignore[no-untyped-def]
    """V of projection j into back.trace, for the pre neurons that fired; the number of columns."""
    a, p = plan.pre[j], plan.post[j]
    row, _ = rows_of(plan, back, w, a)
    n = plan.neurons[a + 1] - plan.neurons[a]
    columns = active_columns(row, n, back.column[w], back.active[w])
    ptr = work.ptr[w, a]
    spikes = work.spikes[w, plan.events[a] : plan.events[a + 1]]
    slow, fast = back.filters[w, 0, :columns], back.filters[w, 1, :columns]
    if rule.closed:
        closed_traces(
            ptr, spikes, plan.steps, rule.shift[j], rule.keep_v[p], rule.keep_c[p], rule.gain[p],
            back.column[w], columns, slow, fast, back.trace[w],
        )  # fmt: skip
    else:
        discrete_traces(
            ptr, spikes, plan.steps, rule.shift[j], rule.keep_v[p], rule.keep_c[p], rule.gain[p],
            back.column[w], columns, slow, back.trace[w],
        )  # fmt: skip
    return columns


@njit
def presynaptic_counts(plan, rule, back, w, j):  # type: ignore[no-untyped-def]
    """Spike counts of the pre neurons of projection j into back.counts, as the rule reads them."""
    a = plan.pre[j]
    row, _ = rows_of(plan, back, w, a)
    for i in range(len(row) - 1):
        u = np.float32(row[i + 1] - row[i])
        back.counts[w, i] = min(max(u, ONE), np.float32(100.0)) if rule.quartic else u
    return len(row) - 1


@njit
def self_effect(plan, rule, weights, back, w, p):  # type: ignore[no-untyped-def]
    """Omega of population p: 1 - (slope(o) / nu) sum_j w_j u_j (Zhang & Li 2019, eq. 10)."""
    lo, hi = plan.neurons[p], plan.neurons[p + 1]
    omega = back.omega[w, lo:hi]
    fill(omega, ZERO)
    is_recurrent = False
    for s in range(plan.incoming[p], plan.incoming[p + 1]):
        j = plan.sources[s]
        if rule.takes[j]:
            is_recurrent = is_recurrent or rule.inside[j] != 0
            n = presynaptic_counts(plan, rule, back, w, j)
            _add_drive(plan, weights, back.counts[w, :n], j, omega)
    row, _ = rows_of(plan, back, w, p)
    for i in range(hi - lo):
        o = row[i + 1] - row[i]
        if rule.quartic and is_recurrent:
            o = min(max(o, 1), 100)
        slope = rule.slope[p, min(o, plan.steps)]
        if o == 0:
            slope = 0.0
        value = np.float32(1.0 - slope * omega[i] / rule.nu[p])
        omega[i] = min(max(value, rule.lowest), rule.highest)
        if abs(omega[i]) < SMALLEST_OMEGA:
            omega[i] = SMALLEST_OMEGA if omega[i] >= ZERO else -SMALLEST_OMEGA


@njit
def _add_drive(plan, weights, counts, j, total):  # type: ignore[no-untyped-def]
    """total[i] += sum_k counts[k] w[k, i] over projection j."""
    n = len(total)
    for k in range(len(counts)):
        u = counts[k]
        if u == ZERO:
            continue
        if plan.dense[j]:
            row = weights[plan.weight[j] + k * n : plan.weight[j] + (k + 1) * n]
            for i in range(n):
                total[i] += u * row[i]
        else:
            start = plan.row[j] + k
            for s in range(plan.csr_ptr[start], plan.csr_ptr[start + 1]):
                total[plan.csr_post[s]] += u * weights[plan.csr_index[s]]


@njit
def inside_entries(plan, rule, weights, work, back, w, j):  # type: ignore[no-untyped-def]
    """S-PSP and Theta of every synapse of projection j, which lies inside a block."""
    columns = make_trace(plan, rule, work, back, w, j)
    p = plan.post[j]
    row, times = rows_of(plan, back, w, p)
    pre_row, _ = rows_of(plan, back, w, plan.pre[j])
    trace, column, power = back.trace[w], back.column[w], rule.power[p]
    refractory, nu, ratio = rule.refractory[p], rule.nu[plan.pre[j]], rule.silent_ratio
    in_ptr, in_pre, in_index = rule.in_ptr[rule.in_row[j] :], rule.in_pre, rule.in_index
    entries, thetas, origin = back.entry[w], back.theta[w], in_ptr[0] - rule.slot[j]
    is_dense = plan.dense[j] != 0
    for i in range(len(row) - 1):
        start, end = in_ptr[i], in_ptr[i + 1]
        entry = entries[start - origin : end - origin]
        theta = thetas[start - origin : end - origin]
        _entries(
            is_dense, trace, columns, column, times, row[i], row[i + 1], refractory, power,
            in_pre[start:end], pre_row, entry,
        )  # fmt: skip
        silent = row[i + 1] == row[i]
        for s in range(start, end):
            u = pre_row[in_pre[s] + 1] - pre_row[in_pre[s]]
            slope = ratio if silent or u == 0 else entry[s - start] / np.float32(u)
            theta[s - start] = weights[in_index[s]] * slope / nu


@njit
def _entries(  # type: ignore[no-untyped-def]
    is_dense, trace, columns, column, times, start, end, refractory, power, pre, pre_row, entry
):
    """entry[s] = e of the synapses from `pre` to one post neuron with spikes times[start:end]."""
    if is_dense and columns == len(pre):
        response_row(trace, columns, times, start, end, refractory, power, entry)
        return
    for s in range(len(pre)):
        k = pre[s]
        entry[s] = ZERO
        if pre_row[k + 1] > pre_row[k]:
            entry[s] = response_at(trace, columns, column[k], times, start, end, refractory, power)


class DenseView(NamedTuple):
    """What a tile of one dense projection needs of one sample; arrays are its own slices.

    `rows`, `first`, `second`, `gradient` are post-major [post * pre], `weights` pre-major.
    """

    trace: Any  # f32[T * columns]
    columns: int
    active: Any  # i32[columns] pre neuron of each column
    pre_row: Any  # i32[pre + 1]
    row: Any  # i32[post + 1] bounds of the posts' spikes in `times`
    times: Any
    power: Any  # f32[T + 1]
    refractory: int
    nu: Any  # f32 scalar
    error: Any  # f32[post]
    boost: Any  # f32[post]
    rows: Any
    weights: Any
    first: Any
    second: Any
    gradient: Any  # empty where the update is done at once
    hybrid: bool
    silent_ratio: Any
    silent_entry: Any
    carries: bool
    trains: bool


@njit
def dense_view(plan, rule, store, back, w, group, j, columns):  # type: ignore[no-untyped-def]
    """The view of projection j in the sample of worker w; `group` as in `dense_tile`."""
    p = plan.post[j]
    lo, hi = plan.neurons[p], plan.neurons[p + 1]
    start, end = plan.weight[j], plan.weight[j + 1]
    row, times = rows_of(plan, back, w, p)
    pre_row, _ = rows_of(plan, back, w, plan.pre[j])
    gradient = store.gradient[max(group, 0), start:end] if group >= 0 else store.rows[:0]
    return DenseView(
        back.trace[w], columns, back.active[w], pre_row, row, times, rule.power[p],
        rule.refractory[p], rule.nu[p], back.error[w, lo:hi], back.boost[w, lo:hi],
        store.rows[start:end], store.weights[start:end], store.first[start:end],
        store.second[start:end], gradient, rule.hybrid, rule.silent_ratio, rule.silent_entry,
        rule.carries[j] != 0, rule.trains[j] != 0,
    )  # fmt: skip


@njit
def dense_tile(view, optimizer, size, eps, first, last, message):  # type: ignore[no-untyped-def]
    """Learn the posts first:last of a dense projection; message f32[pre] gets its error below.

    message is written whole: sum over the tile of x_l w_lj de_lj/du_j, with the weights of before.
    """
    n = len(view.pre_row) - 1
    trace, times, row, power, rows = view.trace, view.times, view.row, view.power, view.rows
    columns, active, refractory = view.columns, view.active, view.refractory
    is_direct = len(view.gradient) == 0
    inverse, silent, entry, packed = _pre_rows(view.silent_ratio, view.pre_row, n)
    fill(message, ZERO)
    for l in range(first, last):
        base, start, end = l * n, row[l], row[l + 1]
        weights = rows[base : base + n]
        if start == end:
            _silent_row(view.silent_entry, inverse, entry)
        elif columns == n:
            response_row(trace, n, times, start, end, refractory, power, entry)
        else:
            response_row(trace, columns, times, start, end, refractory, power, packed)
            scatter(packed, active, columns, entry)
        x = view.error[l]
        scale = x * view.boost[l]
        if view.hybrid:
            scale *= ONE + _side_effect(weights, entry, end - start, view.nu)
        if view.carries:
            _send(x, view.silent_ratio, end > start, weights, entry, inverse, silent, message)
        if view.trains and is_direct:
            moments = view.first[base : base + n], view.second[base : base + n]
            update_row(optimizer, size, eps, weights, moments[0], moments[1], entry, scale)
        elif view.trains:
            add_scaled(scale, entry, view.gradient[base : base + n])
    if view.trains and is_direct:
        write_back(rows, view.weights, n, len(row) - 1, first, last)


@njit
def _silent_row(value, inverse, entry):  # type: ignore[no-untyped-def]
    """e of a silent post neuron: `value` where the pre neuron fired."""
    for k in range(len(entry)):
        entry[k] = value if inverse[k] > ZERO else ZERO


@njit
def _pre_rows(silent_ratio, pre_row, n):  # type: ignore[no-untyped-def]
    """(1/u or 0, de/du of a silent pre or 0, scratch, scratch), f32[n] each."""
    inverse, silent = np.zeros(n, np.float32), np.zeros(n, np.float32)
    for k in range(n):
        u = pre_row[k + 1] - pre_row[k]
        if u == 0:
            silent[k] = silent_ratio
        else:
            inverse[k] = ONE / np.float32(u)
    return inverse, silent, np.zeros(n, np.float32), np.zeros(n, np.float32)


@njit(fastmath={"reassoc"})
def _side_effect(weights, entry, spikes, nu):  # type: ignore[no-untyped-def]
    """s = (1/nu) sum_j w_j e_j / o, or (1/nu) sum_j w_j / 2 for a silent neuron (Jin 2018, eq. 17)."""
    total = ZERO
    if spikes == 0:
        for k in range(len(weights)):
            total += HALF * weights[k]
        return total / nu
    for k in range(len(weights)):
        total += weights[k] * entry[k]
    return total / (nu * np.float32(spikes))


@njit
def _send(x, ratio, fired, weights, entry, inverse, silent, message):  # type: ignore[no-untyped-def]
    """message[j] += x w_j de_j/du_j; `ratio` stands for the derivative where either is silent."""
    if fired:
        for k in range(len(weights)):
            message[k] += (x * weights[k]) * (entry[k] * inverse[k] + silent[k])
        return
    for k in range(len(weights)):
        message[k] += (x * ratio) * weights[k]


@njit
def write_back(rows, weights, n, posts, first, last):  # type: ignore[no-untyped-def]
    """Copy a tile's post-major rows into the pre-major weights that delivery reads."""
    for k in range(n):
        target = weights[k * posts + first : k * posts + last]
        for l in range(last - first):
            target[l] = rows[(first + l) * n + k]


@njit
def listed_projection(plan, rule, optimizer, size, eps, store, work, back, w, group, j, message):  # type: ignore[no-untyped-def]
    """Learn a projection synapse by synapse; message f32[pre] gets its error below."""
    inside = rule.inside[j] != 0
    columns = 0 if inside else make_trace(plan, rule, work, back, w, j)
    p = plan.post[j]
    lo = plan.neurons[p]
    row, times = rows_of(plan, back, w, p)
    pre_row, _ = rows_of(plan, back, w, plan.pre[j])
    trace, column, power, nu = back.trace[w], back.column[w], rule.power[p], rule.nu[p]
    in_ptr, in_pre, in_index = rule.in_ptr[rule.in_row[j] :], rule.in_pre, rule.in_index
    error, boost, entries = back.error[w], back.boost[w], back.entry[w]
    origin, carries, trains = in_ptr[0] - rule.slot[j], rule.carries[j] != 0, rule.trains[j] != 0
    gradient = store.gradient[max(group, 0)] if group >= 0 else store.rows[:0]
    fill(message, ZERO)
    scratch = np.empty((4, _widest(in_ptr, len(row) - 1)), np.float32)
    for l in range(len(row) - 1):
        start, end = in_ptr[l], in_ptr[l + 1]
        fan_in = end - start
        weights, entry = scratch[0, :fan_in], scratch[1, :fan_in]
        pre, index = in_pre[start:end], in_index[start:end]
        gather(store.weights, index, weights)
        if inside:
            copy(entries[start - origin : end - origin], entry)
        else:
            _entries(
                plan.dense[j] != 0, trace, columns, column, times, row[l], row[l + 1],
                rule.refractory[p], power, pre, pre_row, entry,
            )  # fmt: skip
        spikes = row[l + 1] - row[l]
        x = error[lo + l]
        if carries:
            _send_listed(x, rule.silent_ratio, spikes, pre, pre_row, weights, entry, message)
        if spikes == 0:
            _silent_listed(rule.silent_entry, pre, pre_row, entry)
        scale = x * boost[lo + l]
        if rule.hybrid:
            scale *= ONE + _side_effect(weights, entry, spikes, nu)
        if trains and group >= 0:
            for s in range(fan_in):
                gradient[index[s]] += scale * entry[s]
        elif trains:
            first, second = scratch[2, :fan_in], scratch[3, :fan_in]
            gather(store.first, index, first)
            gather(store.second, index, second)
            update_row(optimizer, size, eps, weights, first, second, entry, scale)
            spread(weights, index, store.weights)
            spread(first, index, store.first)
            spread(second, index, store.second)


@njit
def _widest(in_ptr, posts):  # type: ignore[no-untyped-def]
    """The largest fan-in."""
    widest = 0
    for l in range(posts):
        widest = max(widest, in_ptr[l + 1] - in_ptr[l])
    return widest


@njit
def _send_listed(x, ratio, spikes, pre, pre_row, weights, entry, message):  # type: ignore[no-untyped-def]
    """message[pre] += x w de/du over the synapses of one post neuron."""
    for s in range(len(pre)):
        u = pre_row[pre[s] + 1] - pre_row[pre[s]]
        slope = entry[s] / np.float32(u) if spikes > 0 and u > 0 else ratio
        message[pre[s]] += x * weights[s] * slope


@njit
def _silent_listed(value, pre, pre_row, entry):  # type: ignore[no-untyped-def]
    """e of a silent post neuron: `value` where the pre neuron fired."""
    for s in range(len(pre)):
        if pre_row[pre[s] + 1] > pre_row[pre[s]]:
            entry[s] = value
