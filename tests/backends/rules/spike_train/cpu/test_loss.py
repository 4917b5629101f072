"""Decision, error, teacher and lateral factor against the oracle's."""

from __future__ import annotations

import numpy as np
import pytest

from snncc.backends.losses.table import count_tables, judge
from snncc.backends.rules.spike_train.oracle import output
from snncc.backends.rules.spike_train.oracle.spsp import Cell, discrete_traces, factorised_spsp
from snncc.backends.rules.spike_train.teacher import Lesson
from snncc.ir.graph import Call

STEPS = 40


@pytest.mark.parametrize(
    ("counts", "winner"), [([0, 0, 0], -1), ([1, 3, 3], 1), ([0, 0, 1], 2), ([5, 1, 5], 0)]
)
def test_the_lowest_of_the_largest_wins(plain, counts, winner):
    assert plain.decide(np.array(counts, np.int32)) == winner


@pytest.mark.parametrize("label", range(4))
@pytest.mark.parametrize("counts", [[0, 12, 3, 9], [10, 0, 4, 0], [0, 0, 0, 0]])
def test_error_and_cost(plain, counts, label):
    delta = np.full(4, np.nan, np.float32)
    counts = np.array(counts, np.int32)
    loss = Call("count", (("target", 10.0), ("other", 2.0), ("margin", 1.5)))
    cost = plain.count_error(*count_tables(loss, STEPS), counts, label, np.float32(2.5), delta)
    errors, costs, _ = judge(loss, counts, label, STEPS)
    np.testing.assert_allclose(delta, 2.5 * errors)
    if counts[label] == 0:
        costs[label] = 0.0  # it is taught
    assert cost == pytest.approx(costs.sum())


def neuron_major(raster, room):
    times = [np.flatnonzero(train) for train in raster.T]
    row = np.concatenate([[0], np.cumsum([len(t) for t in times])]).astype(np.int32)
    padded = np.full(room, -1, np.int32)
    padded[: row[-1]] = np.concatenate(times)
    return row, padded


@pytest.mark.parametrize("target", [0.5, 1.0, 7.0, 35.0, 40.0, 90.0])
@pytest.mark.parametrize("label", range(4))
def test_a_silent_label_is_taught(plain, label, target):
    raster = np.random.default_rng(label).random((STEPS, 4)) < 0.2
    raster[:, label] = False
    row, times = neuron_major(raster, 5 * STEPS)
    ptr, spikes = neuron_major(raster.T, 5 * STEPS)  # the same by time
    every = Lesson(STEPS, target).gap
    plain.teach(row, times, 4, label, STEPS, every)
    plain.teach_steps(ptr, spikes, label, STEPS, every)
    taught = output.teach(raster, label, target)
    wanted_row, wanted = neuron_major(taught, 5 * STEPS)
    np.testing.assert_array_equal(row, wanted_row)
    np.testing.assert_array_equal(times[: row[-1]], wanted[: row[-1]])
    found = np.zeros_like(taught)
    for t in range(STEPS):
        np.testing.assert_array_equal(found[t, spikes[ptr[t] : ptr[t + 1]]], False)
        found[t, spikes[ptr[t] : ptr[t + 1]]] = True
    np.testing.assert_array_equal(found, taught)
    assert ptr[-1] == taught.sum()


@pytest.mark.parametrize("silent", [[], [1], [0, 3]])
@pytest.mark.parametrize("label", [0, 2])
def test_lateral_factor(plain, label, silent):
    n, cell = 4, Cell(16.0, 4.0, 2, 3.0)
    generator = np.random.default_rng(1)
    raster = np.zeros((STEPS, n), bool)
    for i in range(n):
        raster[generator.integers(0, 4) + i :: 4 + i, i] = True
    raster[:, silent] = False
    weights = generator.uniform(-1.0, 0.5, (n, n)).astype(np.float32)  # [post, pre]
    np.fill_diagonal(weights, 0.0)
    counts = raster.sum(axis=0)
    spsp = factorised_spsp(raster, raster, cell, 1)
    wanted = output.lateral_factor(weights, spsp, counts, label, cell.v_th, 0.5)
    row, times = neuron_major(raster, n * STEPS)
    trace = discrete_traces(raster, cell, 1).astype(np.float32).ravel()
    power = (cell.keep_mem ** np.arange(STEPS + 1)).astype(np.float32)
    listed = weights.T[~np.eye(n, dtype=bool)]  # by (pre, post)
    factor = np.zeros(n, np.float32)
    plain.lateral_factor(
        0.5, listed, n, cell.v_th, trace, np.arange(n), n, row, times,
        cell.refractory, power, label, factor,
    )  # fmt: skip
    np.testing.assert_allclose(factor, wanted, rtol=1e-5)
    assert not np.allclose(factor, 1.0)


def test_a_singular_lateral_factor_is_kept_from_infinity(plain):
    """Two silent neurons, one the label, and a weight at which 1 - sum is 0."""
    factor, trace = np.zeros(2, np.float32), np.zeros(20, np.float32)
    row, times = np.array([0, 1, 1]), np.array([3], np.int32)
    plain.lateral_factor(
        0.5, np.array([-2.0, -2.0], np.float32), 2, 1.0, trace, np.arange(2), 2, row, times, 0,
        trace, 1, factor,
    )  # fmt: skip
    np.testing.assert_allclose(factor, 1e4, rtol=1e-6)
    weights, counts = np.array([[0.0, -2.0], [-2.0, 0.0]]), np.array([1.0, 0.0])
    found = output.lateral_factor(weights, np.zeros((2, 2)), counts, 1, 1.0, 0.5)
    np.testing.assert_allclose(found, 1e4)
