"""Learning from one presented sample: S-PSP rows, weight gradients, and the error sent below.

Dense projections are learnt in tiles of post neurons from post-major copies of their weights
(`store.rows`); projections inside a recurrent block and sparse ones synapse by synapse. `group` is
the accumulator that takes the gradient, or -1 to update the weights at once (batch 1).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from .optimizer import update_row
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
    omega[:] = ZERO
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
    nu = rule.nu[plan.pre[j]]
    origin = rule.in_ptr[rule.in_row[j]]
    for i in range(len(row) - 1):
        start, end = rule.in_ptr[rule.in_row[j] + i], rule.in_ptr[rule.in_row[j] + i + 1]
        slots = slice(rule.slot[j] + start - origin, rule.slot[j] + end - origin)
        entry, theta = back.entry[w, slots], back.theta[w, slots]
        _entries(plan, rule, back, w, j, columns, row, times, i, start, end, entry)
        silent = row[i + 1] == row[i]
        for s in range(start, end):
            u = pre_row[rule.in_pre[s] + 1] - pre_row[rule.in_pre[s]]
            ratio = rule.silent_ratio if silent or u == 0 else entry[s - start] / np.float32(u)
            theta[s - start] = weights[rule.in_index[s]] * ratio / nu


@njit
def _entries(plan, rule, back, w, j, columns, row, times, i, start, end, entry):  # type: ignore[no-untyped-def]
    """entry[s] = e of the synapses start:end, all of post neuron i."""
    p = plan.post[j]
    if plan.dense[j] and columns == end - start:
        response_row(
            back.trace[w], columns, times, row[i], row[i + 1], rule.refractory[p], rule.power[p],
            entry,
        )  # fmt: skip
        return
    pre_row, _ = rows_of(plan, back, w, plan.pre[j])
    for s in range(start, end):
        k = rule.in_pre[s]
        entry[s - start] = ZERO
        if pre_row[k + 1] > pre_row[k]:
            entry[s - start] = response_at(
                back.trace[w], columns, back.column[w, k], times, row[i], row[i + 1],
                rule.refractory[p], rule.power[p],
            )  # fmt: skip


@njit
def dense_tile(  # type: ignore[no-untyped-def]
    plan, rule, optimizer, size, eps, store, back, w, group, j, columns, first, last, message
):
    """Learn the posts first:last of a dense projection; message f32[pre] gets its error below.

    message is written whole: sum over the tile of x_l w_lj de_lj/do_j, with the weights of before.
    """
    a, p = plan.pre[j], plan.post[j]
    n = plan.neurons[a + 1] - plan.neurons[a]
    lo = plan.neurons[p]
    row, times = rows_of(plan, back, w, p)
    pre_row, _ = rows_of(plan, back, w, a)
    inverse, silent, entry, packed = _pre_rows(rule, pre_row, n)
    message[:] = ZERO
    for l in range(first, last):
        base = plan.weight[j] + l * n
        weights = store.rows[base : base + n]
        fired = row[l + 1] > row[l]
        if fired:
            if columns == n:
                response_row(
                    back.trace[w], n, times, row[l], row[l + 1], rule.refractory[p],
                    rule.power[p], entry,
                )  # fmt: skip
            else:
                response_row(
                    back.trace[w], columns, times, row[l], row[l + 1], rule.refractory[p],
                    rule.power[p], packed,
                )  # fmt: skip
                for k in range(columns):
                    entry[back.active[w, k]] = packed[k]
        else:
            for k in range(n):
                entry[k] = rule.silent_entry if inverse[k] > ZERO else ZERO
        x = back.error[w, lo + l]
        scale = x * back.boost[w, lo + l]
        if rule.hybrid:
            scale *= ONE + _side_effect(rule, weights, entry, row[l + 1] - row[l], rule.nu[p])
        if rule.carries[j]:
            _send(x, rule.silent_ratio, fired, weights, entry, inverse, silent, message)
        if rule.trains[j]:
            gradient_row(optimizer, size, eps, store, group, base, n, entry, scale)
    if group < 0 and rule.trains[j]:
        _write_back(plan, store, j, n, first, last)


@njit
def _pre_rows(rule, pre_row, n):  # type: ignore[no-untyped-def]
    """(1/u or 0, de/du of a silent pre or 0, scratch, scratch), f32[n] each."""
    inverse, silent = np.zeros(n, np.float32), np.zeros(n, np.float32)
    for k in range(n):
        u = pre_row[k + 1] - pre_row[k]
        if u == 0:
            silent[k] = rule.silent_ratio
        else:
            inverse[k] = ONE / np.float32(u)
    return inverse, silent, np.zeros(n, np.float32), np.zeros(n, np.float32)


@njit(fastmath={"reassoc"})
def _side_effect(rule, weights, entry, spikes, nu):  # type: ignore[no-untyped-def]
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
def gradient_row(optimizer, size, eps, store, group, base, n, entry, scale):  # type: ignore[no-untyped-def]
    """Use the gradient scale * entry of a post-major row: update it, or add it to an accumulator."""
    if group < 0:
        update_row(
            optimizer, size, eps, store.rows[base : base + n], store.first[base : base + n],
            store.second[base : base + n], entry, scale,
        )  # fmt: skip
        return
    total = store.gradient[group, base : base + n]
    for k in range(n):
        total[k] += scale * entry[k]


@njit
def _write_back(plan, store, j, n, first, last):  # type: ignore[no-untyped-def]
    """Copy the tile's post-major rows into the pre-major weights that `deliver_dense` reads."""
    base = plan.weight[j]
    posts = plan.neurons[plan.post[j] + 1] - plan.neurons[plan.post[j]]
    width = last - first
    for k in range(n):
        target = store.weights[base + k * posts + first : base + k * posts + last]
        source = base + first * n + k
        for l in range(width):
            target[l] = store.rows[source + l * n]


