"""S-PSP: the worked example, the identity with the simulated voltages, three forms of one thing."""

from __future__ import annotations

import numpy as np
import pytest

from snncc.backends.rules.spike_train.oracle.partials import Activity, by_pre
from snncc.backends.rules.spike_train.oracle.spsp import (
    Cell,
    closed_form_spsp,
    discrete_traces,
    factorised_closed_form,
    factorised_spsp,
    pairwise_spsp,
    readout,
    shifted,
)

EXAMPLE = Cell(tau_mem=4.0, tau_syn=2.0, refractory=1, v_th=1.0)
EXAMPLE_WEIGHTS = np.array([[2.0, 1.0], [1.5, -0.5]])


def trains(steps, *spike_times):
    spikes = np.zeros((steps, len(spike_times)), dtype=np.bool_)
    for neuron, times in enumerate(spike_times):
        spikes[list(times), neuron] = True
    return spikes


def random_trains(generator, steps, neurons, p, gap):
    """Random trains whose spikes are more than `gap` steps apart."""
    spikes = generator.random((steps, neurons)) < p
    for t in range(steps):
        spikes[t] &= ~spikes[max(0, t - gap) : t].any(axis=0)
    return spikes


def lif(inputs, weights, recurrent, cell, delay=1):
    """The published neuron, step by step; spikes [T, N] and the voltages that crossed, summed."""
    steps, neurons = len(inputs), len(weights)
    voltage, current = np.zeros(neurons), np.zeros(neurons)
    refractory = np.zeros(neurons, dtype=int)
    spikes = np.zeros((steps, neurons), dtype=np.bool_)
    crossed = np.zeros(neurons)
    for t in range(steps):
        voltage -= voltage / cell.tau_mem
        current -= current / cell.tau_syn
        if t >= delay:
            current += weights @ inputs[t - delay] + recurrent @ spikes[t - delay]
        voltage += current / cell.tau_syn
        voltage[refractory > 0] = 0.0
        refractory[refractory > 0] -= 1
        spikes[t] = voltage > cell.v_th - 1e-6
        crossed += np.where(spikes[t], voltage, 0.0)
        voltage[spikes[t]] = 0.0
        refractory[spikes[t]] = cell.refractory
    return spikes, crossed


EXAMPLE_INPUTS = trains(8, (1, 2, 4, 5), (1, 3, 5))


def test_worked_example_discrete():
    spikes, crossed = lif(EXAMPLE_INPUTS, EXAMPLE_WEIGHTS, np.zeros((2, 2)), EXAMPLE)
    np.testing.assert_array_equal(spikes, trains(8, (2, 4, 6), (3, 6)))
    e = pairwise_spsp(EXAMPLE_INPUTS, spikes, EXAMPLE, 1)
    np.testing.assert_allclose(e, [[1.71875, 1.78125], [2.484375, 1.515625]], rtol=0, atol=1e-15)
    np.testing.assert_allclose((EXAMPLE_WEIGHTS * e).sum(axis=1), [5.21875, 2.96875])
    np.testing.assert_allclose(crossed, [5.21875, 2.96875])


def test_worked_example_closed_form():
    spikes = trains(8, (2, 4, 6), (3, 6))
    e = closed_form_spsp(EXAMPLE_INPUTS, spikes, EXAMPLE, 1)
    np.testing.assert_allclose(e, [[1.101681, 0.494826], [1.154169, 0.997432]], atol=1e-6)


def test_worked_example_recurrent():
    recurrent = np.array([[0.0, 0.8], [0.5, 0.0]])
    spikes, crossed = lif(EXAMPLE_INPUTS, EXAMPLE_WEIGHTS, recurrent, EXAMPLE)
    np.testing.assert_array_equal(spikes, trains(8, (2, 4, 6), (3, 5)))
    forward = pairwise_spsp(EXAMPLE_INPUTS, spikes, EXAMPLE, 1)
    lateral = pairwise_spsp(spikes, spikes, EXAMPLE, 1)
    np.testing.assert_allclose(forward, [[1.71875, 1.78125], [1.8125, 0.9375]])
    np.testing.assert_allclose(lateral, [[0.5625, 1.125], [1.125, 0.25]])
    sums = (EXAMPLE_WEIGHTS * forward + recurrent * lateral).sum(axis=1)
    np.testing.assert_allclose(sums, [6.11875, 2.8125])
    np.testing.assert_allclose(crossed, [6.11875, 2.8125])


