"""Updates of a row against the oracle's."""

from __future__ import annotations

import numpy as np
import pytest

from snncc.backends.optimizers.oracle import (
    OPTIMIZER_STEPS,
    fresh_moments,
    regularizer_gradient,
)
from snncc.backends.trainers.cpu import Optimizer
from snncc.ir.graph import Call
from snncc.ir.wiring import Wiring

ADAM = Call("adam", (("lr", 0.0), ("beta1", 0.9), ("beta2", 0.999), ("eps", 1e-8)))
ROUGH = Call("adam", (("lr", 0.0), ("beta1", 0.5), ("beta2", 0.9), ("eps", 0.1)))
SGD = Call("sgd", (("lr", 0.0), ("momentum", 0.0)))
HEAVY = Call("sgd", (("lr", 0.0), ("momentum", 0.9)))
NONE = (0.0, 0.0, 1.0)
STRONG = (0.5, 0.4, 2.0)
SIZE, RATE = 9, 0.05


def optimizer(call, regularizer):
    given = dict(call.arguments)
    if call.kind == "sgd":
        return Optimizer(1, RATE, given["momentum"], 0.0, 0.0, *regularizer)
    return Optimizer(0, RATE, given["beta1"], given["beta2"], given["eps"], *regularizer)


@pytest.mark.parametrize("regularizer", [NONE, STRONG])
@pytest.mark.parametrize("call", [ADAM, ROUGH, SGD, HEAVY])
def test_updates_are_the_oracles(plain, call, regularizer):
    generator = np.random.default_rng(0)
    weights = generator.uniform(-2, 2, SIZE).astype(np.float32)
    first, second = np.zeros(SIZE, np.float32), np.zeros(SIZE, np.float32)
    exact, moments = weights.astype(np.float64), fresh_moments(np.zeros(SIZE))
    numbers = optimizer(call, regularizer)
    keys = ("strength", "beta", "limit")
    pulled = Call("exponential", tuple(zip(keys, regularizer, strict=True)))
    for k in range(1, 7):
        gradient = generator.standard_normal(SIZE).astype(np.float32)
        scale = np.float32(0.25)
        size, eps = plain.step_size(numbers, k)
        plain.update_row(numbers, size, eps, weights, first, second, gradient, scale)
        whole = 0.25 * gradient.astype(np.float64)
        whole += regularizer_gradient(exact[:, None], Wiring(SIZE, 1, (SIZE, 1)), pulled)[:, 0]
        exact, moments = OPTIMIZER_STEPS[call.kind](exact, whole, moments, RATE, call)
        np.testing.assert_allclose(weights, exact, rtol=2e-5, atol=2e-6)
    np.testing.assert_allclose(first, moments.first, rtol=1e-4, atol=1e-6)


def test_the_pull_is_the_regularizers(plain):
    weights = np.array([0.5, -1.5, 3.0], np.float32)
    k = plain.pull(optimizer(ADAM, STRONG), weights)
    pulled = Call("exponential", (("strength", 0.5), ("beta", 0.4), ("limit", 2.0)))
    wanted = regularizer_gradient(weights[:, None].astype(float), Wiring(3, 1, (3, 1)), pulled)
    np.testing.assert_allclose(k * weights, wanted[:, 0], rtol=1e-6)
    assert plain.pull(optimizer(ADAM, NONE), weights) == 0
    assert plain.pull(optimizer(ADAM, STRONG), weights[:0]) == 0


def test_moments_never_become_denormal(plain):
    """Denormal numbers would make an update a hundred times slower."""
    weights = np.ones(3, np.float32)
    first, second = np.full(3, 1e-3, np.float32), np.full(3, 1e-9, np.float32)
    numbers, zero = optimizer(ROUGH, NONE), np.zeros(3, np.float32)
    smallest = np.finfo(np.float32).tiny
    for k in range(1, 600):
        size, eps = plain.step_size(numbers, k)
        plain.update_row(numbers, size, eps, weights, first, second, zero, np.float32(1))
        for moments in (first, second):
            assert ((moments == 0) | (np.abs(moments) >= smallest)).all()
    assert not first.any()
    assert not second.any()
