"""Output error, decision, teacher spikes and the lateral factor of the spike-count rules."""

from __future__ import annotations

import numpy as np
from numba import cuda

from ....cuda.kernels.grid import f32, u32
from ..formulas import (
    divisor,
    error_at,
    has_cost,
    lateral_term,
    place_of_pair,
    taught_spikes,
    taught_time,
)
from .spsp import response_at

ZERO = np.float32(0.0)
ONE = np.float32(1.0)

ONE32 = u32(1)


@cuda.jit(device=True)
def clear_errors(work, b):  # type: ignore[no-untyped-def]
    """No error yet, and no factor on any gradient."""
    i = cuda.threadIdx.x
    while i < work.count.shape[1]:
        work.delta[b, i] = ZERO
        work.boost[b, i] = ONE
        i += cuda.blockDim.x


@cuda.jit(device=True)
def cost_of(rule, counts, label):  # type: ignore[no-untyped-def]
    """The sum of the outputs' costs."""
    cost = ZERO
    for i in range(len(counts)):
        if has_cost(i, label, counts[i]):
            cost += error_at(rule.cost, i, label, counts[i])
    return cost


@cuda.jit(device=True)
def teach(plan, tables, rule, work, b, i):  # type: ignore[no-untyped-def]
    """Give the silent output i spikes at the steps lesson, 2 lesson, …: times, bits, count."""
    p = plan.output
    neuron = plan.neurons[p] + i
    word, bit = tables.word[p] + (i >> 5), u32(ONE32 << u32(i & 31))
    extra = taught_spikes(plan.steps, rule.lesson)
    for m in range(extra):
        t = taught_time(m, rule.lesson)
        work.times[b, plan.steps * neuron + m] = t
        work.bits[b, t * tables.words + word] |= bit
    work.count[b, neuron] = extra


@cuda.jit(device=True)
def lateral_factor(plan, rule, learning, weights, work, b, label):  # type: ignore[no-untyped-def]
    """gamma_j = 1 / (1 - sum_l w_lj r_lj d_l w_jl r_jl d_j) from the spikes before teaching.

    r_lj = S-PSP of output j on output l per spike of j, `silent_ratio` if either is silent;
    d_l = 1/nu for neurons that fired and for the target, else 0 (Jin, Zhang & Li 2018).
    """
    p = plan.output
    lo = plan.neurons[p]
    n = plan.neurons[p + 1] - lo
    ratio = work.ratio[b]
    pair = cuda.threadIdx.x
    while pair < n * n:
        ratio[pair] = spike_ratio(plan, rule, learning, work, b, pair // n, pair % n, n)
        pair += cuda.blockDim.x
    cuda.syncthreads()
    own, nu = plan.weight[rule.lateral], rule.nu[p]
    j = cuda.threadIdx.x
    while j < n:
        total = ZERO
        if work.count[b, lo + j] > 0 or j == label:
            for l in range(n):
                if l != j and (work.count[b, lo + l] > 0 or l == label):
                    there = weights[own + place_of_pair(n, j, l)]
                    back = weights[own + place_of_pair(n, l, j)]
                    total += lateral_term(there, back, ratio[l * n + j], ratio[j * n + l], nu)
        work.boost[b, lo + j] = ONE / divisor(ONE - total)
        j += cuda.blockDim.x


@cuda.jit(device=True)
def spike_ratio(plan, rule, learning, work, b, l, j, n):  # type: ignore[no-untyped-def]
    """r_lj of two output neurons."""
    p = plan.output
    lo = plan.neurons[p]
    from_j, of_l = work.count[b, lo + j], work.count[b, lo + l]
    if from_j == 0 or of_l == 0:
        return rule.silent_ratio
    entry = response_at(
        work.trace[b], learning.trace[rule.lateral] + j, n, work.times[b],
        plan.steps * (lo + l), of_l, rule.refractory[p], rule.power[p],
    )  # fmt: skip
    return entry / f32(from_j)
