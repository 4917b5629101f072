"""The loss of first spikes, by hand and by differences."""

from __future__ import annotations

import numpy as np
import pytest

from snncc.backends.losses.first import first_moved, first_spikes, first_terms
from snncc.ir.graph import Call

LOSS = Call("first_spike", (("tau", 4.0), ("early", 0.3)))
SPIKES = np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0], [1, 1, 0], [0, 0, 0]], bool)


def cost(times, label, dt):
    """The cost of times in steps."""
    x = -np.asarray(times) * dt / 4.0
    return np.log(np.exp(x).sum()) - x[label] - 0.3 * x[label]


def test_times_and_cost():
    assert first_spikes(SPIKES).tolist() == [3, 1, 5]
    _, found = first_terms(LOSS, SPIKES, 0, 0.5)
    np.testing.assert_allclose(found, [cost([3, 1, 5], 0, 0.5), 0, 0], rtol=1e-12)


def test_what_is_asked_is_the_derivative_of_the_time_without_a_spike_yet():
    """t = sum over steps of the product of (1 - s) so far, for s between 0 and 1."""
    asked, _ = first_terms(LOSS, SPIKES, 2, 1.0)
    for place in np.ndindex(SPIKES.shape):
        step = np.zeros(SPIKES.shape)
        step[place] = 1e-6
        ends = [
            cost(np.cumprod(1 - s, axis=0).sum(axis=0), 2, 1.0)
            for s in (SPIKES + step, SPIKES - step)
        ]
        assert asked[place] == pytest.approx((ends[0] - ends[1]) / 2e-6, abs=1e-7)


def test_the_first_spikes_alone_are_moved():
    moved = first_moved(LOSS, SPIKES, 1, 1.0)
    assert (moved != 0).T.tolist() == [
        [t == 3 for t in range(5)],
        [t == 1 for t in range(5)],
        [False] * 5,
    ]
    ends = [cost([3, 1 + d, 5], 1, 1.0) for d in (1e-6, -1e-6)]
    assert moved[1, 1] == pytest.approx((ends[0] - ends[1]) / 2e-6, abs=1e-7)


def test_times_far_apart_overflow_nothing():
    spikes = np.zeros((4000, 2), bool)
    spikes[0, 0] = True
    asked, found = first_terms(Call("first_spike", (("tau", 0.1), ("early", 0.0))), spikes, 1, 1.0)
    assert found.tolist() == [0, 40000.0]
    assert np.isfinite(asked).all()
