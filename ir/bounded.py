"""Parameters kept in their range: what a training moves in their place is free of bounds.

    p = x                                  of a range without ends
    p = low + exp(x)                       above low
    p = high - exp(-x)                     below high
    p = low + (high - low) / (1 + exp(-x)) between both

A time constant above dt is that of PLIF (Fang et al. 2021), whose decay 1 - dt/tau is a sigmoid:
tau = dt + exp(x), so that dt/tau = 1 / (1 + exp(x - log dt)).
"""

from __future__ import annotations

from math import isfinite

import numpy as np
import numpy.typing as npt

from .graph import Learnt

Floats = npt.NDArray[np.float64]


def free(learnt: Learnt, values: Floats) -> Floats:
    """x for values within the range."""
    low, high = learnt.low, learnt.high
    if isfinite(low) and isfinite(high):
        return np.log(values - low) - np.log(high - values)
    if isfinite(low):
        return np.log(values - low)
    return -np.log(high - values) if isfinite(high) else values


def bounded(learnt: Learnt, x: Floats) -> Floats:
    """p, as float32 keeps it: where that has none between p and an end, the last one within."""
    low, high = learnt.low, learnt.high
    with np.errstate(over="ignore"):
        if isfinite(low) and isfinite(high):
            values = low + (high - low) / (1.0 + np.exp(-x))
        elif isfinite(low):
            values = low + np.exp(x)
        else:
            values = high - np.exp(-x) if isfinite(high) else x
    return np.clip(values.astype(np.float32).astype(np.float64), *extremes(learnt))


def extremes(learnt: Learnt) -> tuple[float, float]:
    """The least and the greatest value that it can have, as float32 keeps it; infinite without an
    end."""
    low, high = np.float32(learnt.low), np.float32(learnt.high)
    least = np.nextafter(low, high) if isfinite(low) else low
    most = np.nextafter(high, low) if isfinite(high) else high
    return float(least), float(most)


def slope(learnt: Learnt, values: Floats) -> Floats:
    """dp/dx at p = values."""
    low, high = learnt.low, learnt.high
    if isfinite(low) and isfinite(high):
        return (values - low) * (high - values) / (high - low)
    if isfinite(low):
        return values - low
    return high - values if isfinite(high) else np.ones_like(values)
