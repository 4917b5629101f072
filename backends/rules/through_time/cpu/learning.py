"""The entries of learning through time: samples one after the other, and the update of a batch."""

from __future__ import annotations

import numpy as np
from numba import njit

from ....compiled.kinds import PAIRS
from ....cpu.kernels.features import MATRIX, STEADY
from ....cpu.kernels.rows import add, fill
from ....cpu.timeloop import count_all, present
from ....optimizers.cpu.update import number_of, update_row
from .backward import backward, clear
from .features import AT_ONCE
from .loss import judge
from .synapses import release

ZERO = np.float32(0.0)
ONE = np.float32(1.0)
TILE = 16  # weights that lie in one line of cache


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
        if STEADY:
            sweep.held[w] += 1
            if AT_ONCE or sweep.held[w] == sweep.totals.shape[1] or s + stride >= last:
                release(plan, through, store, sweep, w)
        if AT_ONCE:
            updates += 1
            number = number_of(optimizer, updates)
            apply_gradient(plan, through, optimizer, number, store, sweep.sums[0], ONE)
        if through.learns:
            for k in range(sweep.starts.shape[1]):
                add(sweep.later[w, k], sweep.starts[w, k])
    return updates


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
def apply_gradient(plan, through, optimizer, number, store, total, scale):  # type: ignore[no-untyped-def]
    """An update of all weights by scale * total f32[W], which is 0 afterwards."""
    for j in range(len(plan.pre)):
        if through.trains[j]:
            is_matrix = MATRIX and plan.kind[j] == PAIRS
            if is_matrix and through.by_rows:
                apply_by_rows(plan, optimizer, number, store, total, scale, j)
            else:
                own = slice(plan.weight[j], plan.weight[j + 1])
                update_row(
                    optimizer, number, j, store.weights[own], store.first[own], store.second[own],
                    total[own], scale,
                )  # fmt: skip
            if is_matrix and through.needed[plan.pre[j]]:
                turn(plan, store, j)
    fill(total, ZERO)


@njit
def apply_by_rows(plan, optimizer, number, store, total, scale, j):  # type: ignore[no-untyped-def]
    """The update of an all-pairs projection where it depends on the row of a post neuron."""
    n, posts = sizes_of(plan, j)
    tiles = np.empty((4, TILE, n), np.float32)
    arrays = store.weights, store.first, store.second, total
    for start in range(0, posts, TILE):
        width = min(TILE, posts - start)
        base = plan.weight[j] + start
        for tile, array in zip(tiles, arrays):  # noqa: B905 - Numba knows no `strict`
            for i in range(n):
                for l in range(width):
                    tile[l, i] = array[base + i * posts + l]
        for l in range(width):
            update_row(
                optimizer, number, j, tiles[0, l], tiles[1, l], tiles[2, l], tiles[3, l], scale
            )
        for tile, array in zip(tiles[:3], arrays[:3]):  # noqa: B905
            for i in range(n):
                for l in range(width):
                    array[base + i * posts + l] = tile[l, i]


@njit
def turn(plan, store, j):  # type: ignore[no-untyped-def]
    """The weights that errors go down by, post-major, from those that spikes go up by; in squares
    of which both sides stay in cache."""
    n, posts = sizes_of(plan, j)
    weights = store.weights[plan.weight[j] : plan.weight[j + 1]]
    rows = store.rows[plan.weight[j] : plan.weight[j + 1]]
    for i0 in range(0, n, TILE):
        for l0 in range(0, posts, TILE):
            for l in range(l0, min(l0 + TILE, posts)):
                for i in range(i0, min(i0 + TILE, n)):
                    rows[l * n + i] = weights[i * posts + l]


@njit
def sizes_of(plan, j):  # type: ignore[no-untyped-def]
    """The pre and the post neurons of projection j."""
    a, p = plan.pre[j], plan.post[j]
    return plan.neurons[a + 1] - plan.neurons[a], plan.neurons[p + 1] - plan.neurons[p]
