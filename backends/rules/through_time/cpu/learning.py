"""The entries of learning through time: samples one after the other, and the update of a batch."""

from __future__ import annotations

import numpy as np
from numba import njit

from ....compiled.kinds import PAIRS
from ....cpu.kernels.features import MATRIX
from ....cpu.kernels.rows import add, copy, fill
from ....cpu.timeloop import count_all, present
from ....optimizers.cpu.update import number_of, update_row
from .backward import backward, clear
from .features import AT_ONCE
from .loss import judge

ZERO = np.float32(0.0)
ONE = np.float32(1.0)
WIDE_ROWS = 16  # post neurons whose gradients lie in one line of cache


@njit(nogil=True)
def learn(  # type: ignore[no-untyped-def]
    advance, plan, through, optimizer, weights, store, work, sweep, data, seed, updates, first,
    last, stride, w, results,
):  # fmt: skip
    """Learn from the samples first, first + stride, … before last, in worker w; the updates so far.

    AT_ONCE the weights are updated after every sample (batch 1), else gradients are added to the
    accumulator w, and the workers may run at once.
    """
    for s in range(first, last, stride):
        present(advance, plan, weights, data, s, seed, work, w)
        count_all(plan, work, w, results.activity[w])
        clear(plan, sweep, w)
        judge(plan, through, work, sweep, data, results, s, w)
        backward(plan, through, store, work, sweep, w)
        if AT_ONCE:
            updates += 1
            apply_sums(plan, through, optimizer, number_of(optimizer, updates), store, sweep, ONE)
        else:
            hand_over(store, sweep, w)
    return updates


@njit
def hand_over(store, sweep, w):  # type: ignore[no-untyped-def]
    """The sample's gradient into the accumulator of worker w."""
    add(sweep.sums[w], store.gradient[w, : sweep.sums.shape[1]])
    fill(sweep.sums[w], ZERO)


@njit
def update(plan, through, optimizer, store, updates, scale):  # type: ignore[no-untyped-def]
    """One update of all weights by scale * (sum of the groups' gradients)."""
    total = store.gradient[0]
    for g in range(1, store.gradient.shape[0]):
        add(store.gradient[g], total)
        fill(store.gradient[g], ZERO)
    number = number_of(optimizer, updates)
    apply_gradient(plan, through, optimizer, number, store, total, np.float32(scale))


@njit
def apply_sums(plan, through, optimizer, number, store, sweep, scale):  # type: ignore[no-untyped-def]
    """An update by the gradient of one sample."""
    apply_gradient(plan, through, optimizer, number, store, sweep.sums[0], scale)


@njit
def apply_gradient(plan, through, optimizer, number, store, total, scale):  # type: ignore[no-untyped-def]
    """An update of all weights by scale * total f32[W], which is 0 afterwards."""
    for j in range(len(plan.pre)):
        if through.trains[j]:
            if MATRIX and plan.kind[j] == PAIRS:
                apply_dense(plan, optimizer, number, store, total, scale, j)
            else:
                own = slice(plan.weight[j], plan.weight[j + 1])
                update_row(
                    optimizer, number, j, store.weights[own], store.first[own], store.second[own],
                    total[own], scale,
                )  # fmt: skip
    fill(total, ZERO)


@njit
def apply_dense(plan, optimizer, number, store, total, scale, j):  # type: ignore[no-untyped-def]
    """The update of an all-pairs projection, by its post neurons' rows; then the weights that
    delivery reads, which are pre-major as the gradient is."""
    base = plan.weight[j]
    n = plan.neurons[plan.pre[j] + 1] - plan.neurons[plan.pre[j]]
    posts = plan.neurons[plan.post[j] + 1] - plan.neurons[plan.post[j]]
    tile = np.empty((WIDE_ROWS, n), np.float32)
    for start in range(0, posts, WIDE_ROWS):
        width = min(WIDE_ROWS, posts - start)
        for i in range(n):
            for l in range(width):
                tile[l, i] = total[base + i * posts + start + l]
        for l in range(width):
            own = slice(base + (start + l) * n, base + (start + l + 1) * n)
            update_row(
                optimizer, number, j, store.rows[own], store.first[own], store.second[own],
                tile[l], scale,
            )  # fmt: skip
            copy(store.rows[own], tile[l])
        for i in range(n):
            for l in range(width):
                store.weights[base + i * posts + start + l] = tile[l, i]
