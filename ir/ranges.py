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


def unfit_filter(tau: float, dt: float) -> str:
    """Why a filter of spikes that keeps 1 - dt / tau of itself in a step is none, "" if it is: it
    would swing, or float32 makes 1 of what it keeps, and a spike leaves nothing in it."""
    if tau < dt:
        return f"shorter than a step of {dt:g} ms"
    return (
        f"so long beside a step of {dt:g} ms that a spike leaves nothing"
        if is_endless(tau, dt)
        else ""
    )


def is_endless(tau: float, dt: float) -> bool:
    """Whether float32 knows no step beside a time."""
    return bool(np.float32(1.0 - dt / tau) == 1.0)
