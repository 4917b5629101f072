"""One step of each optimizer, and the weight regularizer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...ir.calls import number
from ...ir.graph import Call
from ...ir.wiring import Wiring

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """What an optimizer remembers of one weight array after `updates` of them."""

    first: Floats
    second: Floats
    updates: int = 0


def fresh_moments(weights: Floats) -> Moments:
    """The memory before the first update."""
    return Moments(np.zeros_like(weights), np.zeros_like(weights))


def adam_step(
    weights: Floats, gradient: Floats, moments: Moments, learning_rate: float, adam: Call
) -> tuple[Floats, Moments]:
    """m, v <- averages of g, g^2;  w <- w - lr m_hat / (sqrt(v_hat) + eps)."""
    beta1, beta2, eps = (number(adam, name) for name in ("beta1", "beta2", "eps"))
    updates = moments.updates + 1
    first = beta1 * moments.first + (1.0 - beta1) * gradient
    second = beta2 * moments.second + (1.0 - beta2) * gradient**2
    mean = first / (1.0 - beta1**updates)
    square = second / (1.0 - beta2**updates)
    moved = weights - learning_rate * mean / (np.sqrt(square) + eps)
    return moved, Moments(first, second, updates)


def sgd_step(
    weights: Floats, gradient: Floats, moments: Moments, learning_rate: float, sgd: Call
) -> tuple[Floats, Moments]:
    """m <- momentum m + g;  w <- w - lr m."""
    first = number(sgd, "momentum") * moments.first + gradient
    return weights - learning_rate * first, Moments(first, moments.second, moments.updates + 1)


OPTIMIZER_STEPS = {"adam": adam_step, "sgd": sgd_step}


def regularizer_gradient(weights: Floats, wiring: Wiring, exponential: Call) -> Floats:
    """strength beta (w/limit) exp(beta (m - 1)), m the mean of (w/limit)^2 over a neuron's synapses
    of this projection (over a kernel's, where weights are shared)."""
    strength, beta, limit = (number(exponential, n) for n in ("strength", "beta", "limit"))
    ratio = weights / limit
    group = _owners(wiring)
    totals = np.bincount(group, weights=ratio.ravel() ** 2)
    means = totals / np.maximum(np.bincount(group), 1)
    return strength * beta * ratio * np.exp(beta * (means[group] - 1.0)).reshape(weights.shape)


def _owners(wiring: Wiring) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """For every weight, the neuron (or, where weights are shared, the output channel) it drives."""
    if wiring.tap is not None:
        channels = wiring.weight_shape[0]
        return np.repeat(np.arange(channels), int(np.prod(wiring.weight_shape)) // channels)
    return np.asarray(wiring.pairs()[1], dtype=np.int64)
