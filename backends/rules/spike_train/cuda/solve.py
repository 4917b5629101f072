"""The recurrent system (Omega - Theta)^T x = c of a block, matrix-free (Zhang & Li 2019).

theta[slot] = w rho / nu_pre of a synapse inside the block. Row p of the transposed system reads the
synapses that p sends: omega_p x_p - sum_l theta_lp x_l = c_p. The CPU sweeps in order
(Gauss-Seidel); here all rows of a sweep are computed at once (Jacobi), which ends at the same
solution.
"""

from __future__ import annotations

import numpy as np
from numba import cuda

from ....cuda.kernels.grid import block_max, f32, i32
from ..numbers import LARGEST, SMALLEST, SWEEPS, TOLERANCE

ZERO = np.float32(0.0)

CLOSE = f32(TOLERANCE)
ENOUGH = f32(1e-6)
PIVOT = f32(SMALLEST)
FAR = f32(LARGEST)


@cuda.jit(device=True)
def row_of_system(plan, learning, theta, omega, x, at, p, c, with_diagonal):  # type: ignore[no-untyped-def]
    """(c + sum_l theta_lp x_l) and the diagonal of row p; x[at + l] is the last sweep's."""
    total = c
    diagonal = omega[p]
    for s in range(learning.out_ptr[p], learning.out_ptr[p + 1]):
        l = learning.out_post[s]
        if l != p:
            total += theta[learning.out_slot[s]] * x[at + l]
        elif with_diagonal:
            diagonal -= theta[learning.out_slot[s]]
    a = learning.population[p]
    for e in range(learning.square_bound[a], learning.square_bound[a + 1]):
        first, last, place, pitch = column_of(plan, learning, learning.square[e], p)
        for l in range(first, last):
            if l != p:
                total += theta[place] * x[at + l]
            elif with_diagonal:
                diagonal -= theta[place]
            place += pitch
    return total, diagonal


@cuda.jit(device=True)
def column_of(plan, learning, j, p):  # type: ignore[no-untyped-def]
    """(first, last, place, pitch): neuron p sends to all of first:last through inside projection j,
    theta at place, place + pitch, …; of neighbouring neurons they are neighbours."""
    a, to = plan.pre[j], plan.post[j]
    lo = plan.neurons[a]
    pitch = plan.neurons[a + 1] - lo
    return plan.neurons[to], plan.neurons[to + 1], learning.slot[j] + p - lo, pitch


@cuda.jit(device=True)
def sweeps(  # type: ignore[no-untyped-def]
    plan, rule, learning, theta, omega, right, x, first, last, with_diagonal
):
    """Jacobi sweeps over members[first:last] by one block; whether they converged.

    x f32[2 N] holds the last sweep and the next in turn; the solution ends in its first half.
    """
    n = x.shape[0] // 2
    thread, threads = cuda.threadIdx.x, cuda.blockDim.x
    m = first + thread
    while m < last:
        x[rule.members[m]] = ZERO
        m += threads
    now, then = 0, n
    for sweep in range(SWEEPS):
        cuda.syncthreads()
        change, largest, bad = ZERO, ZERO, i32(0)
        m = first + thread
        while m < last:
            p = rule.members[m]
            total, diagonal = row_of_system(
                plan, learning, theta, omega, x, now, p, right[p], with_diagonal
            )
            if abs(diagonal) < PIVOT:
                bad = i32(1)
                diagonal = PIVOT
            value = total / diagonal
            if not abs(value) < FAR:
                bad = i32(1)
            change = max(change, abs(value - x[now + p]))
            largest = max(largest, abs(value))
            x[then + p] = value
            m += threads
        if cuda.syncthreads_or(bad) != 0:
            return False
        change, largest = block_max(change), block_max(largest)
        now, then = then, now
        # Rounding may keep the last bits moving: after half of the sweeps a little more is let by.
        if change <= (CLOSE if sweep < SWEEPS // 2 else ENOUGH) * largest:
            move(rule, x, now, first, last)
            return True
    return False


@cuda.jit(device=True)
def move(rule, x, now, first, last):  # type: ignore[no-untyped-def]
    """Bring the solution from x[now:] to the front."""
    m = first + cuda.threadIdx.x
    while m < last and now > 0:
        x[rule.members[m]] = x[now + rule.members[m]]
        m += cuda.blockDim.x
    cuda.syncthreads()


@cuda.jit(device=True)
def eliminate(  # type: ignore[no-untyped-def]
    plan, rule, learning, theta, omega, right, x, first, last, with_diagonal, a
):
    """The same system by dense elimination with partial pivoting, one block; a f32[n * (n + 1)].

    A pivot below SMALLEST is replaced by it, as in the authors' code.
    """
    n = last - first
    width = n + 1
    thread, threads = cuda.threadIdx.x, cuda.blockDim.x
    fill_system(plan, rule, learning, theta, omega, right, first, n, with_diagonal, a)
    for k in range(n):
        best = k
        for r in range(k + 1, n):
            if abs(a[r * width + k]) > abs(a[best * width + k]):
                best = r
        cuda.syncthreads()
        q = thread
        while q < width:
            one, other = a[k * width + q], a[best * width + q]
            if q == k and abs(other) < PIVOT:
                other = PIVOT if other >= ZERO else -PIVOT
            a[best * width + q] = one
            a[k * width + q] = other
            q += threads
        cuda.syncthreads()
        r = k + 1 + thread
        while r < n:
            factor = a[r * width + k] / a[k * width + k]
            if factor != ZERO:
                for q in range(k + 1, width):
                    a[r * width + q] -= factor * a[k * width + q]
            r += threads
        cuda.syncthreads()
        # The column below the pivot is not cleared: nothing reads it again.
    if thread == 0:
        for r in range(n - 1, -1, -1):
            total = a[r * width + n]
            for q in range(r + 1, n):
                total -= a[r * width + q] * x[rule.members[first + q]]
            x[rule.members[first + r]] = total / a[r * width + r]
    cuda.syncthreads()


@cuda.jit(device=True)
def fill_system(  # type: ignore[no-untyped-def]
    plan, rule, learning, theta, omega, right, first, n, with_diagonal, a
):
    """a = the augmented matrix of the block, row by row; learning.place: members' rows."""
    width = n + 1
    r = cuda.threadIdx.x
    while r < n:
        p = rule.members[first + r]
        for q in range(n):
            a[r * width + q] = ZERO
        a[r * width + r] = omega[p]
        a[r * width + n] = right[p]
        for s in range(learning.out_ptr[p], learning.out_ptr[p + 1]):
            l = learning.out_post[s]
            if with_diagonal or l != p:
                a[r * width + learning.place[l]] -= theta[learning.out_slot[s]]
        own = learning.population[p]
        for e in range(learning.square_bound[own], learning.square_bound[own + 1]):
            start, stop, place, pitch = column_of(plan, learning, learning.square[e], p)
            for l in range(start, stop):
                if with_diagonal or l != p:
                    a[r * width + learning.place[l]] -= theta[place]
                place += pitch
        r += cuda.blockDim.x
    cuda.syncthreads()
