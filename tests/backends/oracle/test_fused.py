"""The identities by which fast engines never form e: fused message, one product for a batch."""

from __future__ import annotations

import numpy as np
import pytest

from snncc.backends.oracle.partials import Activity, by_pre
from snncc.backends.oracle.spsp import Cell, discrete_traces, pairwise_spsp, readout

CELL = Cell(tau_mem=16.0, tau_syn=4.0, refractory=2, v_th=1.0)
STEPS, POST, PRE = 70, 5, 6


def sample(seed):
    """Trains with a silent neuron on either side, weights, and the factors x."""
    generator = np.random.default_rng(seed)
    pre = generator.random((STEPS, PRE)) < 0.2
    post = generator.random((STEPS, POST)) < 0.1
    for t in range(STEPS):
        post[t] &= ~post[max(0, t - CELL.refractory) : t].any(axis=0)
    pre[:, 2] = False
    post[:, 3] = False
    return pre, post, generator.normal(size=(POST, PRE)), generator.normal(size=POST)


def explicit_message(pre, post, weights, factor):
    spsp = pairwise_spsp(pre, post, CELL, 1)
    counts = post.sum(axis=0).astype(float), pre.sum(axis=0).astype(float)
    return (weights * by_pre(Activity(spsp, *counts, CELL, STEPS, False), 0.5)).T @ factor


@pytest.mark.parametrize("seed", range(3))
def test_fused_message(seed):
    pre, post, weights, factor = sample(seed)
    a, q = readout(post, CELL.refractory, CELL.keep_mem), discrete_traces(pre, CELL, 1)
    received = (a * factor) @ weights  # D [T, pre]
    counts = pre.sum(axis=0)
    through_spikes = (received * q).sum(axis=0) / np.maximum(counts, 1)
    through_silence = 0.5 * (weights * (post.sum(axis=0) == 0)[:, None]).T @ factor
    fused = np.where(counts > 0, through_spikes + through_silence, 0.5 * weights.T @ factor)
    np.testing.assert_allclose(fused, explicit_message(pre, post, weights, factor), atol=1e-12)


def test_adjoint_filter_replaces_the_traces():
    # sum_t D[t] Q[t] = sum_t S[t] x[t]: no trace is stored, the filter runs backward in time.
    pre, post, weights, factor = sample(4)
    a, q = readout(post, CELL.refractory, CELL.keep_mem), discrete_traces(pre, CELL, 1)
    received = (a * factor) @ weights
    z, y, x = np.zeros(PRE), np.zeros(PRE), np.zeros((STEPS, PRE))
    for t in range(STEPS - 1, 0, -1):
        z = received[t] + CELL.keep_mem * z
        y = z / CELL.tau_syn + CELL.keep_syn * y
        x[t - 1] = y
    np.testing.assert_allclose((pre * x).sum(axis=0), (received * q).sum(axis=0), atol=1e-12)


def test_batch_gradient_is_one_product():
    samples = [sample(seed) for seed in range(5, 9)]
    scaled, traces, total = [], [], np.zeros((POST, PRE))
    for pre, post, _, factor in samples:
        scaled.append(readout(post, CELL.refractory, CELL.keep_mem) * factor)
        traces.append(discrete_traces(pre, CELL, 1))
        total += factor[:, None] * pairwise_spsp(pre, post, CELL, 1)
    stacked = np.concatenate(scaled).T @ np.concatenate(traces)
    np.testing.assert_allclose(stacked, total, atol=1e-12)
