"""White noise, put where what arrives is summed."""

from __future__ import annotations

import numpy as np
from numba import cuda

from ...compiled.counts import word_at
from ...compiled.formulas import philox
from ...compiled.normals import NOISE_KEY0, NOISE_KEY1, NOISE_PORT, normal_of_word
from .grid import f32


@cuda.jit(device=True)
def put_noise(plan, tables, work, b, p, i, t, place):  # type: ignore[no-untyped-def]
    """The noise of neuron i of population p in step t of the sample at place b, into its currents,
    the first of which is at `place`."""
    for k in range(plan.noisy[p], plan.noisy[p + 1]):
        w0, w1, w2, w3 = philox(
            np.uint64(i // 4), np.uint64(t), np.uint64(work.sample[b, 0]),
            np.uint64(work.sample[b, 1]), np.uint64(plan.noise[k, NOISE_KEY0]),
            np.uint64(plan.noise[k, NOISE_KEY1]),
        )  # fmt: skip
        word = word_at(i, w0, w1, w2, w3)
        here = place + plan.noise[k, NOISE_PORT] * tables.width
        number = f32(normal_of_word(word, plan.normal))
        work.currents[b, here] = number * f32(plan.noise_scale)
