from dataclasses import replace

import numpy as np
import pytest

from snncc.ir.graph import Call
from snncc.runtime.samples import FIRST_ID
from snncc.runtime.training.progress import fresh
from snncc.runtime.training.redraw import keys

IDS = np.array([7, 0, 2**32 - 1], np.uint64)


def by(graph, when):
    call = Call("bernoulli", (("duration", 10.0), *((("redraw", when),) if when else ())))
    image, digit = graph.populations
    return replace(graph, populations=(replace(image, encoding=call), digit))


def at(epoch, position, samples=100):
    return replace(fresh(samples, 9), epoch=epoch, position=position)


@pytest.mark.parametrize("when", ["", "never"])
def test_trains_are_frozen_unless_it_is_said(small_graph, when):
    np.testing.assert_array_equal(keys(by(small_graph, when), at(5, 20), IDS), IDS)


def test_by_the_epoch(small_graph):
    graph = by(small_graph, "epoch")
    np.testing.assert_array_equal(keys(graph, at(0, 20), IDS), IDS)
    np.testing.assert_array_equal(keys(graph, at(5, 20), IDS), IDS + np.uint64(5 << 33))


def test_by_the_presentation(small_graph):
    found = keys(by(small_graph, "presentation"), at(2, 20), IDS)
    np.testing.assert_array_equal(found - IDS, np.uint64([220, 221, 222]) << np.uint64(33))


def test_no_training_sample_has_a_test_samples_key(small_graph):
    for when in ("epoch", "presentation"):
        found = keys(by(small_graph, when), at(2**31 - 1, 99), IDS)
        assert not (found & np.uint64(FIRST_ID["test"])).any()
        assert (found >> np.uint64(33)).max() == 2**31 - 1 or when == "presentation"


def test_after_the_last_number_comes_the_first(small_graph):
    graph = by(small_graph, "epoch")
    np.testing.assert_array_equal(keys(graph, at(2**31, 0), IDS), IDS)


def test_inputs_that_draw_nothing(small_graph):
    populations = tuple(replace(p, encoding=None) for p in small_graph.populations)
    np.testing.assert_array_equal(
        keys(replace(small_graph, populations=populations), at(1, 1), IDS), IDS
    )
