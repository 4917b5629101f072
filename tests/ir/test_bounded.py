"""Parameters in their range: forms that are each other's inverse, their slopes, and their ends."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest

from snncc.ir.bounded import bounded, free, slope
from snncc.ir.graph import Learnt

RANGES = [Learnt("p"), Learnt("p", low=1.0), Learnt("p", high=3.0), Learnt("p", low=1.0, high=3.0)]
VALUES = np.array([1.0625, 1.5, 2.0, 2.9375])


@pytest.mark.parametrize("learnt", RANGES)
def test_what_was_never_moved_is_what_it_was(learnt):
    np.testing.assert_array_equal(bounded(learnt, free(learnt, VALUES)), VALUES)


@pytest.mark.parametrize("learnt", RANGES)
def test_slopes_are_differences(learnt):
    x, h = free(learnt, VALUES), 2.0**-10
    found = (bounded(learnt, x + h) - bounded(learnt, x - h)) / (2 * h)
    np.testing.assert_allclose(slope(learnt, VALUES), found, rtol=1e-3)


@pytest.mark.parametrize("learnt", RANGES)
def test_no_step_leaves_the_range(learnt):
    for x in (-80.0, -40.0, 40.0, 80.0):
        value = float(bounded(learnt, np.array(x)))
        assert learnt.low < value < learnt.high
        assert value == np.float32(value)


def test_a_time_constant_above_dt_decays_by_a_sigmoid():
    x, dt = np.linspace(-3, 3, 7), 0.5
    tau = bounded(Learnt("tau", low=dt), x)
    np.testing.assert_allclose(1 - dt / tau, 1 / (1 + np.exp(np.log(dt) - x)), rtol=1e-6)


def test_what_lies_within():
    both = Learnt("p", low=0.1, high=1.0)
    assert [v in both.range for v in (0.1, 0.10001, 1.0, inf)] == [False, True, False, False]
    assert 1.0 + 1e-12 not in Learnt("p", low=1.0).range  # 1 as float32 keeps it


def test_numbers_that_are_lost_stay_so():
    assert np.isnan(bounded(RANGES[3], np.array(np.nan)))
