"""Ranges of numbers that a table allows."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np

_LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True, slots=True)
class Range:
    """The finite numbers from `low` to `high`; an open end is not itself among them."""

    low: float = -inf
    high: float = inf
    is_low_open: bool = False
    is_high_open: bool = False

    def __contains__(self, value: float) -> bool:
        if not abs(value) <= _LARGEST:
            return False
        # Engines compute in float32, where 0.99999999 is 1 and 1e-50 is 0.
        with np.errstate(under="ignore"):
            rounded = float(np.float32(value))
        return self._holds(value) and self._holds(rounded)

    def _holds(self, value: float) -> bool:
        above = value > self.low or (value == self.low and not self.is_low_open)
        below = value < self.high or (value == self.high and not self.is_high_open)
        return above and below

    def __str__(self) -> str:
        low = f"{'above' if self.is_low_open else 'at least'} {self.low:g}"
        high = f"{'below' if self.is_high_open else 'at most'} {self.high:g}"
        ends = [low] * (self.low > -inf) + [high] * (self.high < inf)
        return " and ".join(ends) or "finite"


ANY = Range()
POSITIVE = Range(0.0, is_low_open=True)
NOT_NEGATIVE = Range(0.0)
COUNT = Range(1.0)
SHARE = Range(0.0, 1.0)
BELOW_ONE = Range(0.0, 1.0, is_high_open=True)
