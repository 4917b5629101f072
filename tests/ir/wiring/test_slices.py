"""Projections between some neurons of their populations."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from compiled_texts import compiled_text
from refusal import refused

from snncc.frontend.program import survey_text
from snncc.ir.diagnostics import Source
from snncc.ir.graph import Call, Projection
from snncc.ir.model import draw_model
from snncc.ir.text import parse_expr, parse_graph, print_graph
from snncc.ir.wiring import Listed, foretold_size, initial_weights, wire
from snncc.ir.wiring.slices import shared

ONE = Call("constant", (("value", 1.0),))


def joined(kind: str, pre=None, post=None, ends: str = "ab", **arguments) -> Projection:
    call = Call(kind, tuple(arguments.items()))
    return Projection("p", *ends, call, ONE, pre_slice=pre, post_slice=post)


def test_a_slice_is_wired_as_a_population_of_its_size_and_moved() -> None:
    """The draws are those of populations of 8 and 5 neurons: only the numbers differ."""
    for kind, more in (("dense", {}), ("sparse", {"p": 0.4}), ("fixed_fan_in", {"k": 3})):
        small = wire(joined(kind, **more), (8,), (5,), 7)
        large = wire(joined(kind, (2, 10), (4, 9), **more), (20,), (9,), 7)
        assert isinstance(large, Listed)
        assert (large.pre_neurons, large.post_neurons) == (20, 9)
        assert np.array_equal(large.pre, small.pairs()[0] + 2)
        assert np.array_equal(large.post, small.pairs()[1] + 4)
        foretold = foretold_size(joined(kind, (2, 10), (4, 9), **more), (20,), (9,))
        assert foretold.is_listed
        assert abs(foretold.synapses - large.synapses) < 9


def test_a_slice_at_one_end_alone_joins_all_of_the_other() -> None:
    wiring = wire(joined("dense", post=(1, 3)), (4,), (3,), 0)
    assert set(zip(*map(np.ndarray.tolist, wiring.pairs()), strict=True)) == {
        (i, j) for i in range(4) for j in (1, 2)
    }


def test_i_and_j_count_from_the_first_neuron_of_a_slice() -> None:
    value = parse_expr("i - j")
    projection = replace(
        joined("dense", (3, 5), (1, 3)), init=Call("expression", (("value", value),))
    )
    weights = initial_weights(projection, wire(projection, (6,), (4,), 0), 0, {})
    assert weights.tolist() == [0.0, -1.0, 1.0, 0.0]


def test_no_neuron_is_joined_to_itself_where_slices_are_the_same_or_apart() -> None:
    same = wire(joined("sparse", (5, 15), (5, 15), "aa", p=0.9, self=False), (20,), (20,), 1)
    assert np.all(same.pairs()[0] != same.pairs()[1])
    assert same.synapses > 60
    apart = wire(joined("sparse", (0, 10), (10, 20), "aa", p=1.0, self=False), (20,), (20,), 1)
    assert apart.synapses == 100
    overlapping = joined("sparse", (0, 10), (5, 20), "aa", p=1.0, self=False)
    refused("E042", wire, overlapping, (20,), (20,), 1)
    assert wire(replace(overlapping, post="b"), (20,), (20,), 1).synapses == 150
    assert shared(overlapping, (20,)) == 5


@pytest.mark.parametrize(
    ("projection", "code"),
    [
        (joined("dense", (0, 21)), "E022"),
        (joined("one_to_one", (0, 4), (0, 5)), "E042"),
        (joined("lateral_inhibition", (0, 4), (1, 5), "aa"), "E042"),
        (joined("pool2d", (0, 4), kernel=2, stride=0), "E042"),
    ],
)
def test_refused(projection: Projection, code: str) -> None:
    refused(code, wire, projection, (4, 5), (20,), 0)


def test_a_text_of_the_graph_says_the_slices() -> None:
    graph = compiled_text(TEXT).graph
    slices = {(p.pre_slice, p.post_slice) for p in graph.projections}
    assert slices == {((0, 12), (3, 6)), ((4, 6), (8, 10))}
    assert parse_graph(print_graph(graph)) == graph
    half = replace(graph, projections=tuple(replace(p, pre_slice=None) for p in graph.projections))
    assert parse_graph(print_graph(half)) == half != graph
    wrong = print_graph(graph).replace("(3, 6)", "(6, 3)")
    refused("E060", parse_graph, wrong)


TEXT = """
module column(n: int) {
  population e[n] : lif
  port out late = e[4..10]
  port in some = e[2..8]
}
network n() {
  dt = 1 ms
  delay = 1 ms
  input x[20] encode poisson(duration = 10 ms)
  output o[10] : lif
  instance c : column(n = 10)
  x[0..12] -> c.some[1..4] : dense(weight = 1)
  c.late[0..2] -> o[8..10].i : one_to_one(weight = 2) delay uniform(1 ms, 5 ms)
}
"""


def test_a_program_names_some_neurons_of_a_population_or_of_a_port() -> None:
    model = draw_model(compiled_text(TEXT).graph, 1)
    first, second = model.wirings["x[0..12]->c.e[3..6]"], model.wirings["c.e[4..6]->o[8..10]"]
    assert isinstance(first, Listed)
    assert set(first.post.tolist()) == {3, 4, 5}
    assert set(first.pre.tolist()) == set(range(12))
    assert isinstance(second, Listed)
    assert second.delay is not None
    assert [second.pre.tolist(), second.post.tolist()] == [[4, 5], [8, 9]]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("o[0..11]", "E022"),
        ("o[3..3]", "E022"),
        ("o[0 - 1..3]", "E022"),
        ("o[0..3][0]", "E044"),
        ("o.i[0..3]", "E044"),
        ("c[0..3].some", "E044"),
        ("c.some[0..7]", "E022"),
        ("o[0..2.5]", "E020"),
        ("p[0..2]", "E010"),
    ],
)
def test_mistakes_in_paths(path: str, code: str) -> None:
    text = TEXT.replace("c.some[1..4]", path)
    assert [d.code for d in survey_text(Source("t.snn", text)).diagnostics] == [code]


def test_neurons_of_a_population_without_a_shape_yet_are_checked_when_it_has_one() -> None:
    text = """
    network n() {
      dt = 1 ms
      delay = 1 ms
      input x[1, 4, 4] encode poisson(duration = 10 ms)
      population p : lif
      output o[3] : lif
      x -> p : conv2d(channels = 1, kernel = 3)
      p[2..END] -> o : dense
    }
    """
    graph = compiled_text(text.replace("END", "4")).graph
    assert graph.projections[1].pre_slice == (2, 4)
    refused("E022", compiled_text, text.replace("END", "5"))
