"""An update in float64 NumPy, step by step, as docs/training.md has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from ...ir.calls import number
from ...ir.graph import Call, TrainSpec
from ...ir.wiring import Windows, Wiring

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


def clipped(gradients: Mapping[str, Floats], norm: Call) -> dict[str, Floats]:
    """The gradients, all together scaled down to a norm of `limit`."""
    length = np.sqrt(sum(float(np.sum(g**2)) for g in gradients.values()))
    factor = min(1.0, number(norm, "limit") / length) if length > 0.0 else 1.0
    return {name: factor * gradient for name, gradient in gradients.items()}


def exponential_gradient(weights: Floats, wiring: Wiring, exponential: Call) -> Floats:
    """strength beta (w/limit) exp(beta (m - 1)), m the mean of (w/limit)^2 over a neuron's synapses
    of this projection (over a kernel's, where weights are shared)."""
    strength, beta, limit = (number(exponential, n) for n in ("strength", "beta", "limit"))
    ratio = weights / limit
    group = _owners(wiring)
    totals = np.bincount(group, weights=ratio.ravel() ** 2)
    means = totals / np.maximum(np.bincount(group), 1)
    return strength * beta * ratio * np.exp(beta * (means[group] - 1.0)).reshape(weights.shape)


def l2_gradient(weights: Floats, _wiring: Wiring, l2: Call) -> Floats:
    """strength w."""
    return number(l2, "strength") * weights


REGULARIZER_GRADIENTS = {"exponential": exponential_gradient, "l2": l2_gradient}


def update(
    spec: TrainSpec,
    wirings: Mapping[str, Wiring],
    weights: Mapping[str, Floats],
    gradients: Mapping[str, Floats],
    moments: Mapping[str, Moments],
    learning_rate: float,
    lr_mults: Mapping[str, float] = MappingProxyType({}),
) -> tuple[dict[str, Floats], dict[str, Moments]]:
    """Weights and moments, by projection, after the whole chain of a spec; `gradients` are the mean
    of a batch's, those of the projections that learn; `lr_mults` the factors of their learning
    rates, where not 1."""
    if clip := spec.find("clip"):
        gradients = clipped(gradients, clip)
    new_weights, new_moments = dict(weights), dict(moments)
    for name, gradient in gradients.items():
        w, rate = weights[name], learning_rate * lr_mults.get(name, 1.0)
        if regularizer := spec.find("regularizer"):
            pull = REGULARIZER_GRADIENTS[regularizer.kind]
            gradient = gradient + pull(w, wirings[name], regularizer)
        if decay := spec.find("decay"):
            w = w - rate * number(decay, "rate") * w
        optimizer = spec.call("optimizer")
        step = OPTIMIZER_STEPS[optimizer.kind]
        w, new_moments[name] = step(w, gradient, moments[name], rate, optimizer)
        if clamp := spec.find("clamp"):
            w = np.clip(w, number(clamp, "low"), number(clamp, "high"))
        new_weights[name] = w
    return new_weights, new_moments


def _owners(wiring: Wiring) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """For every weight, the neuron (or, where weights are shared, the output channel) it drives."""
    if isinstance(wiring, Windows):
        channels = wiring.weight_shape[0]
        return np.repeat(np.arange(channels), int(np.prod(wiring.weight_shape)) // channels)
    return np.asarray(wiring.pairs()[1], dtype=np.int64)
