"""Derivatives of the S-PSP with respect to the counts."""

from __future__ import annotations

import numpy as np

from snncc.backends.rules.spike_train.effect import effect_curve, tabulated_slope
from snncc.backends.rules.spike_train.oracle.partials import (
    Activity,
    by_pre,
    decoupled_by_post,
    polynomial_by_post,
    tabulated_by_post,
)
from snncc.backends.rules.spike_train.oracle.spsp import Cell

CELL = Cell(tau_mem=64.0, tau_syn=8.0, refractory=2, v_th=20.0)
QUARTIC = (-6.48e-8, 1.554e-5, -1.336e-3, 4.437e-2, 1.975e-1)


def activity(post_counts, pre_counts, is_recurrent=False):
    spsp = np.outer(post_counts, pre_counts) * 0.1
    return Activity(
        spsp, np.array(post_counts, float), np.array(pre_counts, float), CELL, 400, is_recurrent
    )


def slope(o):
    return float(np.polyval(np.polyder(np.array(QUARTIC)), o))


def test_by_pre_is_the_share_of_a_spike_or_the_constant():
    ours = by_pre(activity([0, 4], [0, 2]), 0.5)
    np.testing.assert_allclose(ours, [[0.5, 0.5], [0.5, 0.4]])


def test_decoupled_by_post():
    ours = decoupled_by_post(activity([0, 4], [0, 2]))
    np.testing.assert_allclose(ours, [[0.5, 0.5], [0.0, 0.2]])


def test_polynomial_without_recurrence_takes_the_count_as_it_is():
    ours = polynomial_by_post(activity([0, 3, 120], [0, 7, 130]))
    inputs = np.array([1.0, 7.0, 100.0])
    expected = np.outer([0.0, slope(3.0), slope(120.0)], inputs)
    np.testing.assert_allclose(ours, expected, rtol=1e-12)


def test_polynomial_with_recurrence_clips_the_count():
    ours = polynomial_by_post(activity([0, 3, 120], [0, 7, 130], is_recurrent=True))
    inputs = np.array([1.0, 7.0, 100.0])
    expected = np.outer([slope(1.0), slope(3.0), slope(100.0)], inputs)
    np.testing.assert_allclose(ours, expected, rtol=1e-12)


def test_tabulated_is_linear_in_the_input_and_never_negative():
    ours = tabulated_by_post(activity([0, 3, 60, 120], [0, 7, 130]))
    table = tabulated_slope(effect_curve(64.0, 8.0, 2, 400))
    expected = np.outer([0.0, table[3], 0.0, 0.0], [0.0, 7.0, 130.0])
    np.testing.assert_allclose(ours, expected, rtol=1e-12)
    assert table[3] > 0.03
