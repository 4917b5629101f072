"""What learning any projection needs: traces, S-PSP, counts, Omega, errors, rows of synapses."""

from __future__ import annotations

import numpy as np
from numba import cuda

from ....compiled.kinds import LIST, WINDOW
from ....cuda.kernels.forward import fired
from ....cuda.kernels.grid import chunks_of, first_item
from ....cuda.kernels.synapses import window_fan_in, window_synapse
from ..formulas import (
    closed_step,
    discrete_step,
    is_apart,
    omega_of,
    postsynaptic_count,
    presynaptic_count,
)
from .spsp import response_at

ZERO = np.float32(0.0)
ONE = np.float32(1.0)
HALF = np.float32(0.5)


@cuda.jit(device=True)
def make_trace(plan, tables, rule, learning, work, b, j, k):  # type: ignore[no-untyped-def]
    """V of pre neuron k of projection j: one linear recursion over the steps, one thread.

    A spike of step 0 has no part in the closed form, as in the authors' code; its shift may be -1.
    """
    a, p = plan.pre[j], plan.post[j]
    n = plan.neurons[a + 1] - plan.neurons[a]
    bits, trace = work.bits[b], work.trace[b]
    keep_v, keep_c, gain, shift = rule.keep_v[p], rule.keep_c[p], rule.gain[p], rule.shift[j]
    at = learning.trace[j] + k
    first = 1 if rule.closed != 0 else 0
    slow, fast = ZERO, ZERO
    for t in range(plan.steps):
        spike = ZERO
        if first <= t - shift < plan.steps and fired(
            bits, (t - shift) * tables.words + tables.word[a], k
        ):
            spike = ONE
        fast += spike
        if rule.closed != 0:
            trace[at], slow, fast = closed_step(slow + spike, fast, keep_v, keep_c, gain)
        else:
            slow, fast = discrete_step(slow, fast, keep_v, keep_c, gain)
            trace[at] = slow
        at += n


@cuda.jit(device=True)
def make_traces(plan, tables, rule, learning, work, count, taught):  # type: ignore[no-untyped-def]
    """The traces of every projection that needs them, in every sample; the number of items.

    `taught` 0: of the spikes that were; 1: those that a teacher may change, for what else than the
    lateral inhibition the output sends.
    """
    done = 0
    for j in range(len(plan.pre)):
        if learning.trace[j] >= 0 and learning.taught[j] == taught:
            n = plan.neurons[plan.pre[j] + 1] - plan.neurons[plan.pre[j]]
            chunks = chunks_of(n)
            item = first_item(done)
            while item < count * chunks:
                b = item // chunks
                k = (item - b * chunks) * cuda.blockDim.x + cuda.threadIdx.x
                if k < n:
                    make_trace(plan, tables, rule, learning, work, b, j, k)
                item += cuda.gridDim.x
            done += count * chunks
    return done


@cuda.jit(device=True)
def entry_of(plan, rule, learning, work, b, j, l, k):  # type: ignore[no-untyped-def]
    """e of the synapse from pre neuron k to post neuron l of projection j, both local."""
    a, p = plan.pre[j], plan.post[j]
    lo = plan.neurons[a]
    if work.count[b, lo + k] == 0:
        return ZERO
    i = plan.neurons[p] + l
    return response_at(
        work.trace[b], learning.trace[j] + k, plan.neurons[a + 1] - lo, work.times[b],
        plan.steps * i, work.count[b, i], rule.refractory[p], rule.power[p],
    )  # fmt: skip


@cuda.jit(device=True)
def neuron_error(plan, rule, learning, store, work, b, p, i, has_inside):  # type: ignore[no-untyped-def]
    """delta, omega and error = dE/da of neuron i (local) of population p, before any solve."""
    n = plan.neurons[p] + i
    delta = work.delta[b, n]
    for s in range(learning.out_bound[p], learning.out_bound[p + 1]):
        delta += sent_back(plan, learning, work, b, learning.out[s], i)
    work.delta[b, n] = delta
    error = delta / rule.nu[p]
    omega = ONE
    if rule.hybrid == 0:
        omega = self_effect(plan, rule, store, work, b, p, i)
    work.omega[b, n] = omega
    if has_inside:
        if rule.reference != 0:
            work.boost[b, n] /= omega
    else:
        error /= omega
    work.error[b, n] = error


