"""The output layer: teacher spikes, the lateral factor."""

from __future__ import annotations

import numpy as np
import pytest

from snncc.backends.rules.spike_train.oracle.output import lateral_factor, teach

TARGET = 35.0


@pytest.mark.parametrize(("steps", "spikes"), [(400, 36), (700, 34)])
def test_teacher_fires_for_a_silent_label(steps, spikes):
    silent = np.zeros((steps, 3), dtype=np.bool_)
    silent[5, 0] = True
    taught = teach(silent, 2, TARGET)
    every = steps // 35
    assert not silent[:, 2].any()
    assert taught[:, 2].sum() == spikes
    assert np.flatnonzero(taught[:, 2])[0] == every
    assert np.all(np.diff(np.flatnonzero(taught[:, 2])) == every)
    np.testing.assert_array_equal(taught[:, :2], silent[:, :2])
    assert teach(silent, 0, TARGET) is silent


def test_teacher_of_a_short_run_fires_at_every_step():
    taught = teach(np.zeros((20, 1), dtype=np.bool_), 0, TARGET)
    assert taught[1:].all()
    assert not taught[0].any()


def test_lateral_factor_follows_its_formula():
    generator = np.random.default_rng(0)
    neurons, nu, label = 5, 8.0, 3
    counts = np.array([4.0, 0.0, 7.0, 0.0, 12.0])
    spsp = generator.uniform(0.1, 5.0, (neurons, neurons)) * np.outer(counts > 0, counts > 0)
    weights = -(1.0 - np.eye(neurons))
    expected = np.ones(neurons)
    for j in range(neurons):
        total = 0.0
        for i in range(neurons):
            if i == j:
                continue
            silent = counts[i] == 0 or counts[j] == 0
            r_ij = 0.5 if silent else spsp[i, j] / counts[j]
            r_ji = 0.5 if silent else spsp[j, i] / counts[i]
            d_i = 1 / nu if counts[i] > 0 or i == label else 0.0
            d_j = 1 / nu if counts[j] > 0 or j == label else 0.0
            total += r_ij * d_i * r_ji * d_j
        expected[j] = 1.0 / (1.0 - total)
    gamma = lateral_factor(weights, spsp, counts, label, nu, 0.5)
    np.testing.assert_allclose(gamma, expected)
    assert gamma[1] == 1.0  # silent and no label
    assert gamma[3] > 1.0  # silent, but the label
    twice = lateral_factor(2.0 * weights, spsp, counts, label, nu, 0.5)
    np.testing.assert_allclose(1.0 - 1.0 / twice, 4.0 * (1.0 - 1.0 / gamma))


def test_lateral_factor_is_near_the_derivative_of_the_count_model():
    # a = W e + R e', e = alpha u h(o), e' = beta o_l h(o_i), R = -w0 between all; d o_0 / d w_00.
    generator = np.random.default_rng(5)
    neurons, nu, half, strength = 3, 2.0, 6.25, 0.3
    alpha = generator.uniform(0.8, 1.0, (neurons, 5))
    beta = generator.uniform(0.8, 1.0, (neurons, neurons))
    weights = generator.uniform(1.5, 3.0, (neurons, 5))
    u = generator.uniform(12.0, 20.0, 5)
    lateral = -strength * (1.0 - np.eye(neurons))

    def solve(weights):
        o = np.full(neurons, 20.0)
        for _ in range(300):
            drive = (weights * alpha) @ u + (lateral * beta) @ o
            o = 0.5 * o + 0.5 * drive * o / (o + half) / nu
        return o

    o = solve(weights)
    h, slope = o / (o + half), half / (o + half) ** 2
    omega = 1.0 - ((weights * alpha) @ u + (lateral * beta) @ o) * slope / nu
    gamma = lateral_factor(lateral, beta * o[None, :] * h[:, None], o, 0, nu, 1.0)
    step = np.zeros_like(weights)
    step[0, 0] = 1e-4
    numeric = (solve(weights + step)[0] - solve(weights - step)[0]) / 2e-4
    without = alpha[0, 0] * u[0] * h[0] / omega[0] / nu
    assert abs(without / numeric - 1.0) > 0.02
    assert abs(gamma[0] * without / numeric - 1.0) < 0.01
