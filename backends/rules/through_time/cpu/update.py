"""Updates of the weights by what samples asked of them, in pieces that stay in cache."""

from __future__ import annotations

import numpy as np
from numba import njit, prange

from ....compiled.kinds import PAIRS
from ....cpu.kernels.features import MATRIX, WIDE
from ....cpu.kernels.rows import add, fill
from ....optimizers.cpu.update import number_of, update_row
from .features import AT_ONCE

ZERO = np.float32(0.0)
TILE = 16  # weights that lie in one line of cache
PIECE = 4096  # weights of a list, or of a kernel, that are updated at a time


@njit
def update(plan, through, optimizer, store, updates, scale):  # type: ignore[no-untyped-def]
    """One update of all weights by scale * (sum of the groups' gradients)."""
    number = number_of(optimizer, updates)
    apply_gradient(plan, through, optimizer, number, store, store.gradient, np.float32(scale))


@njit
def apply_gradient(plan, through, optimizer, number, store, gradient, scale):  # type: ignore[no-untyped-def]
    """An update of all weights by scale * (sum over the groups of gradient f32[groups, W or more]),
    which is 0 afterwards."""
    for j in range(len(plan.pre)):
        if through.trains[j]:
            pieces = pieces_of(plan, through, j)
            if WIDE or not AT_ONCE:
                apply_wide(plan, through, optimizer, number, store, gradient, scale, j, pieces)
            else:
                for k in range(pieces):
                    apply_piece(plan, through, optimizer, number, store, gradient, scale, j, k)
            if MATRIX and plan.kind[j] == PAIRS and through.by_rows and through.needed[plan.pre[j]]:
                n, _ = sizes_of(plan, j)
                for i0 in range(0, n, TILE):
                    turn(plan, store, j, i0, min(i0 + TILE, n))


@njit(parallel=True)
def apply_wide(plan, through, optimizer, number, store, gradient, scale, j, pieces):  # type: ignore[no-untyped-def]
    """The pieces of projection j spread over the threads; the bits are the same."""
    for k in prange(pieces):
        apply_piece(plan, through, optimizer, number, store, gradient, scale, j, np.int64(k))


@njit
def pieces_of(plan, through, j):  # type: ignore[no-untyped-def]
    """How many pieces the weights of projection j are updated in."""
    if MATRIX and plan.kind[j] == PAIRS:
        n, posts = sizes_of(plan, j)
        return ((posts if through.by_rows else n) + TILE - 1) // TILE
    return (plan.weight[j + 1] - plan.weight[j] + PIECE - 1) // PIECE


@njit
def apply_piece(plan, through, optimizer, number, store, gradient, scale, j, k):  # type: ignore[no-untyped-def]
    """The update of piece k of projection j: some pre neurons' weights, or some post neurons' where
    it depends on all of a neuron's."""
    if MATRIX and plan.kind[j] == PAIRS:
        n, posts = sizes_of(plan, j)
        if through.by_rows:
            apply_posts(plan, optimizer, number, store, gradient, scale, j, k * TILE)
        else:
            i0, i1 = k * TILE, min(k * TILE + TILE, n)
            lo = plan.weight[j] + i0 * posts
            hi = plan.weight[j] + i1 * posts
            apply_slice(optimizer, number, store, gradient, scale, j, lo, hi)
            if through.needed[plan.pre[j]]:
                turn(plan, store, j, i0, i1)
    else:
        lo = plan.weight[j] + k * PIECE
        hi = min(lo + PIECE, plan.weight[j + 1])
        apply_slice(optimizer, number, store, gradient, scale, j, lo, hi)


@njit
def apply_slice(optimizer, number, store, gradient, scale, j, lo, hi):  # type: ignore[no-untyped-def]
    """The update of the weights lo:hi."""
    total = gradient[0, lo:hi]
    for g in range(1, len(gradient)):
        add(gradient[g, lo:hi], total)
        fill(gradient[g, lo:hi], ZERO)
    update_row(
        optimizer, number, j, store.weights[lo:hi], store.first[lo:hi], store.second[lo:hi], total,
        scale,
    )  # fmt: skip
    fill(total, ZERO)


@njit
def apply_posts(plan, optimizer, number, store, gradient, scale, j, start):  # type: ignore[no-untyped-def]
    """The update of the weights of TILE post neurons of an all-pairs projection from `start`."""
    n, posts = sizes_of(plan, j)
    width = min(TILE, posts - start)
    base, tiles = plan.weight[j] + start, np.zeros((4, TILE, n), np.float32)
    arrays = store.weights, store.first, store.second
    for tile, array in zip(tiles[:3], arrays):  # noqa: B905 - Numba knows no `strict`
        for i in range(n):
            for l in range(width):
                tile[l, i] = array[base + i * posts + l]
    for g in range(len(gradient)):
        for i in range(n):
            for l in range(width):
                tiles[3, l, i] += gradient[g, base + i * posts + l]
                gradient[g, base + i * posts + l] = ZERO
    for l in range(width):
        update_row(optimizer, number, j, tiles[0, l], tiles[1, l], tiles[2, l], tiles[3, l], scale)
    for tile, array in zip(tiles[:3], arrays):  # noqa: B905
        for i in range(n):
            for l in range(width):
                array[base + i * posts + l] = tile[l, i]


@njit
def turn(plan, store, j, i0, i1):  # type: ignore[no-untyped-def]
    """The weights of the pre neurons i0:i1 that errors go down by, post-major, from those that
    spikes go up by; in squares of which both sides stay in cache."""
    n, posts = sizes_of(plan, j)
    weights = store.weights[plan.weight[j] : plan.weight[j + 1]]
    rows = store.rows[plan.weight[j] : plan.weight[j + 1]]
    for l0 in range(0, posts, TILE):
        for l in range(l0, min(l0 + TILE, posts)):
            for i in range(i0, i1):
                rows[l * n + i] = weights[i * posts + l]


@njit
def sizes_of(plan, j):  # type: ignore[no-untyped-def]
    """The pre and the post neurons of projection j."""
    a, p = plan.pre[j], plan.post[j]
    return plan.neurons[a + 1] - plan.neurons[a], plan.neurons[p + 1] - plan.neurons[p]
