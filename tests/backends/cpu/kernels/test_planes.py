"""Convolutions by planes whose channels come last, against the pairs of their wiring."""

from __future__ import annotations

import numpy as np
import pytest
from window_kinds import CONVOLUTIONS

from snncc.backends.compiled.kinds import numbers_of
from snncc.backends.compiled.windows import padded


def drawn(wiring, seed):
    """(generator, weights, the same as a matrix [pre, post])."""
    generator = np.random.default_rng(seed)
    weights = generator.standard_normal(int(np.prod(wiring.weight_shape))).astype(np.float32)
    matrix = np.zeros((wiring.pre_neurons, wiring.post_neurons), np.float32)
    matrix[wiring.pairs()] = weights[wiring.places()]
    return generator, weights, matrix


def laid_out(plain, wiring, weights):
    """The kernel as events go by it, the outputs in whole vectors."""
    laid = np.full(len(weights) // wiring.reached * padded(wiring.reached), np.nan, np.float32)
    plain.lay_kernel(numbers_of(wiring), weights, laid)
    return laid


def scratch(plain, wiring):
    """(planes, planes with borders) of NaN."""
    window = numbers_of(wiring)
    sizes = plain.planes_of(window), plain.bordered_of(window)
    return [np.full(size, np.nan, np.float32) for size in sizes]


@pytest.mark.parametrize("wiring", CONVOLUTIONS, ids=str)
def test_spikes_bring_the_bits_of_delivery(plain, wiring):
    generator, weights, matrix = drawn(wiring, 1)
    spikes = np.sort(generator.permutation(wiring.pre_neurons)[: wiring.pre_neurons // 2])
    current = generator.standard_normal(wiring.post_neurons).astype(np.float32)
    size = wiring.groups * padded(wiring.reached) * wiring.post.height * wiring.post.width
    wanted, planes = current.copy(), np.full(size, np.nan, np.float32)
    for k in spikes[1:]:
        wanted += matrix[k]
    laid, one = laid_out(plain, wiring, weights), np.float32(1)
    window = numbers_of(wiring)
    plain.spray_spikes(laid, window, one, spikes.astype(np.int32), 1, len(spikes), current, planes)
    np.testing.assert_array_equal(current, wanted)


@pytest.mark.parametrize("wiring", CONVOLUTIONS, ids=str)
@pytest.mark.parametrize("begun", [False, True])
def test_numbers_bring_what_their_pairs_would(plain, wiring, begun):
    generator, weights, matrix = drawn(wiring, 2)
    sent = generator.standard_normal(wiring.pre_neurons).astype(np.float32)
    sent[generator.random(len(sent)) < 0.5] = 0
    current = begun * generator.standard_normal(wiring.post_neurons).astype(np.float32)
    wanted, laid = current + sent.astype(np.float64) @ matrix, laid_out(plain, wiring, weights)
    plain.spray_numbers(laid, numbers_of(wiring), sent, current, *scratch(plain, wiring))
    np.testing.assert_allclose(current, wanted, atol=1e-5)


@pytest.mark.parametrize(("groups", "channels"), [(1, 1), (2, 3), (1, 8), (3, 1), (1, 17)])
def test_planes_turn_there_and_back(plain, groups, channels):
    neurons, pitch = 1 + np.arange(groups * channels * 21, dtype=np.float32), padded(channels)
    planes, back = np.full(groups * 21 * pitch, np.nan, np.float32), np.empty_like(neurons)
    plain.turn_in(neurons, groups, channels, pitch, planes)
    rows = planes.reshape(groups, 21, pitch)
    np.testing.assert_array_equal(rows[:, :, :channels].transpose(0, 2, 1).ravel(), neurons)
    assert not rows[:, :, channels:].any()
    plain.turn_out(planes, groups, channels, pitch, back)
    np.testing.assert_array_equal(back, neurons)


def test_what_is_zero_is_not_turned(plain):
    planes = np.ones(32, np.float32)
    plain.turn_in(np.zeros(12, np.float32), 1, 3, 8, planes)
    assert not planes.any()


def test_planes_with_borders(plain):
    planes, bordered = np.arange(1, 13, dtype=np.float32), np.full(2 * 4 * 5, np.nan, np.float32)
    plain.border(planes, 2, 3, 2, 1, bordered)
    wanted = np.pad(planes.reshape(2, 2, 3), ((0, 0), (1, 1), (1, 1)))
    np.testing.assert_array_equal(bordered, wanted.ravel())


@pytest.mark.parametrize("length", [1, 256, 257, 600])
def test_a_number_that_is_not_zero_is_found(plain, length):
    row = np.zeros(length, np.float32)
    assert not plain.is_any(row)
    row[-1] = 1
    assert plain.is_any(row)


@pytest.mark.parametrize("wiring", CONVOLUTIONS, ids=str)
def test_kernels_are_laid_out_and_taken_back(plain, plain_through, wiring):
    _, weights, _ = drawn(wiring, 3)
    kept, kernel = np.ones_like(weights), laid_out(plain, wiring, weights)
    plain_through.keep_worth(numbers_of(wiring), kernel, kept)
    np.testing.assert_array_equal(kept, 1 + weights)
    assert not kernel.any()
