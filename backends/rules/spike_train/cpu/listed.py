"""Learning synapse by synapse: projections that are lists, and windows within recurrent blocks."""

from __future__ import annotations

import numpy as np
from numba import njit

from ....cpu.kernels.rows import copy, fill, gather, spread
from ....cpu.units import unit
from ....optimizers.cpu.update import update_row
from ..formulas import count_slope, is_apart, theta_of
from .features import AT_ONCE, HYBRID, INSIDE
from .learn import make_trace, row_of, rows_of, side_effect, widest_row
from .spsp import response_at

ZERO = np.float32(0.0)
ONE = np.float32(1.0)


@unit
def inside_entries(plan, rule, weights, work, back, w, j):  # type: ignore[no-untyped-def]
    """S-PSP and Theta of every synapse of projection j, which lies inside a block."""
    columns = make_trace(plan, rule, work, back, w, j)
    p = plan.post[j]
    row, times = rows_of(plan, back, w, p)
    pre_row, _ = rows_of(plan, back, w, plan.pre[j])
    trace, column, power = back.trace[w], back.column[w], rule.power[p]
    refractory, nu, ratio = rule.refractory[p], rule.nu[plan.pre[j]], rule.silent[j]
    in_ptr, in_pre, in_index = rule.in_ptr[rule.in_row[j] :], rule.in_pre, rule.in_index
    entries, thetas, origin = back.entry[w], back.theta[w], in_ptr[0] - rule.slot[j]
    for i in range(len(row) - 1):
        start, end = in_ptr[i], in_ptr[i + 1]
        entry = entries[start - origin : end - origin]
        theta = thetas[start - origin : end - origin]
        _entries(
            trace, columns, column, times, row[i], row[i + 1], refractory, power,
            in_pre[start:end], pre_row, entry,
        )  # fmt: skip
        spikes = row[i + 1] - row[i]
        for s in range(start, end):
            u = pre_row[in_pre[s] + 1] - pre_row[in_pre[s]]
            slope = count_slope(entry[s - start], u, spikes, ratio)
            theta[s - start] = theta_of(weights.values[in_index[s]], slope, nu)


@njit
def _entries(  # type: ignore[no-untyped-def]
    trace, columns, column, times, start, end, refractory, power, pre, pre_row, entry
):
    """entry[s] = e of the synapses from `pre` to one post neuron with spikes times[start:end]."""
    for s in range(len(pre)):
        k = pre[s]
        entry[s] = ZERO
        if pre_row[k + 1] > pre_row[k]:
            entry[s] = response_at(trace, columns, column[k], times, start, end, refractory, power)


@unit
def joint_effect(plan, rule, store, work, back, w, p):  # type: ignore[no-untyped-def]
    """HM2-BP's factor 1 + s of a population with several projections, s their sum, into boost."""
    lo, hi = plan.neurons[p], plan.neurons[p + 1]
    row, times = rows_of(plan, back, w, p)
    power, refractory, nu = rule.power[p], rule.refractory[p], rule.nu[p]
    total = np.ones(hi - lo, np.float32)
    for source in range(plan.incoming[p], plan.incoming[p + 1]):
        j = plan.sources[source]
        if not rule.takes[j]:
            continue
        columns = make_trace(plan, rule, work, back, w, j)
        pre_row, _ = rows_of(plan, back, w, plan.pre[j])
        n = len(pre_row) - 1
        every = np.arange(n).astype(np.int32)
        weights, entry = np.empty(n, np.float32), np.empty(n, np.float32)
        own_pre, own_index = np.empty(n, np.int32), np.empty(n, np.int64)
        for l in range(hi - lo):
            pre, fan_in = every, n
            if is_apart(rule.form[j]):
                pre, index = row_of(plan, rule, j, l, own_pre, own_index)
                fan_in = len(pre)
                gather(store.weights, index, weights)
            else:
                start = plan.weight[j] + l * n
                copy(store.rows[start : start + n], weights)
            _entries(
                back.trace[w], columns, back.column[w], times, row[l], row[l + 1],
                refractory, power, pre, pre_row, entry,
            )  # fmt: skip
            spikes = row[l + 1] - row[l]
            total[l] += side_effect(weights[:fan_in], entry[:fan_in], spikes, nu)
    for l in range(hi - lo):
        back.boost[w, lo + l] *= total[l]


