from dataclasses import replace

import numpy as np
import pytest
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


@pytest.mark.parametrize(
    ("given", "message", "way_out"),
    [
        (
            {"classes": 4, "occurring": (0, 1, 2, 3)},
            "the labels are `0`, `1`, `2` and `3`, but `digit` has 3 neurons, for the classes 0",
            "write `output digit[4]`",
        ),
        (
            {"classes": 4, "occurring": (1, 2, 3)},
            "the labels are `1`, `2` and `3`, but `digit` has 3 neurons",
            "if those are all classes there are, say `classes = [1, 2, 3]` of the data",
        ),
        (
            {"classes": 21, "occurring": (0, 20)},
            "the labels are `0` and `20`, but",
            "say `classes = [0, 20]` of the data, and write `output digit[2]`",
        ),
        (
            {"classes": 4, "names": ("a", "b", "c", "d")},
            "the labels are `a`, `b`, `c` and `d`, but",
            "write `output digit[4]`",
        ),
    ],
)
def test_labels_beyond_the_output(small_graph, given, message, way_out):
    problem = misfit(small_graph, replace(data(), **given))
    assert problem.message.startswith(message)
    assert problem.help == way_out or problem.help.endswith(way_out)


def test_wrong_encoding(small_graph):
    problem = misfit(spiking(small_graph), data((5, 6)))
    assert "encode poisson" in problem.help
    assert "the data have the shape [5, 6]" in problem.message
    problem = misfit(small_graph, data((5, 10, 6), dtype=np.uint8))
    assert "encode spikes" in problem.help


def test_numbers_that_are_0_and_1_are_trains_where_an_input_takes_them(small_graph):
    trains = data((5, 10, 6))
    trains.values[:, ::2] = 1
    samples = present(spiking(small_graph), trains, "train")
    assert samples.values.dtype == np.uint8
    assert samples.values.shape == (5, 10, 6)
    trains.values[0, 0, 0] = 0.5
    assert (
        "takes spike trains, but the data hold 0.5" in misfit(spiking(small_graph), trains).message
    )


def test_numbers_that_may_be_trains_where_no_input_takes_them(small_graph):
    trains = data((5, 10, 6))
    trains.values[:, ::2] = 1
    assert "if these are spike trains, write `encode spikes" in misfit(small_graph, trains).help
    assert "trains" not in misfit(small_graph, data((5, 10, 5))).help
    trains.values[0, 0, 0] = 0.5
    assert "trains" not in misfit(small_graph, trains).help


def test_more_spikes_of_a_neuron_than_a_step_may_have(small_graph):
    first, *rest = small_graph.populations
    call = Call("spikes", (("duration", 10.0), ("most", 3)))
    graph = replace(small_graph, populations=(replace(first, encoding=call), *rest))
    trains = data((5, 10, 6), dtype=np.uint8)
    trains.values[2, 7, 4] = 3
    assert present(graph, trains, "train").values.max() == 3
    for given, most in ((graph, 3), (spiking(small_graph), 1)):
        trains.values[2, 7, 4] = most + 1
        problem = misfit(given, trains)
        said = f"neuron 4 of `image` has {most + 1} spikes in step 7 of sample 2 (all from 0), and"
        assert problem.message == f"{said} a step may have {most}"
        assert f"`encode spikes(duration = …, most = {most + 1})`" in problem.help


def test_a_network_without_inputs(small_graph):
    only = replace(small_graph, populations=small_graph.populations[1:], projections=())
    problem = misfit(only, data())
    assert "has no input, so no data can be presented to it" in problem.message


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
