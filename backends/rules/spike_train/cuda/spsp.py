"""Spike-train-level postsynaptic potentials (S-PSP), factored: e = C V; see the CPU's twin.

V[t, k] of a projection lies at work.trace[b, trace[j] + t n + k], n the neurons before it.
"""

from __future__ import annotations

import numpy as np
from numba import cuda

from ..formulas import last_reset

ZERO = np.float32(0.0)
ONE = np.float32(1.0)


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
