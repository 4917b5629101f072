"""Convolutions and poolings backwards, against the pairs that their wiring writes out."""

from __future__ import annotations

import numpy as np
import pytest
from window_kinds import CONVOLUTIONS, POOLINGS

from snncc.backends.compiled.kinds import numbers_of
from snncc.backends.compiled.windows import padded


def drawn(wiring):
    """(weights, the same as a matrix [pre, post], adjoints, numbers that were sent)."""
    generator = np.random.default_rng(1)
    weights = generator.standard_normal(int(np.prod(wiring.weight_shape))).astype(np.float32)
    matrix = np.zeros((wiring.pre_neurons, wiring.post_neurons))
    matrix[wiring.pairs()] = weights[wiring.places()]
    arrived = generator.standard_normal(wiring.post_neurons).astype(np.float32)
    arrived[generator.random(len(arrived)) < 0.3] = 0
    sent = generator.standard_normal(wiring.pre_neurons).astype(np.float32)
    sent[generator.random(len(sent)) < 0.5] = 0
    return weights, matrix, arrived, sent


def scratch(plain_through, wiring):
    """(planes, planes with borders) of NaN."""
    window = numbers_of(wiring)
    sizes = plain_through.planes_of(window), plain_through.bordered_of(window)
    return [np.full(size, np.nan, np.float32) for size in sizes]


def laid_back(wiring, weights):
    """[o, a, b, c] of [o, c, a, b], the channels in whole vectors."""
    rows = weights.reshape(wiring.weight_shape).transpose(0, 2, 3, 1)
    more = padded(rows.shape[3]) - rows.shape[3]
    return np.pad(rows, ((0, 0), (0, 0), (0, 0), (0, more))).ravel()


@pytest.mark.parametrize("wiring", CONVOLUTIONS, ids=str)
def test_what_is_asked_through_a_convolution(plain_through, wiring):
    weights, matrix, arrived, _ = drawn(wiring)
    asked, window = np.ones(wiring.pre_neurons, np.float32), numbers_of(wiring)
    planes, above = (np.full(n, np.nan, np.float32) for n in plain_through.asked_planes_of(window))
    plain_through.ask_planes(laid_back(wiring, weights), window, arrived, asked, planes, above)
    np.testing.assert_allclose(asked, 1 + matrix @ arrived, atol=1e-5)


@pytest.mark.parametrize("wiring", POOLINGS, ids=str)
def test_what_is_asked_through_a_pooling(plain_through, wiring):
    weights, matrix, arrived, _ = drawn(wiring)
    asked = np.ones(wiring.pre_neurons, np.float32)
    plain_through.ask_pool(weights[0], numbers_of(wiring), arrived, asked)
    np.testing.assert_allclose(asked, 1 + matrix @ arrived, atol=1e-5)


@pytest.mark.parametrize("wiring", CONVOLUTIONS, ids=str)
def test_what_numbers_and_spikes_are_worth_to_a_kernel(plain_through, wiring):
    weights, _, arrived, sent = drawn(wiring)
    pre, post = wiring.pairs()
    window, outputs = numbers_of(wiring), wiring.reached
    planes, below = scratch(plain_through, wiring)
    spikes = np.flatnonzero(sent).astype(np.int32)
    for values in (sent, (sent != 0).astype(np.float32)):
        wanted, own = np.zeros(len(weights)), np.zeros_like(weights)
        np.add.at(wanted, wiring.places(), values[pre] * arrived[post].astype(np.float64))
        kernel = np.zeros(len(weights) // outputs * padded(outputs), np.float32)
        if values is sent:
            plain_through.worth_of_numbers(window, sent, arrived, planes, below, kernel)
        else:
            plain_through.worth_of_spikes(window, spikes, 0, len(spikes), arrived, planes, kernel)
        plain_through.keep_worth(window, kernel, own)
        np.testing.assert_allclose(own, wanted, atol=1e-4)
