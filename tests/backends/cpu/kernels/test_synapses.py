"""Deliveries of every kind of synapses against the pairs that its wiring writes out."""

from __future__ import annotations

import numpy as np
import pytest
from window_kinds import WINDOWS

from snncc.backends.compiled.kinds import numbers_of


@pytest.mark.parametrize("count", range(10))
def test_dense_delivery_adds_in_the_spikes_order(plain, count):
    """The bits of one addition after the other, however many rows a pass takes."""
    generator = np.random.default_rng(count)
    weights = generator.standard_normal((12, 5)).astype(np.float32)
    spikes = generator.permutation(12)[: count + 1].astype(np.int32)
    current = generator.standard_normal(5).astype(np.float32)
    wanted = current.copy()
    for j in spikes[1:]:
        wanted += weights[j]
    plain.deliver_dense(weights.ravel(), spikes, 1, count + 1, current)
    np.testing.assert_array_equal(current, wanted)


def test_listed_delivery_adds_in_the_lists_order(plain):
    row, post = np.array([9, 4, 6, 7, 9]), np.array([9, 9, 9, 9, 0, 1, 1, 1, 2])
    weights = np.array([0.5, 0.25, 0.25, 0.5, 0.5], np.float32)  # of the synapses from 4 on
    current = np.zeros(3, np.float32)
    plain.deliver_listed(weights, row, 1, post, np.array([7, 0, 2]), 1, 3, current)
    assert current.tolist() == [0.5, 0.75, 0.5]


@pytest.mark.parametrize("wiring", WINDOWS, ids=str)
def test_windows_deliver_what_their_pairs_would(plain, wiring):
    generator = np.random.default_rng(1)
    weights = generator.standard_normal(int(np.prod(wiring.weight_shape))).astype(np.float32)
    matrix = np.zeros((wiring.pre_neurons, wiring.post_neurons), np.float32)
    matrix[wiring.pairs()] = weights[wiring.places()]
    spikes = generator.permutation(wiring.pre_neurons).astype(np.int32)
    current, wanted = np.zeros((2, wiring.post_neurons), np.float32)
    plain.deliver_windows(weights, numbers_of(wiring), spikes, 2, len(spikes), current)
    for k in spikes[2:]:
        wanted += matrix[k]
    np.testing.assert_array_equal(current, wanted)


@pytest.mark.parametrize("wiring", WINDOWS, ids=str)
def test_a_post_neurons_row_is_its_pairs(plain, wiring):
    pre, post = wiring.pairs()
    places = wiring.places()
    rows, index = np.empty(int(wiring.fan_in().max()), np.int32), np.empty(199, np.int64)
    for l in range(wiring.post_neurons):
        count = plain.window_row(numbers_of(wiring), 5, l, rows, index)
        assert rows[:count].tolist() == pre[post == l].tolist()
        assert index[:count].tolist() == (5 + places[post == l]).tolist()
