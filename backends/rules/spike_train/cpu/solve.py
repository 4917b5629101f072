"""The recurrent system (Omega - Theta)^T x = c of a block, matrix-free (Zhang & Li 2019).

theta[slot] = w rho / nu_pre of a synapse inside the block. Row p of the transposed system reads the
synapses that p sends: omega_p x_p - sum_l theta_lp x_l = c_p.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from ..numbers import LARGEST, SMALLEST, SWEEPS, TOLERANCE

ALL, OFF_DIAGONAL = True, False  # whether Theta counts on the diagonal


@njit
def solve_transposed(members, out_ptr, out_post, out_slot, theta, omega, with_diagonal, c, x):  # type: ignore[no-untyped-def]
    """x for the neurons `members` (global indices); exact in one sweep for one-sided wiring.

    Gauss-Seidel in ascending order, and elimination with pivoting where it does not converge.
    out_ptr i64[N + 1]: synapses sent by a neuron to post neurons out_post, at slots out_slot.
    """
    for p in members:
        x[p] = np.float32(0.0)
    for _ in range(SWEEPS):
        change, largest, fits = _sweep(
            members, out_ptr, out_post, out_slot, theta, omega, with_diagonal, c, x
        )
        if not fits:
            break
        if change <= TOLERANCE * largest:
            return
    _eliminate(members, out_ptr, out_post, out_slot, theta, omega, with_diagonal, c, x)


@njit
def _sweep(members, out_ptr, out_post, out_slot, theta, omega, with_diagonal, c, x):  # type: ignore[no-untyped-def]
    change = 0.0
    largest = 0.0
    for p in members:
        total = np.float64(c[p])
        diagonal = np.float64(omega[p])
        for s in range(out_ptr[p], out_ptr[p + 1]):
            if out_post[s] != p:
                total += np.float64(theta[out_slot[s]]) * np.float64(x[out_post[s]])
            elif with_diagonal:
                diagonal -= np.float64(theta[out_slot[s]])
        if abs(diagonal) < SMALLEST:
            return change, largest, False
        value = total / diagonal
        change = max(change, abs(value - x[p]))
        largest = max(largest, abs(value))
        x[p] = value
        if not abs(value) < LARGEST:
            return change, largest, False
    return change, largest, True


@njit
def _eliminate(members, out_ptr, out_post, out_slot, theta, omega, with_diagonal, c, x):  # type: ignore[no-untyped-def]
    """The same system by dense elimination with partial pivoting, in float64; a pivot below
    SMALLEST is replaced by it, as in the authors' code."""
    n = len(members)
    place = np.full(members.max() + 1, -1, np.int64)
    for r in range(n):
        place[members[r]] = r
    a = np.zeros((n, n + 1))
    for r in range(n):
        p = members[r]
        a[r, r] = omega[p]
        a[r, n] = c[p]
        for s in range(out_ptr[p], out_ptr[p + 1]):
            if with_diagonal or out_post[s] != p:
                a[r, place[out_post[s]]] -= theta[out_slot[s]]
    triangulate(a)
    substitute(a, members, x)


@njit
def substitute(a, members, x):  # type: ignore[no-untyped-def]
    """x of a triangular system, f64[n, n + 1] with its right side last."""
    n = a.shape[0]
    for r in range(n - 1, -1, -1):
        total = a[r, n]
        for k in range(r + 1, n):
            total -= a[r, k] * x[members[k]]
        x[members[r]] = total / a[r, r]


@njit
def triangulate(a):  # type: ignore[no-untyped-def]
    """Eliminate below the diagonal, rows exchanged; in place."""
    n = a.shape[0]
    for k in range(n):
        best = k
        for r in range(k + 1, n):
            if abs(a[r, k]) > abs(a[best, k]):
                best = r
        for q in range(n + 1):
            a[k, q], a[best, q] = a[best, q], a[k, q]
        if abs(a[k, k]) < SMALLEST:
            a[k, k] = SMALLEST if a[k, k] >= 0.0 else -SMALLEST
        for r in range(k + 1, n):
            factor = a[r, k] / a[k, k]
            if factor != 0.0:
                for q in range(k, n + 1):
                    a[r, q] -= factor * a[k, q]
