"""Learning a dense projection from one sample, in tiles of post neurons.

A tile works on post-major copies of the weights (`store.rows`), row by row: S-PSP, the error sent
below, then the update. `write_back` copies them to the pre-major weights that delivery reads.
`group` is the accumulator that takes the gradient, or -1 to update the weights at once (batch 1).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from ....cpu.kernels.rows import add_scaled, fill, scatter
from ....optimizers.cpu.update import update_row
from .learn import rows_of, side_effect
from .spsp import response_row

ZERO = np.float32(0.0)
ONE = np.float32(1.0)


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
    hybrid: bool  # the factor 1 + s is this projection's own
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
        store.second[start:end], gradient, rule.hybrid and not rule.joint[p],
        rule.silent_ratio, rule.silent_entry, rule.carries[j] != 0, rule.trains[j] != 0,
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
            scale *= ONE + side_effect(weights, entry, end - start, view.nu)
        if view.carries:
            _send(x, view.silent_ratio, end > start, weights, entry, inverse, silent, message)
        if view.trains and is_direct:
            moments = view.first[base : base + n], view.second[base : base + n]
            update_row(optimizer, size, eps, weights, moments[0], moments[1], entry, scale)
        elif view.trains:
            add_scaled(scale, entry, view.gradient[base : base + n])


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
