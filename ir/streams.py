"""Streams of random numbers, one for each seed, purpose and name, so that none shifts another."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import numpy as np
import numpy.typing as npt


def stream(seed: int, purpose: str, name: str) -> np.random.Generator:
    """The generator of what is drawn for a purpose, by the name of what it is drawn for."""
    return np.random.Generator(np.random.Philox(Key(key_of(seed, purpose, name))))


def key_of(seed: int, purpose: str, name: str) -> bytes:
    """The 16 bytes that key it."""
    return sha256(f"{seed}\0{purpose}\0{name}".encode()).digest()[:16]


class Key(np.random.SeedSequence):
    """The key of a Philox as it is, for which `Philox(key=…)` reads the system's entropy first."""

    def __init__(self, key: bytes) -> None:
        super().__init__(0)
        self._key = key

    def generate_state(self, n_words: int, dtype: Any = np.uint32) -> npt.NDArray[Any]:
        """The key's words, which are all that a Philox asks for."""
        words = np.frombuffer(self._key, "<u8").astype(dtype)
        assert len(words) == n_words
        return words
