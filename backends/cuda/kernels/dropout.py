"""Units that send nothing while the network learns from a sample, see `ir.dropout`."""

from __future__ import annotations

import numpy as np
from numba import cuda

from ...compiled.formulas import sent_share

LEFT_OUT = np.float32(0.0)


@cuda.jit(device=True)
def draw_shares(plan, data, work, b, s, key0, key1):  # type: ignore[no-untyped-def]
    """By what is multiplied what each unit sends in sample s, at place b, of the populations that
    have dropout."""
    for p in range(len(plan.model)):
        n = cuda.threadIdx.x
        while plan.dropped[p] > 0 and n < plan.neurons[p + 1] - plan.neurons[p]:
            work.shares[b, plan.neurons[p] + n] = sent_share(
                np.uint64(plan.dropped[p]), plan.share[p], np.uint64(n // plan.alike[p]),
                np.uint64(p), np.uint64(data.ids[s, 0]), np.uint64(data.epoch), np.uint64(key0),
                np.uint64(key1),
            )  # fmt: skip
            n += cuda.blockDim.x


@cuda.jit(device=True)
def leave_out(plan, work, b, p, n):  # type: ignore[no-untyped-def]
    """Whether the spikes of neuron n of population p are left out of the sample at place b."""
    is_of_spikes = plan.dropped[p] > 0 and plan.emitted[p] < 0
    return is_of_spikes and work.shares[b, n] == LEFT_OUT
