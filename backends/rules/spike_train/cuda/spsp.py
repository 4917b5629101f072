"""Spike-train-level postsynaptic potentials (S-PSP), factored: e = C V; see the CPU's twin.

V[t, k] of a projection lies at work.trace[b, trace[j] + t n + k], n the neurons before it.
"""

from __future__ import annotations

from numba import cuda

from ....cuda.kernels.forward import fired
from ....cuda.kernels.grid import f32

ONE = f32(1.0)
ZERO = f32(0.0)


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
        if rule.closed != 0:
            slow += spike
            fast += spike
            trace[at] = gain * (slow - fast)
            slow *= keep_v
        else:
            fast += spike
            slow = keep_v * slow + gain * fast
            trace[at] = slow
        fast *= keep_c
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
        r = f + refractory
        f = times[m]
        r = min(r, f)
        total += trace[column + f * n] - power[f - r] * trace[column + r * n]
    return total
