"""Philox4x32-10 in NumPy: the definition of every random bit that an encoding draws.

Salmon, Moraes, Dror & Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
WEYL = (0x9E3779B9, 0xBB67AE85)
ROUNDS = 10

Words = npt.NDArray[np.uint64]


def philox4x32(counter: npt.ArrayLike, key: npt.ArrayLike) -> npt.NDArray[np.uint32]:
    """Random words uint32 [..., 4] for counters [..., 4] and keys [..., 2] (32-bit values)."""
    x = np.moveaxis(np.asarray(counter, np.uint64), -1, 0)
    k = np.moveaxis(np.asarray(key, np.uint64), -1, 0)
    words = [x[0], x[1], x[2], x[3]]
    keys: list[Any] = [k[0], k[1]]
    for _ in range(ROUNDS):
        words = _round(words, keys)
        keys = [(key + np.uint64(w)) & _LOW for key, w in zip(keys, WEYL, strict=True)]
    return np.stack(np.broadcast_arrays(*words), axis=-1).astype(np.uint32)


_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


def _round(x: list[Words], key: list[Words]) -> list[Words]:
    product0 = np.uint64(MULTIPLIERS[0]) * x[0]
    product1 = np.uint64(MULTIPLIERS[1]) * x[2]
    return [
        (product1 >> _HALF) ^ x[1] ^ key[0],
        product1 & _LOW,
        (product0 >> _HALF) ^ x[3] ^ key[1],
        product0 & _LOW,
    ]


def bernoulli_threshold(p: npt.NDArray[np.float64]) -> npt.NDArray[np.uint32]:
    """floor(p 2^32), p clipped to [0, 1 - 2^-32]: a word below it is a spike of probability p."""
    return np.minimum(np.maximum(p, 0.0) * 2.0**32, 2.0**32 - 1.0).astype(np.uint32)


def encode(
    probability: npt.NDArray[np.float64], steps: int, sample: int, seed: int, first: int
) -> npt.NDArray[np.bool_]:
    """Frozen spikes, bool [steps, inputs]: input j fires at t >= `first` with probability[j].

    Step t takes word t % 4 of philox(counter = (j, t // 4, sample), key = seed); `sample` and
    `seed` are 64 bits, low word first.
    """
    inputs = len(probability)
    blocks = -(-steps // 4)
    counter = np.zeros((blocks, inputs, 4), np.uint64)
    counter[..., 0] = np.arange(inputs)
    counter[..., 1] = np.arange(blocks)[:, None]
    counter[..., 2] = sample & 0xFFFFFFFF
    counter[..., 3] = sample >> 32
    words = philox4x32(counter, [seed & 0xFFFFFFFF, seed >> 32])
    drawn = words.transpose(0, 2, 1).reshape(4 * blocks, inputs)[:steps]
    spikes = drawn < bernoulli_threshold(probability)
    spikes[:first] = False
    return spikes
