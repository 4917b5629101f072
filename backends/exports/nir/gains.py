"""Numbers such that readers who work them out in double precision come to the very step."""

from __future__ import annotations

import numpy as np

from .model import Floats

TRIES = (0, 1, -1, 2, -2, 3, -3)  # units in the last place


def exact_gain(r: Floats, gain: Floats, dt: float, tau: Floats) -> Floats:
    """r, or a neighbour of which dt / tau r and r dt / tau, as Euler readers work it out, are both
    the gain itself; dt and tau in seconds. Numbers of single precision stay."""
    found = r
    for k in reversed(TRIES):
        near = r + k * np.spacing(r)
        is_exact = (dt / tau * near == gain) & (near * dt / tau == gain)
        found = np.where(is_exact, near, found)
    return np.where(_is_single(r), r, found)


def exact_time(tau: Floats, share: Floats, dt: float) -> Floats:
    """tau [s], or a neighbour of which dt / tau is the share that is lost in a step, dt in
    seconds."""
    found = tau
    for k in reversed(TRIES):
        near = tau + k * np.spacing(tau)
        found = np.where(dt / near == share, near, found)
    return np.where(_is_single(tau), tau, found)


def _is_single(values: Floats) -> Floats:
    with np.errstate(over="ignore"):
        return np.asarray(values.astype(np.float32).astype(np.float64) == values)