@unit
def learn_synapses(plan, rule, optimizer, number, store, work, back, w, j):  # type: ignore[no-untyped-def]
    """Learn a projection synapse by synapse; back.message gets its error below."""
    inside = INSIDE and rule.inside[j] != 0
    columns = np.int64(0)
    if not inside:
        columns = make_trace(plan, rule, work, back, w, j)
    p = plan.post[j]
    lo = plan.neurons[p]
    row, times = rows_of(plan, back, w, p)
    pre_row, _ = rows_of(plan, back, w, plan.pre[j])
    trace, column, power, nu = back.trace[w], back.column[w], rule.power[p], rule.nu[p]
    error, boost, entries = back.error[w], back.boost[w], back.entry[w]
    carries, trains = rule.carries[j] != 0, rule.trains[j] != 0
    message = back.message[w, : len(pre_row) - 1]
    fill(message, ZERO)
    widest = widest_row(plan, rule, j)
    own_pre, own_index = np.empty(widest, np.int32), np.empty(widest, np.int64)
    scratch = np.empty((4, widest), np.float32)
    slot = rule.slot[j]
    for l in range(len(row) - 1):
        pre, index = row_of(plan, rule, j, l, own_pre, own_index)
        fan_in = len(pre)
        weights, entry = scratch[0, :fan_in], scratch[1, :fan_in]
        gather(store.weights, index, weights)
        if inside:
            copy(entries[slot : slot + fan_in], entry)
            slot += fan_in
        else:
            _entries(
                trace, columns, column, times, row[l], row[l + 1],
                rule.refractory[p], power, pre, pre_row, entry,
            )  # fmt: skip
        spikes = row[l + 1] - row[l]
        x = error[lo + l]
        if carries:
            _send_listed(x, rule.silent_ratio, spikes, pre, pre_row, weights, entry, message)
        if spikes == 0:
            _silent_listed(rule.silent_entry, pre, pre_row, entry)
        scale = x * boost[lo + l]
        if HYBRID and rule.joint[p] == 0:
            scale *= ONE + side_effect(weights, entry, spikes, nu)
        if trains:
            if AT_ONCE:
                first, second = scratch[2, :fan_in], scratch[3, :fan_in]
                _update_listed(
                    optimizer, number, j, store, index, weights, first, second, entry, scale
                )
            else:
                for s in range(fan_in):
                    store.gradient[w, index[s]] += scale * entry[s]


@njit
def _update_listed(optimizer, number, j, store, index, weights, first, second, entry, scale):  # type: ignore[no-untyped-def]
    """`update_row` of the weights at the places `index`; the rows are scratch."""
    gather(store.first, index, first)
    gather(store.second, index, second)
    update_row(optimizer, number, j, weights, first, second, entry, scale)
    spread(weights, index, store.weights)
    spread(first, index, store.first)
    spread(second, index, store.second)


@njit
def _send_listed(x, ratio, spikes, pre, pre_row, weights, entry, message):  # type: ignore[no-untyped-def]
    """message[pre] += x w de/du over the synapses of one post neuron."""
    for s in range(len(pre)):
        u = pre_row[pre[s] + 1] - pre_row[pre[s]]
        slope = count_slope(entry[s], u, spikes, ratio)
        message[pre[s]] += x * weights[s] * slope


@njit
def _silent_listed(value, pre, pre_row, entry):  # type: ignore[no-untyped-def]
    """e of a silent post neuron: `value` where the pre neuron fired."""
    for s in range(len(pre)):
        if pre_row[pre[s] + 1] > pre_row[pre[s]]:
            entry[s] = value
