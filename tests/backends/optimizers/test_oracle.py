"""One step of each optimizer, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from snncc.backends.optimizers.oracle import (
    OPTIMIZER_STEPS,
    adam_step,
    exponential_gradient,
    fresh_moments,
    sgd_step,
)
from snncc.ir.graph import Call
from snncc.ir.rules import OPTIMIZERS
from snncc.ir.wiring import AllPairs, Listed, Planes, Windows

ADAM = Call("adam", (("lr", 1e-3), ("beta1", 0.9), ("beta2", 0.999), ("eps", 1e-8)))
EXPONENTIAL = Call("exponential", (("strength", 0.5), ("beta", 0.04), ("limit", 8.0)))


def test_adam_two_steps_by_hand():
    weights = np.array([1.0])
    weights, moments = adam_step(weights, np.array([4.0]), fresh_moments(weights), 0.1, ADAM)
    # m_hat = 4, v_hat = 16: a step of lr whatever the gradient.
    np.testing.assert_allclose(weights, 1.0 - 0.1 * 4.0 / (4.0 + 1e-8), rtol=1e-15)
    weights, moments = adam_step(weights, np.array([-1.0]), moments, 0.1, ADAM)
    first = (0.9 * 0.4 + 0.1 * -1.0) / (1 - 0.81)
    second = (0.999 * 0.016 + 0.001) / (1 - 0.999**2)
    expected = 0.9 - 0.1 * first / np.sqrt(second)
    np.testing.assert_allclose(weights, expected, rtol=1e-7)
    assert moments.updates == 2


def test_sgd_with_momentum():
    sgd = Call("sgd", (("lr", 1e-3), ("momentum", 0.5)))
    weights = np.array([1.0])
    weights, moments = sgd_step(weights, np.array([2.0]), fresh_moments(weights), 0.1, sgd)
    np.testing.assert_allclose(weights, 0.8)
    weights, moments = sgd_step(weights, np.array([2.0]), moments, 0.1, sgd)
    np.testing.assert_allclose(weights, 0.8 - 0.1 * 3.0)


def test_every_row_of_the_table_is_there():
    assert set(OPTIMIZER_STEPS) == set(OPTIMIZERS)


def test_regularizer_of_a_dense_projection():
    wiring = AllPairs(3, 2)
    weights = np.array([[8.0, 1.0], [-4.0, 2.0], [0.0, 4.0]])
    gradient = exponential_gradient(weights, wiring, EXPONENTIAL)
    means = ((weights / 8.0) ** 2).mean(axis=0)
    np.testing.assert_allclose(gradient, 0.02 * weights / 8.0 * np.exp(0.04 * (means - 1.0)))


def test_regularizer_is_the_gradient_of_an_energy():
    # of (strength limit N / 2) exp(beta (mean - 1)), N synapses a neuron.
    wiring = AllPairs(3, 1)
    weights = np.array([[8.0], [-4.0], [3.0]])

    def energy(w):
        return 0.5 * 8.0 * 3 / 2 * np.exp(0.04 * (np.mean((w / 8.0) ** 2) - 1.0))

    for k in range(3):
        step = np.zeros((3, 1))
        step[k] = 1e-5
        numeric = (energy(weights + step) - energy(weights - step)) / 2e-5
        ours = exponential_gradient(weights, wiring, EXPONENTIAL)[k, 0]
        assert ours == pytest.approx(numeric, rel=1e-7)


def test_regularizer_of_a_sparse_projection_takes_each_neurons_own_synapses():
    pre, post = np.array([0, 1, 1], np.int32), np.array([1, 0, 1], np.int32)
    weights = np.array([8.0, 2.0, 0.0])
    gradient = exponential_gradient(weights, Listed(2, 2, pre, post), EXPONENTIAL)
    means = np.array([0.5, 0.0625, 0.5])
    np.testing.assert_allclose(gradient, 0.02 * weights / 8.0 * np.exp(0.04 * (means - 1.0)))


def test_regularizer_of_shared_weights_takes_the_kernels_mean():
    wiring = Windows(Planes(2, 3, 3), Planes(1, 3, 3), 1, 1, 0, is_pool=False)
    weights = np.array([8.0, 4.0]).reshape(1, 2, 1, 1)
    gradient = exponential_gradient(weights, wiring, EXPONENTIAL)
    np.testing.assert_allclose(gradient, 0.02 * weights / 8.0 * np.exp(0.04 * (0.625 - 1.0)))
