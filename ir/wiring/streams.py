"""Random numbers of a projection, in pieces that threads may draw in any order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from ..streams import Key, key_of

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Streams:
    """Streams of Philox4x64-10 (Salmon, Moraes, Dror & Shaw, SC 2011) under one key.

    A generator that counts has a number for each counter: those of piece k, attempt a begin at the
    counter k 2^192 + a 2^128, so that what a piece draws depends on nothing that another one drew.
    `threads` draw at once, and have no say in what is drawn.
    """

    key: bytes
    threads: int = 1

    def generator(self, piece: int = 0, attempt: int = 0) -> np.random.Generator:
        """The numbers of a piece, from the first one on."""
        bits = np.random.Philox(Key(self.key))
        if piece or attempt:
            state = bits.state
            state["state"]["counter"][2:] = attempt, piece
            bits.state = state
        return np.random.Generator(bits)

    def each(self, task: Callable[[int], T], count: int) -> Iterator[T]:
        """task(0), …, task(count - 1) in this order, `threads` of them at a time, and no more done
        ahead of whoever takes them."""
        if self.threads == 1 or count < 2:
            yield from (task(k) for k in range(count))
            return
        with ThreadPoolExecutor(self.threads) as pool:
            ahead = deque[Future[T]]()
            for k in range(count):
                ahead.append(pool.submit(task, k))
                if len(ahead) > 2 * self.threads:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()


def streams_of(name: str, seed: int, purpose: str, threads: int = 1) -> Streams:
    """Streams of their own for each seed, projection and purpose, so that none shifts another."""
    return Streams(key_of(seed, purpose, name), threads)
