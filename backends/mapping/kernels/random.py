"""Random numbers: L'Ecuyer's two generators combined (CACM 31, 1988), in 64-bit integers."""

from __future__ import annotations

from typing import Any

from numba import njit


@njit
def drawn(random: Any) -> int:
    """An integer from 1 to 2147483562; `random` holds two numbers, which it changes."""
    random[0] = random[0] * 40014 % 2147483563
    random[1] = random[1] * 40692 % 2147483399
    number = random[0] - random[1]
    return number if number > 0 else number + 2147483562


@njit
def below(random: Any, most: int) -> int:
    """An integer from 0 to `most - 1`, below 2^31."""
    return drawn(random) * most // 2147483563


@njit
def shuffle(random: Any, order: Any) -> None:
    """Another order."""
    for i in range(len(order) - 1, 0, -1):
        j = below(random, i + 1)
        kept = order[i]
        order[i] = order[j]
        order[j] = kept
