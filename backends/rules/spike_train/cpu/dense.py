"""Learning a dense projection from one sample, in tiles of post neurons.

A tile works on post-major copies of the weights (`store.rows`), row by row: S-PSP, the error sent
below, then the update. `write_back` copies them to the pre-major weights that delivery reads.
The gradient goes to accumulator w, where the weights are not updated AT_ONCE.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from ....cpu.kernels.rows import add_scaled, fill, scatter
from ....optimizers.cpu.update import update_row
from .features import AT_ONCE, HYBRID
from .learn import rows_of, side_effect
from .spsp import response_row

ZERO = np.float32(0.0)
ONE = np.float32(1.0)


@njit
def dense_tile(  # type: ignore[no-untyped-def]
    plan, rule, optimizer, number, store, back, w, j, columns, first, last, message
):
    """Learn the posts first:last of a dense projection; message f32[pre] gets its error below.

    message is written whole: sum over the tile of x_l w_lj de_lj/du_j, with the weights of before.
    back.trace holds the traces of `columns` pre neurons.
    """
    p, start = plan.post[j], plan.weight[j]
    row, times = rows_of(plan, back, w, p)
    pre_row, _ = rows_of(plan, back, w, plan.pre[j])
    n = len(pre_row) - 1
    trace, active, power, nu = back.trace[w], back.active[w], rule.power[p], rule.nu[p]
    refractory, lo, ratio = rule.refractory[p], plan.neurons[p], rule.silent_ratio
    carries, trains = rule.carries[j] != 0, rule.trains[j] != 0
    inverse, silent, entry, packed = _pre_rows(ratio, pre_row, n)
    fill(message, ZERO)
    for l in range(first, last):
        own = slice(start + l * n, start + (l + 1) * n)
        weights = store.rows[own]
        if row[l] == row[l + 1]:
            _silent_row(rule.silent_entry, inverse, entry)
        elif columns == n:
            response_row(trace, n, times, row[l], row[l + 1], refractory, power, entry)
        else:
            response_row(trace, columns, times, row[l], row[l + 1], refractory, power, packed)
            scatter(packed, active, columns, entry)
        x = back.error[w, lo + l]
        scale = x * back.boost[w, lo + l]
        if HYBRID and rule.joint[p] == 0:
            scale *= ONE + side_effect(weights, entry, row[l + 1] - row[l], nu)
        if carries:
            _send(x, ratio, row[l + 1] > row[l], weights, entry, inverse, silent, message)
        if trains:
            if AT_ONCE:
                first_moment, second = store.first[own], store.second[own]
                update_row(optimizer, number, j, weights, first_moment, second, entry, scale)
            else:
                add_scaled(scale, entry, store.gradient[w, own])


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
