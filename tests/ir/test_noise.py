"""White noise: its table, its keys, and what neurons make of it."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest

from snncc.ir.graph import Graph, Population
from snncc.ir.noise import (
    NOISE_CELLS,
    POINT,
    is_noise,
    noise_key,
    noise_of,
    noise_port,
    noise_scale,
    normal_table,
    normals_of_words,
)
from snncc.ir.philox import philox4x32


def test_a_number_has_the_tail_that_its_word_says():
    generator = np.random.default_rng(0)
    words = generator.integers(0, 2**32, 3000, dtype=np.uint32) >> generator.integers(0, 31, 3000)
    words = np.concatenate([words, [0, 1, 2, 3, 511, 512, 513, 2**32 - 1]]).astype(np.uint32)
    found = normals_of_words(words) / 2**POINT
    tails = ((words >> 1) + 0.5) / 2.0**32
    wanted = np.array([-NormalDist().inv_cdf(tail) for tail in tails])
    wanted[words % 2 == 1] *= -1
    np.testing.assert_allclose(found, wanted, rtol=0, atol=3e-6)


def test_the_numbers_of_all_words_have_the_moments_of_a_normal_one():
    """By the cells, in each of which the numbers fall along a line; signs are even."""
    value, fall = normal_table() / 2.0**POINT
    octave = np.maximum(np.arange(len(value)) // NOISE_CELLS - 1, 0)
    chance = 2.0**octave / 2**31
    middle = value - fall / 2 * (1 - 2.0**-octave)
    assert chance.sum() == 1
    assert np.sum(chance * (middle**2 + fall**2 / 12)) == pytest.approx(1, abs=2e-6)
    assert np.sum(chance * middle**4) == pytest.approx(3, abs=1e-3)


def test_every_number_is_keyed_by_the_port_the_sample_the_step_and_the_neuron():
    population, port, sample = Population("e", (7,), "hidden"), noise_port(1), 2**33 + 5
    graph = Graph("n", 0.25, (population,), ())
    made = noise_of(population, port, graph, 3, sample, 20)
    key = noise_key("e", port, 3)
    for t, j in ((0, 0), (9, 6), (19, 4)):
        words = philox4x32([j // 4, t, sample & 0xFFFFFFFF, sample >> 32], key)
        assert made[t, j] == np.float32(normals_of_words(words)[j % 4]) * np.float32(2.0**-26)
    np.testing.assert_array_equal(made[:8], noise_of(population, port, graph, 3, sample, 8))
    others = [("f", port, 3), ("e", noise_port(0), 3), ("e", port, 4)]
    assert all(noise_key(*other) != key for other in others)
    assert noise_scale(0.25) == np.float32(2.0**-26)
    assert [is_noise(name) for name in (port, "noise", "i")] == [True, False, False]


def test_the_variance_is_one_over_dt():
    population = Population("e", (400,), "hidden")
    made = noise_of(population, noise_port(0), Graph("n", 0.1, (population,), ()), 1, 0, 200)
    assert abs(made.mean()) < 5 * np.sqrt(10 / made.size)
    assert abs(made.var() / 10 - 1) < 5 * np.sqrt(2 / made.size)
    assert abs(np.corrcoef(made[:-1].ravel(), made[1:].ravel())[0, 1]) < 5 / np.sqrt(made.size)
