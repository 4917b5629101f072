"""Weights as the codes of an integer network, and what learns them: training in which the forward
pass is that of the integers."""

from __future__ import annotations

import numpy as np
from numba import njit

ZERO = np.float32(0.0)
HALF_CODE = np.float64(0.5)


@njit(nogil=True)
def recode(weights, units, limits, codes, seen):  # type: ignore[no-untyped-def]
    """codes i32[W] = the weights f32[W] in their units f64[W], to the nearest, a tie to the even
    one, clipped to the limits f64[W] on both sides; seen f32[W] = what these mean."""
    for k in range(len(weights)):
        code = np.rint(np.float64(weights[k]) / units[k])
        code = min(max(code, -limits[k]), limits[k])
        codes[k] = np.int32(code)
        seen[k] = np.float32(code * units[k])


@njit(nogil=True)
def blind(weights, units, limits, gradient):  # type: ignore[no-untyped-def]
    """gradient f32[groups, W or more] = 0 where a weight is clipped: its code does not follow it
    (the straight-through estimator: Bengio, Leonard, Courville 2013; Hubara et al. 2016, sec.
    1.3)."""
    for k in range(len(weights)):
        if abs(np.float64(weights[k])) > (limits[k] + HALF_CODE) * units[k]:
            for group in range(gradient.shape[0]):
                gradient[group, k] = ZERO


@njit(nogil=True)
def credit_units(weights, units, limits, owners, ratios, gradient, found):  # type: ignore[no-untyped-def]
    """found f64[U + 1] += dL/d(base unit) by the gradient f32[groups, W or more] of weights, whose
    units are `ratios` f64[W] times the base unit of their owner i64[W]: a weight means its code
    times its unit, and as many units more or fewer as rounding took it, or the largest code where
    it is clipped (Esser et al., "Learned step size quantization", ICLR 2020, eq. 3)."""
    for k in range(len(weights)):
        total = np.float64(0.0)
        for group in range(gradient.shape[0]):
            total += np.float64(gradient[group, k])
        exact = np.float64(weights[k]) / units[k]
        code = min(max(np.rint(exact), -limits[k]), limits[k])
        moved = code if abs(exact) > limits[k] + HALF_CODE else code - exact
        found[owners[k]] += total * moved * ratios[k]
