"""All-pairs projections within a recurrent block: S-PSP and Theta as matrices [post, pre].

A row of e costs two row-axpys a post spike, as in any dense projection, and is kept: the weight
gradient needs it as it is, and a sweep of the solve by the kept Theta costs N^2 multiply-adds,
where the factored form would cost 2 N a spike again. 400 neurons that fire in 7 % of 400 steps have
11 000 spikes, so that a sweep is 56 times cheaper (docs/performance.md).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from ....cpu.kernels.rows import add_scaled, scatter
from ....cpu.units import unit
from ....optimizers.cpu.update import update_row
from ..numbers import SMALLEST, SQUARE, SWEEPS, TOLERANCE
from .dense import write_back
from .features import AT_ONCE, INSIDE
from .learn import make_trace, rows_of
from .solve import substitute, triangulate
from .spsp import response_row

ZERO = np.float32(0.0)
ONE = np.float32(1.0)


@unit
def square_entries(plan, rule, store, work, back, w, j):  # type: ignore[no-untyped-def]
    """S-PSP and Theta of projection j, row by row."""
    columns = make_trace(plan, rule, work, back, w, j)
    p = plan.post[j]
    row, times = rows_of(plan, back, w, p)
    pre_row, _ = rows_of(plan, back, w, plan.pre[j])
    n, power, refractory = len(pre_row) - 1, rule.power[p], rule.refractory[p]
    # What a trace was made with is free again.
    inverse, silent, packed = back.filters[w, 0], back.filters[w, 1], back.message[w]
    for k in range(n):
        u = pre_row[k + 1] - pre_row[k]
        inverse[k] = ONE / np.float32(u) if u > 0 else ZERO
        silent[k] = ZERO if u > 0 else rule.silent_ratio
    for i in range(len(row) - 1):
        own = slice(rule.slot[j] + i * n, rule.slot[j] + (i + 1) * n)
        entry, theta = back.entry[w, own], back.theta[w, own]
        weights = store.rows[plan.weight[j] + i * n : plan.weight[j] + (i + 1) * n]
        if columns == n or row[i] == row[i + 1]:
            response_row(back.trace[w], n, times, row[i], row[i + 1], refractory, power, entry)
        else:
            response_row(
                back.trace[w], columns, times, row[i], row[i + 1], refractory, power, packed
            )
            scatter(packed, back.active[w], columns, entry)
        fires = row[i + 1] > row[i]
        _theta_rows(
            fires, rule.silent_ratio, rule.nu[plan.pre[j]], weights, entry, inverse, silent, theta
        )


@njit
def _theta_rows(fires, ratio, nu, weights, entry, inverse, silent, theta):  # type: ignore[no-untyped-def]
    """theta = w (de/du) / nu; `ratio` stands for the derivative where either is silent."""
    if fires:
        for k in range(len(weights)):
            theta[k] = weights[k] * (entry[k] * inverse[k] + silent[k]) / nu
        return
    for k in range(len(weights)):
        theta[k] = weights[k] * ratio / nu


@unit
def learn_square(plan, rule, optimizer, number, store, back, w, j):  # type: ignore[no-untyped-def]
    """Learn projection j from the rows that `square_entries` kept."""
    lo, hi = plan.neurons[plan.post[j]], plan.neurons[plan.post[j] + 1]
    n = plan.neurons[plan.pre[j] + 1] - plan.neurons[plan.pre[j]]
    start = plan.weight[j]
    for i in range(hi - lo):
        own = slice(start + i * n, start + (i + 1) * n)
        entry = back.entry[w, rule.slot[j] + i * n : rule.slot[j] + (i + 1) * n]
        scale = back.error[w, lo + i] * back.boost[w, lo + i]
        if AT_ONCE:
            first, second = store.first[own], store.second[own]
            update_row(optimizer, number, j, store.rows[own], first, second, entry, scale)
        else:
            add_scaled(scale, entry, store.gradient[w, own])
    if AT_ONCE:
        whole = slice(start, start + n * (hi - lo))
        write_back(store.rows[whole], store.weights[whole], n, hi - lo, 0, hi - lo)


@njit
def solve_rows(plan, rule, back, w, b, with_diagonal, right, solution):  # type: ignore[no-untyped-def]
    """The system of `solve_transposed`, where block b has all-pairs projections.

    Gauss-Seidel in the same order, by rows: what x_p adds to the right sides of the neurons that p
    hears is added as soon as x_p changes. left [N] is c_q + sum_{l != q} theta_lq x_l.
    """
    members = rule.members[rule.member[b] : rule.member[b + 1]]
    left, own, x = np.empty(len(right)), np.zeros(len(right)), np.zeros(len(right))
    for q in members:
        left[q] = right[q]
    for k in range(plan.block[b], plan.block[b + 1]):
        p = plan.order[k]
        for s in range(plan.incoming[p], plan.incoming[p + 1]):
            j = plan.sources[s]
            if rule.form[j] == SQUARE and plan.pre[j] == p:
                n = plan.neurons[p + 1] - plan.neurons[p]
                for i in range(n):
                    own[plan.neurons[p] + i] += back.theta[w, rule.slot[j] + i * n + i]
            if INSIDE and rule.inside[j] and rule.form[j] != SQUARE and plan.pre[j] == p:
                _own_listed(plan, rule, back, w, j, own)
    for _ in range(SWEEPS):
        change, largest, fits = _sweep_rows(plan, rule, back, w, b, with_diagonal, left, own, x)
        if not fits:
            break
        if change <= TOLERANCE * largest:
            for q in members:
                solution[q] = x[q]
            return
    _eliminate_rows(plan, rule, back, w, b, with_diagonal, members, right, solution)


@njit
def _sweep_rows(plan, rule, back, w, b, with_diagonal, left, own, x):  # type: ignore[no-untyped-def]
    change, largest = 0.0, 0.0
    for k in range(plan.block[b], plan.block[b + 1]):
        p = plan.order[k]
        lo, hi = plan.neurons[p], plan.neurons[p + 1]
        for q in range(lo, hi):
            diagonal = np.float64(back.omega[w, q])
            if with_diagonal:
                diagonal -= own[q]
            if abs(diagonal) < SMALLEST:
                return change, largest, False
            value = left[q] / diagonal
            if not abs(value) < 1e12:
                return change, largest, False
            moved = value - x[q]
            change, largest = max(change, abs(moved)), max(largest, abs(value))
            x[q] = value
            if moved != 0.0:
                _push(plan, rule, back, w, p, q - lo, moved, left)
                left[q] -= own[q] * moved
    return change, largest, True


@njit
def _push(plan, rule, back, w, p, i, moved, left):  # type: ignore[no-untyped-def]
    """left[q] += theta_iq moved for all q that neuron i of population p hears in its block."""
    for s in range(plan.incoming[p], plan.incoming[p + 1]):
        j = plan.sources[s]
        lo = plan.neurons[plan.pre[j]]
        if rule.form[j] == SQUARE:
            n = plan.neurons[plan.pre[j] + 1] - lo
            theta, part = back.theta[w, rule.slot[j] + i * n :], left[lo : lo + n]
            for k in range(n):
                part[k] += np.float64(theta[k]) * moved
        elif INSIDE and rule.inside[j]:
            first = rule.in_row[j]
            origin = rule.in_ptr[first] - rule.slot[j]
            for t in range(rule.in_ptr[first + i], rule.in_ptr[first + i + 1]):
                left[lo + rule.in_pre[t]] += np.float64(back.theta[w, t - origin]) * moved


@njit
def _own_listed(plan, rule, back, w, j, own):  # type: ignore[no-untyped-def]
    """own[q] += theta_qq of a listed projection of a population to itself."""
    lo, hi = plan.neurons[plan.pre[j]], plan.neurons[plan.pre[j] + 1]
    first = rule.in_row[j]
    origin = rule.in_ptr[first] - rule.slot[j]
    for i in range(hi - lo):
        for t in range(rule.in_ptr[first + i], rule.in_ptr[first + i + 1]):
            if rule.in_pre[t] == i:
                own[lo + i] += back.theta[w, t - origin]


@njit
def _eliminate_rows(plan, rule, back, w, b, with_diagonal, members, right, solution):  # type: ignore[no-untyped-def]
    """The same system by dense elimination with partial pivoting, in float64."""
    n = len(members)
    place = np.zeros(len(right), np.int64)
    for r in range(n):
        place[members[r]] = r
    a, column = np.zeros((n, n + 1)), np.zeros(len(right))
    for k in range(plan.block[b], plan.block[b + 1]):
        p = plan.order[k]
        for q in range(plan.neurons[p], plan.neurons[p + 1]):
            for m in members:
                column[m] = 0.0
            _push(plan, rule, back, w, p, q - plan.neurons[p], -1.0, column)
            if not with_diagonal:
                column[q] = 0.0
            column[q] += back.omega[w, q]
            for r in range(n):
                a[r, place[q]] = column[members[r]]
            a[place[q], n] = right[q]
    triangulate(a)
    substitute(a, members, solution)
