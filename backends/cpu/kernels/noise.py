"""White noise, put where what arrives is summed."""

from __future__ import annotations

import numpy as np
from numba import njit

from ...compiled.normals import NOISE_KEY0, NOISE_KEY1, NOISE_PORT, normal_of_word
from .forward import draw_words

NORMALS = 128  # blocks of four words that are drawn at once: they stay in the first cache


@njit
def put_noise(plan, p, t, sample, row):  # type: ignore[no-untyped-def]
    """The noise of population p in step t of a sample, into row f32[ports * N]."""
    lo, n = plan.neurons[p], plan.neurons[p + 1] - plan.neurons[p]
    for k in range(plan.noisy[p], plan.noisy[p + 1]):
        first = plan.noise[k, NOISE_PORT] * plan.neurons[-1] + lo
        draw_normals(plan, plan.noise[k], t, sample, row[first : first + n])


@njit
def draw_normals(plan, noise, t, sample, numbers):  # type: ignore[no-untyped-def]
    """The same of one port: neuron k has word k % 4 of the block k // 4."""
    key0, key1 = np.uint64(noise[NOISE_KEY0]), np.uint64(noise[NOISE_KEY1])
    words = np.empty((4, NORMALS), np.uint32)
    scale, table = np.float32(plan.noise_scale), plan.normal
    blocks = (len(numbers) + 3) // 4
    for tile in range(0, blocks, NORMALS):
        size = min(NORMALS, blocks - tile)
        draw_words(tile, size, t, sample, key0, key1, words)
        for b in range(size):
            for r in range(4):
                k = 4 * (tile + b) + r
                if k < len(numbers):
                    number = normal_of_word(np.uint64(words[r, b]), table)
                    numbers[k] = np.float32(number) * scale
