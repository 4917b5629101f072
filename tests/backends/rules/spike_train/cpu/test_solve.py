"""The recurrent system of a block against a dense solve."""

from __future__ import annotations

import numpy as np
import pytest

NEURONS = 14
MEMBERS = np.array([2, 3, 5, 6, 7, 9, 12])  # of one block; the others belong elsewhere


def system(plain, theta, omega, right, with_diagonal=True):
    """The kernel's x of (diag(omega) - theta)^T x = right over MEMBERS; theta [post, pre]."""
    pre, post = np.nonzero(theta.T)
    slots = np.random.default_rng(0).permutation(len(pre))
    values = np.zeros(max(1, len(pre)), np.float32)
    values[slots] = theta.T[pre, post]
    counts = np.bincount(MEMBERS[pre], minlength=NEURONS)
    ptr = np.concatenate([[0], np.cumsum(counts)])
    everywhere = [np.full(NEURONS, np.nan, np.float32) for _ in range(3)]
    for whole, part in zip(everywhere, (omega, right, 0.0), strict=True):
        whole[MEMBERS] = part
    diagonal, c, x = everywhere
    plain.solve_transposed(
        MEMBERS, ptr, MEMBERS[post], slots, values, diagonal, with_diagonal, c, x
    )
    assert np.isnan(np.delete(x, MEMBERS)).all(), "only the members are solved for"
    return x[MEMBERS]


def dense(theta, omega, right, with_diagonal=True):
    inner = theta if with_diagonal else theta - np.diag(np.diag(theta))
    return np.linalg.solve((np.diag(omega) - inner).T, right)


def drawn(seed, scale):
    generator = np.random.default_rng(seed)
    k = len(MEMBERS)
    theta = scale * generator.standard_normal((k, k)) * (generator.random((k, k)) < 0.6)
    return theta.astype(np.float32), np.ones(k), generator.standard_normal(k)


@pytest.fixture
def eliminated(plain, monkeypatch):
    """How often the dense elimination was called."""
    calls = []
    eliminate = plain._eliminate
    monkeypatch.setattr(plain, "_eliminate", lambda *a: (calls.append(1), eliminate(*a)))
    return calls


@pytest.fixture
def swept(plain, monkeypatch):
    calls = []
    sweep = plain._sweep
    monkeypatch.setattr(plain, "_sweep", lambda *a: (calls.append(1), sweep(*a))[1])
    return calls


@pytest.mark.parametrize("with_diagonal", [True, False])
@pytest.mark.parametrize("seed", range(4))
def test_weak_coupling_converges(plain, eliminated, seed, with_diagonal):
    theta, omega, right = drawn(seed, 0.2)
    found = system(plain, theta, omega, right, with_diagonal)
    np.testing.assert_allclose(
        found, dense(theta, omega, right, with_diagonal), rtol=1e-5, atol=1e-6
    )
    assert not eliminated


def test_symmetric_wiring(plain, eliminated):
    theta, omega, right = drawn(1, 0.15)
    theta = (theta + theta.T).astype(np.float32)
    omega = np.linspace(1.0, 3.0, len(MEMBERS))
    found = system(plain, theta, omega, right)
    np.testing.assert_allclose(found, dense(theta, omega, right), rtol=1e-5, atol=1e-6)
    assert not eliminated


@pytest.mark.parametrize("seed", range(3))
def test_one_sided_wiring_takes_one_sweep(plain, eliminated, swept, seed):
    """Each neuron sends to lower ones only, so that rows in ascending order read solved ones."""
    theta, omega, right = drawn(seed, 3.0)
    theta = np.triu(theta)
    np.fill_diagonal(theta, 0.0)
    found = system(plain, theta, omega, right)
    np.testing.assert_allclose(found, dense(theta, omega, right), rtol=1e-4, atol=1e-5)
    assert not eliminated
    assert len(swept) == 2, "the second only sees that nothing changes"


@pytest.mark.parametrize("with_diagonal", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_strong_coupling_is_eliminated(plain, eliminated, seed, with_diagonal):
    theta, omega, right = drawn(seed, 5.0)
    found = system(plain, theta, omega, right, with_diagonal)
    assert eliminated
    wanted = dense(theta, omega, right, with_diagonal)
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5 * np.abs(wanted).max())


def test_a_vanishing_diagonal_is_eliminated(plain, eliminated):
    theta, omega, right = drawn(5, 0.3)
    omega[2] = 5e-5
    theta[2, 2] = 0.0
    found = system(plain, theta, omega, right)
    assert eliminated
    wanted = dense(theta, omega.astype(np.float32), right)
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5 * np.abs(wanted).max())


def test_a_singular_system_has_a_finite_answer(plain):
    k = len(MEMBERS)
    found = system(plain, np.ones((k, k), np.float32), np.zeros(k), np.ones(k))
    assert np.isfinite(found).all()


def test_no_synapses(plain):
    k = len(MEMBERS)
    found = system(plain, np.zeros((k, k), np.float32), np.full(k, 2.0), np.arange(k))
    np.testing.assert_allclose(found, np.arange(k) / 2)
