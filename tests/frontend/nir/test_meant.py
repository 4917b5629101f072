"""Which node the end of an edge means that is none."""

from __future__ import annotations

from itertools import pairwise

import pytest

from snncc.frontend.nir.flat import Flat, Way
from snncc.frontend.nir.meant import meant, spelled
from snncc.ir.nir.graph import Node

KINDS = {"Input": "input", "Affine": "fc", "LIF": "lif", "Linear": "w_rec", "Output": "output"}


def flat(*names: str, ways=(), graphs=()) -> Flat:
    """Nodes whose kinds their names tell."""
    nodes = {}
    for name in names:
        last = name.replace("/", ".").rpartition(".")[2]
        kind = next(kind for kind, word in KINDS.items() if word in last)
        nodes[name] = Node(name, kind, {})
    return Flat(nodes, tuple(Way(*edge) for edge in ways), graphs)


def names(graph: Flat, end: str, is_source: bool = False) -> list[str]:
    return [found.name for found in meant(graph, end, is_source)]


RECURRENT = ("input", "fc1", "lif1.lif", "lif1.w_rec", "fc2", "output")
LOOP = (("lif1.lif", "lif1.w_rec"), ("lif1.w_rec", "lif1.lif"))


@pytest.mark.parametrize("end", ["cell.lif", "cell/lif", "cell_lif", "Cell-LIF"])
@pytest.mark.parametrize("name", ["cell.lif", "cell/lif", "cell_lif"])
def test_marks_and_capitals_are_no_difference(name, end) -> None:
    assert names(flat("input", name), end) == [name]


def test_two_names_that_differ_by_marks_are_both_told() -> None:
    assert names(flat("cell.lif", "cell_lif"), "cell/lif") == ["cell.lif", "cell_lif"]
    assert spelled("a.b") == spelled("A__b") != spelled("ab")


@pytest.mark.parametrize("end", ["lif1", "lif1.input", "lif1.output"])
def test_what_was_taken_apart_is_its_neuron_where_its_nodes_lie_on_a_cycle(end) -> None:
    graph = flat(*RECURRENT, ways=LOOP)
    assert names(graph, end, is_source=end.endswith("output")) == ["lif1.lif"]
    assert names(graph, end, is_source=not end.endswith("output")) == (
        ["lif1.lif"] if end == "lif1" else []
    )


def test_what_was_taken_apart_begins_and_ends_where_nothing_leads_on() -> None:
    parts = ("block/fc", "block/lif", "block/fc_2")
    graph = flat(*parts, ways=pairwise(parts))
    assert names(graph, "block") == ["block/fc"]
    assert names(graph, "block", is_source=True) == ["block/fc_2"]
    assert names(flat(*parts), "block") == list(parts)


def test_its_own_input_goes_before() -> None:
    graph = flat("a.input", "a.lif", "a.output", ways=[("a.input", "a.lif"), ("a.lif", "a.output")])
    assert names(graph, "a") == ["a.input"]
    assert names(graph, "a", is_source=True) == ["a.output"]


def test_a_node_has_one_input() -> None:
    graph = flat("input", "fc", "output")
    assert names(graph, "fc.input") == ["fc"]
    assert names(graph, "fc.output", is_source=True) == ["fc"]
    assert names(graph, "fc.output") == []


def test_the_input_may_have_another_name() -> None:
    graph = flat("input_0", "fc", "output_0")
    assert names(graph, "input", is_source=True) == ["input_0"]
    assert names(graph, "output") == ["output_0"]
    assert names(graph, "output", is_source=True) == []


def test_the_ends_of_names() -> None:
    graph = flat("input", "net.fc", "lif1.lif", "lif2.lif", "lif1.w_rec")
    assert names(graph, "fc") == ["net.fc"]
    assert names(graph, "model.net.fc") == ["net.fc"]
    assert names(graph, "w_rec") == ["lif1.w_rec"]
    assert names(graph, "lif") == ["lif1.lif", "lif2.lif"]
    assert names(graph, "lif1.input.input") == []


def test_within_a_graph_its_name_may_be_said_again() -> None:
    graph = flat("lif1.lif", "lif1.w_rec", graphs=("lif1",))
    assert names(graph, "lif1.lif1.lif") == ["lif1.lif"]
    assert names(graph, "lif1.lif") == ["lif1.lif"]


def test_others_are_not_guessed() -> None:
    for end in ("fc3", "fc12", "fc", "lif1.fc", "ouput", ""):
        assert names(flat(*RECURRENT), end) == []
