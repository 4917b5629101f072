"""How long is sought to place cores: by counted work, so that any machine finds the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

SEEN = Callable[[float], None]  # how much is done, 0 to 1


@dataclass(frozen=True, slots=True)
class Effort:
    """Ends of axons that are looked at, at most, to settle and in each part of annealing; swaps a
    core after which it ends early; and its temperatures, as parts of what a random swap changes."""

    settle: int
    work: int
    swaps: int
    rounds: int = 1
    parts: int = 16
    hot: float = 0.4
    cold: float = 0.004


EFFORTS = (
    Effort(2_000_000, 0, 0, rounds=0),
    Effort(20_000_000, 40_000_000, 2_000),
    Effort(50_000_000, 400_000_000, 10_000, rounds=2),
    Effort(200_000_000, 2_000_000_000, 40_000, rounds=4),
)