@njit
def listed_projection(plan, rule, optimizer, size, eps, store, work, back, w, group, j, message):  # type: ignore[no-untyped-def]
    """Learn a projection synapse by synapse; message f32[pre] gets its error below."""
    inside = rule.inside[j] != 0
    columns = 0 if inside else make_trace(plan, rule, work, back, w, j)
    p = plan.post[j]
    lo = plan.neurons[p]
    row, times = rows_of(plan, back, w, p)
    pre_row, _ = rows_of(plan, back, w, plan.pre[j])
    origin = rule.in_ptr[rule.in_row[j]]
    message[:] = ZERO
    for l in range(len(row) - 1):
        start, end = rule.in_ptr[rule.in_row[j] + l], rule.in_ptr[rule.in_row[j] + l + 1]
        fan_in = end - start
        if fan_in == 0:
            continue
        weights = np.empty(fan_in, np.float32)
        entry = np.zeros(fan_in, np.float32)
        for s in range(fan_in):
            weights[s] = store.weights[rule.in_index[start + s]]
        if inside:
            slot = rule.slot[j] + start - origin
            entry[:] = back.entry[w, slot : slot + fan_in]
        else:
            _entries(plan, rule, back, w, j, columns, row, times, l, start, end, entry)
        fired = row[l + 1] > row[l]
        x = back.error[w, lo + l]
        scale = x * back.boost[w, lo + l]
        for s in range(fan_in):
            k = rule.in_pre[start + s]
            u = pre_row[k + 1] - pre_row[k]
            if rule.carries[j]:
                ratio = entry[s] / np.float32(u) if fired and u > 0 else rule.silent_ratio
                message[k] += x * weights[s] * ratio
            if not fired and u > 0:
                entry[s] = rule.silent_entry
        if rule.hybrid:
            scale *= ONE + _side_effect(rule, weights, entry, row[l + 1] - row[l], rule.nu[p])
        if rule.trains[j]:
            _listed_gradient(rule, optimizer, size, eps, store, group, start, weights, entry, scale)


@njit
def _listed_gradient(rule, optimizer, size, eps, store, group, start, weights, entry, scale):  # type: ignore[no-untyped-def]
    fan_in = len(weights)
    if group >= 0:
        for s in range(fan_in):
            store.gradient[group, rule.in_index[start + s]] += scale * entry[s]
        return
    first, second = np.empty(fan_in, np.float32), np.empty(fan_in, np.float32)
    for s in range(fan_in):
        first[s] = store.first[rule.in_index[start + s]]
        second[s] = store.second[rule.in_index[start + s]]
    update_row(optimizer, size, eps, weights, first, second, entry, scale)
    for s in range(fan_in):
        index = rule.in_index[start + s]
        store.weights[index] = weights[s]
        store.first[index] = first[s]
        store.second[index] = second[s]
