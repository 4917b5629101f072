"""What sources fire: the distribution of counts, the keys, the events that are told."""

from __future__ import annotations

import math

import numpy as np
import pytest

from snncc.ir.graph import Call, Graph, Population
from snncc.ir.philox import philox4x32
from snncc.ir.sources import (
    AT_ONCE,
    MOST_COUNT,
    MOST_MEAN,
    SOURCE,
    Drawn,
    count_of_words,
    counts_of,
    cumulative,
    draw_counts,
    drawn_of,
    events_of,
    fired,
    guides,
    source_key,
)


def source(kind: str, neurons: int = 4, name: str = "s", **arguments: object) -> Population:
    return Population(name, (neurons,), SOURCE, source=Call(kind, tuple(arguments.items())))


def graph(*populations: Population, dt: float = 1.0) -> Graph:
    return Graph("n", dt, populations, ())


@pytest.mark.parametrize("mean", [0.0, 0.01, 0.8, 5.0, 40.0, MOST_MEAN])
def test_the_table_is_the_distribution_of_poisson(mean):
    table = cumulative(mean)
    chances = np.diff([0, *(int(entry) for entry in table)]) / 2**32
    exact = [
        math.exp(k * math.log(mean or 1) - mean - math.lgamma(k + 1)) for k in range(len(table))
    ]
    if mean == 0:
        exact = [1.0]
    np.testing.assert_allclose(chances, exact, rtol=0, atol=2**-31)
    assert 1 <= len(table) <= MOST_COUNT
    assert 2**32 - 1 - int(table[-1]) <= 1


def test_a_count_is_the_number_of_entries_that_are_not_above_the_word():
    table = cumulative(0.8)
    words = np.array([0, table[0] - 1, table[0], table[1], 2**32 - 1], np.uint32)
    assert count_of_words(words, 0.8).tolist() == [0, 0, 1, 2, len(table)]
    firsts = np.arange(256, dtype=np.uint32) << np.uint32(24)
    assert guides(table).tolist() == count_of_words(firsts, 0.8).tolist()


def test_every_count_is_keyed_by_the_sample_the_step_and_the_neuron():
    drawn = Drawn(0.8, 2, 9, source_key("bg", 7))
    sample = 2**40 + 3
    whole = draw_counts(drawn, 10, sample, range(12))
    parts = [draw_counts(drawn, 10, sample, range(k, k + 3)) for k in range(0, 12, 3)]
    np.testing.assert_array_equal(whole, np.concatenate(parts))
    assert not whole[:2].any()
    assert not whole[9:].any()
    for t, j in ((2, 0), (5, 7), (8, 9)):
        words = philox4x32([j // 4, t, sample & 0xFFFFFFFF, sample >> 32], drawn.key)
        assert whole[t, j] == count_of_words(words, 0.8)[j % 4]
    assert (whole != draw_counts(drawn, 10, sample + 1, range(12))).any()
    assert source_key("bg", 7) != source_key("bg", 8)
    assert source_key("bg", 7) != source_key("bf", 7)


def test_counts_have_the_mean_and_the_variance_of_poisson():
    """8 kHz at dt = 0.1 ms: 0.8 a step, where at most one spike a step would have 0.16."""
    population = source("poisson", 500, rate=8000.0)
    counts = counts_of(population, graph(population, dt=0.1), 3, 0, 400)
    size = counts.size
    assert abs(counts.mean() - 0.8) < 5 * np.sqrt(0.8 / size)
    assert abs(counts.var() - 0.8) < 5 * np.sqrt((0.8 + 2 * 0.8**2) / size)
    both = np.corrcoef(counts[:-1].ravel(), counts[1:].ravel())[0, 1]
    assert abs(both) < 5 / np.sqrt(size)
    assert abs(np.corrcoef(counts[:, :-1].ravel(), counts[:, 1:].ravel())[0, 1]) < 5 / np.sqrt(size)


def test_start_and_stop_are_steps():
    drawn = drawn_of(source("poisson", rate=1000.0, start=2.0, stop=5.0), 0.5, 0)
    assert drawn is not None
    assert (drawn.mean, drawn.first, drawn.last) == (0.5, 4, 10)
    assert drawn_of(source("regular", period=2.0, offset=1.0), 0.5, 0) is None


def test_events_that_are_told():
    found = events_of(source("regular", 2, period=2.0, offset=1.0), 0.5, 10, {})
    assert np.stack(found).tolist() == [[2, 2, 6, 6], [0, 1, 0, 1]]
    found = events_of(source("times", 2, times=(2.0, 1.0, 2.0, 9.0)), 1.0, 5, {})
    assert np.stack(found).tolist() == [[1, 1, 2, 2, 2, 2], [0, 1, 0, 0, 1, 1]]
    rows = np.float32([[3, 1], [0, 2], [3, 0], [7, 0]])
    found = events_of(source("given", 3, tensor="a"), 1.0, 5, {"a": rows})
    assert np.stack(found).tolist() == [[0, 3, 3], [2, 0, 1]]


def test_rows_of_some_neurons_one_for_each_of_several_spikes():
    population = source("poisson", 50, rate=1500.0)
    net, steps = graph(population), AT_ONCE // 50 + 3
    counts = counts_of(population, net, 1, 2, steps)
    rows = fired(population, net, 1, 2, steps, range(10, 30))
    assert rows.dtype == np.int32
    assert (np.diff(rows[:, 0]) >= 0).all()
    again = np.zeros_like(counts)
    np.add.at(again, tuple(rows.T), 1)
    np.testing.assert_array_equal(again[:, 10:30], counts[:, 10:30])
    assert not again[:, :10].any()
    assert counts.max() > 2