@cuda.jit(device=True)
def sent_back(plan, learning, work, b, j, k):  # type: ignore[no-untyped-def]
    """What projection j sends back to its pre neuron k: the parts of its tiles, in order."""
    a = plan.pre[j]
    n = plan.neurons[a + 1] - plan.neurons[a]
    total = ZERO
    for tile in range(learning.tiles[j]):
        total += work.parts[b, learning.part[j] + tile * n + k]
    return total


@cuda.jit(device=True)
def self_effect(plan, rule, store, work, b, p, i):  # type: ignore[no-untyped-def]
    """Omega of neuron i: 1 - (slope(o) / nu) sum_j w_j u_j (Zhang & Li 2019, eq. 10)."""
    total = ZERO
    is_recurrent = False
    for s in range(plan.incoming[p], plan.incoming[p + 1]):
        j = plan.sources[s]
        if rule.takes[j] != 0:
            is_recurrent = is_recurrent or rule.inside[j] != 0
            total = add_drive(plan, rule, store.weights, work, b, j, i, total)
    o = work.count[b, plan.neurons[p] + i]
    o = postsynaptic_count(o, rule.quartic != 0 and is_recurrent)
    slope = rule.slope[p, min(o, plan.steps)] if o > 0 else ZERO
    return omega_of(slope, total, rule.nu[p], rule.lowest, rule.highest)


@cuda.jit(device=True)
def add_drive(plan, rule, weights, work, b, j, i, total):  # type: ignore[no-untyped-def]
    """total + sum_k u_k w_ki over the pre neurons of projection j."""
    a, p = plan.pre[j], plan.post[j]
    lo = plan.neurons[a]
    if is_apart(rule.form[j]):
        start, stop = row_bounds(plan, rule, j, i)
        for s in range(start, stop):
            k, at = synapse(plan, rule, j, i, start, s)
            total += presynaptic_count(work.count[b, lo + k], rule.quartic != 0) * weights[at]
        return total
    posts = plan.neurons[p + 1] - plan.neurons[p]
    at = plan.weight[j] + i
    for k in range(lo, plan.neurons[a + 1]):
        total += presynaptic_count(work.count[b, k], rule.quartic != 0) * weights[at]
        at += posts
    return total


@cuda.jit(device=True)
def row_bounds(plan, rule, j, l):  # type: ignore[no-untyped-def]
    """The synapses start:stop of post neuron l: places in in_pre/in_index where projection j is
    learnt as a list, of its window, else places in the post-major weights."""
    if rule.form[j] == LIST:
        row = rule.in_row[j] + l
        return rule.in_ptr[row], rule.in_ptr[row + 1]
    if rule.form[j] == WINDOW:
        return np.int64(0), window_fan_in(plan.windows[j], l)
    n = plan.neurons[plan.pre[j] + 1] - plan.neurons[plan.pre[j]]
    return plan.weight[j] + l * n, plan.weight[j] + (l + 1) * n


@cuda.jit(device=True)
def synapse(plan, rule, j, l, start, s):  # type: ignore[no-untyped-def]
    """(pre neuron, place of the weight and its moments) of synapse s of the row of post neuron l,
    which begins at `start`."""
    if rule.form[j] == LIST:
        return np.int64(rule.in_pre[s]), rule.in_index[s]
    if rule.form[j] == WINDOW:
        k, at = window_synapse(plan.windows[j], l, s)
        return k, plan.weight[j] + at
    return s - start, s


@cuda.jit(device=True)
def weight_at(rule, store, j, at):  # type: ignore[no-untyped-def]
    """The weight at a place that `synapse` gave."""
    if is_apart(rule.form[j]):
        return store.weights[at]
    return store.rows[at]
