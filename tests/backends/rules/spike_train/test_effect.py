"""The effect-ratio curve against published values, and its derivatives."""

from __future__ import annotations

import numpy as np
import pytest

from snncc.backends.rules.spike_train.effect import (
    _draw_times,
    _room,
    effect_curve,
    polynomial_slope,
    quartic_derivative,
    tabulated_slope,
)

COUNTS = [1, 2, 5, 10, 20, 40, 60, 80, 100]
PUBLISHED = {
    (64, 400): [0.134, 0.227, 0.413, 0.564, 0.661, 0.657, 0.583, 0.477, 0.371],
    (128, 700): [0.147, 0.253, 0.446, 0.604, 0.713, 0.750, 0.724, 0.670, 0.620],
    (64, 600): [0.095, 0.170, 0.334, 0.488, 0.623, 0.684, 0.664, 0.615, 0.558],
    (128, 400): [0.220, 0.343, 0.547, 0.677, 0.733, 0.689, 0.599, 0.484, 0.374],
}


@pytest.mark.parametrize(("tau_mem", "steps"), PUBLISHED)
def test_curve_agrees_with_the_published_values(tau_mem: int, steps: int) -> None:
    curve = effect_curve(float(tau_mem), 8.0, 2, steps)
    assert curve.shape == (101,)
    assert curve[0] == 0.0
    np.testing.assert_allclose(curve[COUNTS], PUBLISHED[tau_mem, steps], atol=0.01)


def test_one_output_spike_equals_the_exact_mean() -> None:
    # g(1) = sum_t density(t) Q(t): by hand, without Monte-Carlo.
    steps, tau_mem, tau_syn = 60, 16.0, 4.0
    density = np.r_[0.5, np.ones(steps - 1), 0.5] / steps
    lag = np.arange(steps + 1)
    response = np.zeros(steps + 1)
    current = potential = 0.0
    for k in lag[1:]:
        current = current * (1 - 1 / tau_syn) + (k == 1)
        potential = potential * (1 - 1 / tau_mem) + current / tau_syn
        response[k] = potential
    mean = sum(density[i] * density[j] * response[j - i] for i in lag for j in lag[i + 1 :])
    assert effect_curve(tau_mem, tau_syn, 2, steps)[1] == pytest.approx(mean, rel=0.02)


def test_counts_that_do_not_fit_hold_the_last_value() -> None:
    curve = effect_curve(16.0, 4.0, 2, 40)
    held = np.flatnonzero(curve == curve[-1])
    assert 8 <= held[0] <= 14  # 14 spikes with gaps of 3 is the most that 41 slots can take
    assert np.all(curve[held[0] :] == curve[-1])


def test_curve_of_a_single_step_is_finite() -> None:
    assert np.all(np.isfinite(effect_curve(16.0, 4.0, 2, 1)))


@pytest.mark.parametrize("refractory", [0, 1, 3])
@pytest.mark.parametrize("steps", [1, 2, 9, 40])
def test_a_spike_is_drawn_from_the_times_that_are_free(refractory: int, steps: int) -> None:
    # Time by time: each train is a row of weights, of which a spike takes its neighbourhood.
    ours, plain = np.random.default_rng(0), np.random.default_rng(0)
    trains = np.zeros((50, 0), dtype=np.int64)
    free = np.tile(np.r_[0.5, np.ones(steps - 1), 0.5], (50, 1))
    while np.all(free[:, 1:].sum(axis=1) > 0.0):
        reach = np.cumsum(free, axis=1)
        pick = free[:, 0] + plain.random(50) * (reach[:, -1] - free[:, 0])
        expected = (reach <= pick[:, None]).sum(axis=1)
        room = _room(trains, refractory, steps)
        np.testing.assert_array_equal(room.start, free[:, 0])
        np.testing.assert_array_equal(room.later, free[:, 1:].sum(axis=1))
        np.testing.assert_array_equal(_draw_times(room, steps, ours), expected)
        trains = np.sort(np.column_stack([trains, expected]), axis=1)
        free[np.abs(np.arange(steps + 1) - expected[:, None]) <= refractory] = 0.0
    assert trains.shape[1] > 0


def test_a_long_input_costs_no_more_than_a_short_one() -> None:
    curve = effect_curve(20.0, 5.0, 2, 3_000_000)  # trials x steps would be 5 GB
    assert np.all(np.diff(curve) > 0.0)


def test_curve_is_drawn_once_and_read_only() -> None:
    curve = effect_curve(16.0, 4.0, 2, 40)
    assert effect_curve(16.0, 4.0, 2, 40) is curve
    with pytest.raises(ValueError, match="read-only"):
        curve[0] = 1.0


def test_tabulated_slope_is_the_derivative_where_the_curve_rises() -> None:
    n = np.arange(101.0)
    slope = tabulated_slope(np.sin(n / 40.0))
    rising = slice(2, 60)
    np.testing.assert_allclose(slope[rising], np.cos(n / 40.0)[rising] / 40.0, atol=1e-4)
    assert slope[0] == 0.0
    assert np.all(slope[64:] == 0.0)


def test_tabulated_slope_never_overshoots_a_corner() -> None:
    # Fritsch-Carlson: at a knot between secants 0 and 1 the slope must be 0.
    slope = tabulated_slope(np.minimum(np.arange(101.0), 10.0))
    assert slope[9] == pytest.approx(1.0)
    assert slope[10] == 0.0


def test_tabulated_slope_stays_within_the_monotone_circle():
    # Steps 1, 0.01, 1: the mean secant 0.5 on both sides of the flat step would overshoot.
    curve = np.cumsum(np.r_[0.0, np.ones(10), 0.01, np.ones(89)])
    slope = tabulated_slope(curve)
    assert np.hypot(slope[10], slope[11]) == pytest.approx(0.03)


def test_published_quartic_stands_for_its_setting() -> None:
    quartic = polynomial_slope(64.0, 8.0, 2, 400)
    assert quartic == (-6.48e-8, 1.554e-5, -1.336e-3, 4.437e-2, 1.975e-1)
    derivative = quartic_derivative(quartic, np.array([1.0, 5.0, 10.0, 20.0, 40.0]))
    np.testing.assert_allclose(derivative, [0.041, 0.032, 0.022, 0.0077, -0.0044], atol=2e-3)


def test_fitted_quartic_agrees_with_an_independent_fit() -> None:
    expected = np.array([-5.92e-8, 1.445e-5, -1.261e-3, 4.440e-2, 2.287e-1])
    counts = np.arange(1.0, 101.0)
    ours = np.polyval(polynomial_slope(128.0, 8.0, 2, 700), counts)
    np.testing.assert_allclose(ours, np.polyval(expected, counts), atol=0.02)


def test_quartic_derivative_is_that_of_the_polynomial() -> None:
    quartic = (-6.48e-8, 1.554e-5, -1.336e-3, 4.437e-2, 1.975e-1)
    o = np.array([3.0, 50.0])
    step = 1e-4
    slope = (np.polyval(quartic, o + step) - np.polyval(quartic, o - step)) / (2 * step)
    np.testing.assert_allclose(quartic_derivative(quartic, o), slope, rtol=1e-8)