@pytest.mark.parametrize(
    ("seed", "refractory", "delay"), [(0, 2, 1), (1, 0, 1), (2, 5, 1), (3, 2, 3)]
)
def test_weighted_spsp_is_the_voltage_at_the_spikes(seed, refractory, delay):
    generator = np.random.default_rng(seed)
    cell = Cell(tau_mem=20.0, tau_syn=5.0, refractory=refractory, v_th=1.0)
    inputs = generator.random((120, 9)) < 0.2
    weights = generator.uniform(-0.5, 1.5, (6, 9))
    recurrent = generator.uniform(-1.0, 1.0, (6, 6))
    spikes, crossed = lif(inputs, weights, recurrent, cell, delay)
    assert spikes.sum() > 30
    forward = pairwise_spsp(inputs, spikes, cell, delay)
    inner = pairwise_spsp(spikes, spikes, cell, delay)
    sums = (weights * forward).sum(axis=1) + (recurrent * inner).sum(axis=1)
    np.testing.assert_allclose(sums, crossed, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("delay", [0, 1, 2, 7])
@pytest.mark.parametrize("refractory", [0, 2, 4])
def test_factorised_equals_the_scan(delay, refractory):
    generator = np.random.default_rng(delay + 10 * refractory)
    cell = Cell(tau_mem=16.0, tau_syn=4.0, refractory=refractory, v_th=1.0)
    pre = generator.random((90, 5)) < [0.0, 0.05, 0.2, 0.5, 0.9]
    post = random_trains(generator, 90, 4, [0.0, 0.05, 0.3, 0.9], refractory)
    e = pairwise_spsp(pre, post, cell, delay)
    np.testing.assert_allclose(factorised_spsp(pre, post, cell, delay), e, atol=1e-12)
    assert np.all(e[:, 0] == 0.0)
    assert np.all(e[0] == 0.0)
    assert np.all(e[1:, 2:] > 0.0)


def test_factorised_equals_the_scan_for_spikes_within_the_refractory_time():
    cell = Cell(tau_mem=16.0, tau_syn=4.0, refractory=3, v_th=1.0)
    pre = np.random.default_rng(0).random((40, 3)) < 0.4
    post = trains(40, range(2, 40, 2), range(3, 40), range(4, 40, 3))
    e = pairwise_spsp(pre, post, cell, 1)
    np.testing.assert_allclose(factorised_spsp(pre, post, cell, 1), e, atol=1e-12)


@pytest.mark.parametrize(("delay", "refractory"), [(1, 2), (1, 0), (3, 2), (1, 6), (2, 0)])
def test_factorised_closed_form_equals_the_double_sum_within_its_window(delay, refractory):
    generator = np.random.default_rng(7)
    cell = Cell(tau_mem=24.0, tau_syn=6.0, refractory=refractory, v_th=1.0)
    steps = 90  # below 4 tau_mem, so that the window never cuts
    pre = generator.random((steps, 6)) < 0.2
    pre[0] = False
    post = random_trains(generator, steps, 5, [0.0, 0.02, 0.1, 0.3, 0.9], refractory)
    post[: delay + 1] = False
    e = closed_form_spsp(pre, post, cell, delay)
    assert e.max() > 0.5
    np.testing.assert_allclose(factorised_closed_form(pre, post, cell, delay), e, atol=1e-12)


def test_window_of_the_closed_form_matters_little():
    # The number that docs/training.md states: what the fast form leaves out.
    generator = np.random.default_rng(3)
    cell = Cell(tau_mem=16.0, tau_syn=8.0, refractory=2, v_th=1.0)
    pre = generator.random((400, 20)) < 0.1
    post = random_trains(generator, 400, 10, 0.02, 2)
    literal = closed_form_spsp(pre, post, cell, 1)
    difference = np.abs(factorised_closed_form(pre, post, cell, 1) - literal)
    assert 1e-4 < difference.max() / literal.max() < 0.05


def test_closed_form_is_close_to_the_discrete_one():
    generator = np.random.default_rng(4)
    cell = Cell(tau_mem=64.0, tau_syn=8.0, refractory=2, v_th=1.0)
    pre = generator.random((250, 8)) < generator.uniform(0.02, 0.3, 8)
    post = random_trains(generator, 250, 8, 0.05, 2)
    discrete = pairwise_spsp(pre, post, cell, 1)
    closed = closed_form_spsp(pre, post, cell, 1)
    assert np.corrcoef(discrete.ravel(), closed.ravel())[0, 1] > 0.998
    assert closed.sum() / discrete.sum() == pytest.approx(0.986, abs=0.03)


def test_shifted():
    train = trains(4, (1, 3))
    np.testing.assert_array_equal(shifted(train, 0), train)
    np.testing.assert_array_equal(shifted(train, 1), trains(4, (2,)))
    np.testing.assert_array_equal(shifted(train, -1), trains(4, (0, 2)))
    assert not shifted(train, 4).any()
    assert not shifted(train, -9).any()


# The identities by which fast engines never form e.

FUSED_CELL = Cell(tau_mem=16.0, tau_syn=4.0, refractory=2, v_th=1.0)
FUSED_STEPS, FUSED_POST, FUSED_PRE = 70, 5, 6


def fused_sample(seed):
    """Trains with a silent neuron on either side, weights, and the factors x."""
    generator = np.random.default_rng(seed)
    pre = generator.random((FUSED_STEPS, FUSED_PRE)) < 0.2
    post = generator.random((FUSED_STEPS, FUSED_POST)) < 0.1
    for t in range(FUSED_STEPS):
        post[t] &= ~post[max(0, t - FUSED_CELL.refractory) : t].any(axis=0)
    pre[:, 2] = False
    post[:, 3] = False
    return (
        pre,
        post,
        generator.normal(size=(FUSED_POST, FUSED_PRE)),
        generator.normal(size=FUSED_POST),
    )


def explicit_message(pre, post, weights, factor):
    spsp = pairwise_spsp(pre, post, FUSED_CELL, 1)
    counts = post.sum(axis=0).astype(float), pre.sum(axis=0).astype(float)
    return (
        weights * by_pre(Activity(spsp, *counts, FUSED_CELL, FUSED_STEPS, False), 0.5)
    ).T @ factor


@pytest.mark.parametrize("seed", range(3))
def test_fused_message(seed):
    pre, post, weights, factor = fused_sample(seed)
    a, q = (
        readout(post, FUSED_CELL.refractory, FUSED_CELL.keep_mem),
        discrete_traces(pre, FUSED_CELL, 1),
    )
    received = (a * factor) @ weights  # D [T, pre]
    counts = pre.sum(axis=0)
    through_spikes = (received * q).sum(axis=0) / np.maximum(counts, 1)
    through_silence = 0.5 * (weights * (post.sum(axis=0) == 0)[:, None]).T @ factor
    fused = np.where(counts > 0, through_spikes + through_silence, 0.5 * weights.T @ factor)
    np.testing.assert_allclose(fused, explicit_message(pre, post, weights, factor), atol=1e-12)


def test_adjoint_filter_replaces_the_traces():
    # sum_t D[t] Q[t] = sum_t S[t] x[t]: no trace is stored, the filter runs backward in time.
    pre, post, weights, factor = fused_sample(4)
    a, q = (
        readout(post, FUSED_CELL.refractory, FUSED_CELL.keep_mem),
        discrete_traces(pre, FUSED_CELL, 1),
    )
    received = (a * factor) @ weights
    z, y, x = np.zeros(FUSED_PRE), np.zeros(FUSED_PRE), np.zeros((FUSED_STEPS, FUSED_PRE))
    for t in range(FUSED_STEPS - 1, 0, -1):
        z = received[t] + FUSED_CELL.keep_mem * z
        y = z / FUSED_CELL.tau_syn + FUSED_CELL.keep_syn * y
        x[t - 1] = y
    np.testing.assert_allclose((pre * x).sum(axis=0), (received * q).sum(axis=0), atol=1e-12)


def test_batch_gradient_is_one_product():
    samples = [fused_sample(seed) for seed in range(5, 9)]
    scaled, traces, total = [], [], np.zeros((FUSED_POST, FUSED_PRE))
    for pre, post, _, factor in samples:
        scaled.append(readout(post, FUSED_CELL.refractory, FUSED_CELL.keep_mem) * factor)
        traces.append(discrete_traces(pre, FUSED_CELL, 1))
        total += factor[:, None] * pairwise_spsp(pre, post, FUSED_CELL, 1)
    stacked = np.concatenate(scaled).T @ np.concatenate(traces)
    np.testing.assert_allclose(stacked, total, atol=1e-12)
