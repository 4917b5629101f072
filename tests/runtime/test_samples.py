from dataclasses import replace

import numpy as np
from refusal import refusals, refused

from snncc.ir.graph import Call, Graph, Population
from snncc.runtime.datasets.data import Data
from snncc.runtime.samples import output_population, present


def data(shape=(5, 2, 3), classes=3, dtype=np.float32):
    return Data(np.zeros(shape, dtype), np.zeros(shape[0], np.int32), classes)


def spiking(graph):
    first, *rest = graph.populations
    encoded = replace(first, encoding=Call("spikes", (("duration", 10.0),)))
    return replace(graph, populations=(encoded, *rest))


def misfit(graph, given):
    return refused("E062", present, graph, given, "train")


def test_images_are_flattened_and_numbered(small_graph):
    train, test = (present(small_graph, data(), split) for split in ("train", "test"))
    assert train.values.shape == (5, 6)
    assert train.ids.tolist() == [0, 1, 2, 3, 4]
    assert test.ids.tolist() == [2**32 + k for k in range(5)]


def test_picking_keeps_the_order_and_the_ids(small_graph):
    chosen = present(small_graph, data(), "train").pick(np.array([4, 0]))
    assert chosen.ids.tolist() == [4, 0]
    assert chosen.importance.tolist() == [1.0, 1.0]
    heavy = present(small_graph, data(), "train").pick(
        np.array([4, 0]), np.arange(5, dtype=np.float32)
    )
    assert heavy.importance.tolist() == [4.0, 0.0]


def test_spike_trains_keep_their_time(small_graph):
    trains = data((5, 10, 2, 3), dtype=np.uint8)
    assert present(spiking(small_graph), trains, "train").values.shape == (5, 10, 6)


def test_wrong_number_of_inputs(small_graph):
    problem = misfit(small_graph, data((5, 7)))
    assert "7 values" in problem.message
    assert "image[6]" in problem.help


def test_too_many_classes(small_graph):
    problem = misfit(small_graph, data(classes=4))
    assert "output digit[4]" in problem.help


def test_wrong_encoding(small_graph):
    problem = misfit(spiking(small_graph), data())
    assert "encode poisson" in problem.help
    problem = misfit(small_graph, data((5, 10, 6), dtype=np.uint8))
    assert "encode spikes" in problem.help


def test_wrong_number_of_steps(small_graph):
    problem = misfit(spiking(small_graph), data((5, 11, 6), dtype=np.uint8))
    assert "11 steps" in problem.message


def test_all_problems_at_once(small_graph):
    assert len(refusals(present, small_graph, data((5, 7), classes=9), "train")) == 2


def test_one_output_is_needed_to_classify_but_not_to_present(small_graph):
    none = replace(small_graph, populations=small_graph.populations[:1])
    two = Population("other", (2,), "output")
    several = Graph("g", 1.0, (*small_graph.populations, two), ())
    for graph, names in ((none, "none"), (several, "digit, other")):
        assert len(present(graph, data(classes=99), "train")) == 5
        assert f"has {names}" in refused("E044", output_population, graph).message
