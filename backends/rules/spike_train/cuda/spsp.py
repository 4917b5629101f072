"""Spike-train-level postsynaptic potentials (S-PSP), factored: e = C V; see the CPU's twin.

V[t, k] of a projection lies at work.trace[b, trace[j] + t n + k], n the neurons before it.
"""

from __future__ import annotations

import numpy as np
from numba import cuda

from ....cuda.kernels.forward import fired
from ..formulas import closed_step, discrete_step, last_reset

ONE = np.float32(1.0)
ZERO = np.float32(0.0)


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
def response_at(trace, column, n, times, start, spikes, refractory, power):  # type: ignore[no-untyped-def]
    """e = sum over a post neuron's spikes of V[t_f] - power[t_f - t_r] V[t_r], t_r its last reset.

    trace[column + t n] is the pre neuron's V; the first spike has no earlier reset.
    """
    if spikes == 0:
        return ZERO
    f = times[start]
    total = trace[column + f * n]
    for m in range(start + 1, start + spikes):
        r = last_reset(f, refractory, times[m])
        f = times[m]
        total += trace[column + f * n] - power[f - r] * trace[column + r * n]
    return total
