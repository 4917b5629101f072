"""Graphs that are put right: what is done, what is told, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from nir_nodes import affine, inp, lif, linear, out
from refusal import refused

from snncc.frontend.nir.decisions import Choices
from snncc.frontend.nir.flat import flattened
from snncc.frontend.nir.program import imported
from snncc.frontend.nir.repair import mended
from snncc.ir.nir.graph import NirGraph, Node
from snncc.ir.nir.said import NirFile

DRAW = np.random.default_rng(3)
CHAIN = [("input", "fc1"), ("fc2", "lif2"), ("lif2", "output")]
LOOP = [("lif1.lif", "lif1.w_rec"), ("lif1.w_rec", "lif1.lif")]


def network() -> dict:
    return {
        "input": inp(4),
        "fc1": affine(3, 4, DRAW),
        "lif1.lif": lif(3, DRAW),
        "lif1.w_rec": linear(3, 3, DRAW),
        "fc2": affine(2, 3, DRAW),
        "lif2": lif(2, DRAW),
        "output": out(2),
    }


def graph_of(nodes: dict, edges) -> NirGraph:
    made = {}
    for name, node in nodes.items():
        if node["type"] == "NIRGraph":
            inner = graph_of(node["nodes"], node["edges"])
            made[name] = Node(name, "NIRGraph", {}, inner)
            continue
        fields = {key: np.asarray(value) for key, value in node.items() if key != "type"}
        made[name] = Node(name, node["type"], fields)
    return NirGraph(made, tuple(edges))


def within(nodes: dict, edges) -> dict:
    return {"type": "NIRGraph", "nodes": nodes, "edges": edges}


def repair(nodes: dict, edges):
    return mended(flattened(graph_of(nodes, edges)), is_asked=True)


def test_a_sound_graph_stays() -> None:
    edges = [*CHAIN, *LOOP, ("fc1", "lif1.lif"), ("lif1.lif", "fc2")]
    found = repair(network(), edges)
    assert found.graph.edges == tuple(edges)
    assert found.repairs == ()


def test_edges_to_what_was_taken_apart() -> None:
    edges = [*CHAIN, *LOOP, ("fc1", "lif1.input"), ("lif1", "fc2"), ("lif1", "lif1")]
    found = repair(network(), edges)
    assert found.graph.edges == (*CHAIN, *LOOP, ("fc1", "lif1.lif"), ("lif1.lif", "fc2"))
    first, second, third = found.repairs
    assert "`fc1` -> `lif1.input` is `fc1` -> `lif1.lif` (" in first
    assert "`lif1` -> `fc2` is `lif1.lif` -> `fc2` (" in second
    assert third == "`lif1` -> `lif1` is left out: the loop is within `lif1` already"


def test_an_edge_that_is_there_already() -> None:
    edges = [*CHAIN, *LOOP, ("fc1", "lif1.lif"), ("fc1", "lif1"), ("lif1.lif", "fc2")]
    found = repair(network(), edges)
    assert found.graph.edges == tuple(edge for edge in edges if edge != ("fc1", "lif1"))
    assert found.repairs == ("`fc1` -> `lif1` is left out: `fc1` -> `lif1.lif` is there already",)


def nested(edges, **changed) -> tuple[dict, list]:
    nodes = network()
    inner = {"i": inp(3), "lif": nodes["lif1.lif"], "w_rec": nodes["lif1.w_rec"], "o": out(3)}
    inner |= changed
    inner = {name: node for name, node in inner.items() if node}
    loop = [("i", "lif"), ("lif", "w_rec"), ("w_rec", "lif"), ("lif", "o")]
    loop = [edge for edge in loop if set(edge) <= inner.keys()]
    outer = {name: node for name, node in nodes.items() if not name.startswith("lif1")}
    return outer | {"lif1": within(inner, loop)}, [*CHAIN, *edges]


@pytest.mark.parametrize(
    ("edges", "made"),
    [
        ([("fc1", "lif1.i"), ("lif1.o", "fc2")], [("fc1", "lif1.i"), ("lif1.o", "fc2")]),
        ([("fc1", "lif1.input"), ("lif1.output", "fc2")], [("fc1", "lif1.i"), ("lif1.o", "fc2")]),
        ([("fc1", "lif1"), ("lif1/lif", "fc2")], [("fc1", "lif1.i"), ("lif1.lif", "fc2")]),
    ],
)
def test_edges_that_reach_into_a_graph(edges, made) -> None:
    found = repair(*nested(edges))
    assert set(made) < set(found.graph.edges)
    assert len(found.graph.edges) == len(CHAIN) + 4 + 2
    assert len(found.repairs) == sum("lif1." in end or "/" in end for e in edges for end in e)


def test_a_graph_without_ends() -> None:
    found = repair(*nested([("fc1", "lif1"), ("lif1", "fc2")], i=None, o=None))
    assert {("fc1", "lif1.lif"), ("lif1.lif", "fc2")} < set(found.graph.edges)
    with_two = nested([("fc1", "lif1"), ("lif1", "fc2")], j=inp(3))
    assert "`lif1.i` and `lif1.j`" in refused("E091", repair, *with_two).message


def test_inner_edges_by_the_names_outside() -> None:
    nodes, edges = nested([("fc1", "lif1"), ("lif1", "fc2")])
    inner = nodes["lif1"]
    inner["edges"] = [("i", "lif"), *LOOP, ("lif", "o")]
    found = repair(nodes, edges)
    assert set(LOOP) < set(found.graph.edges)
    assert len(found.repairs) == 2


def test_an_inner_input_in_a_flat_graph_is_passed_through() -> None:
    nodes = network() | {"lif1.input": inp(3), "lif1.output": out(3)}
    edges = [*CHAIN, *LOOP, ("fc1", "lif1.input"), ("lif1.input", "lif1.lif")]
    edges += [("lif1.lif", "lif1.output"), ("lif1.output", "fc2")]
    found = repair(nodes, edges)
    kinds = {name: found.graph.nodes[name].kind for name in ("lif1.input", "lif1.output", "input")}
    assert kinds == {"lif1.input": "Enter", "lif1.output": "Leave", "input": "Input"}
    assert found.graph.edges == tuple(edges)
    assert len(found.repairs) == 2


def plain(**more) -> dict:
    return {"input": inp(4), "fc": affine(3, 4, DRAW), "lif": lif(3, DRAW), "output": out(3)} | more


STRAIGHT = [("input", "fc"), ("fc", "lif"), ("lif", "output")]


def test_an_edge_from_the_output_is_from_what_leads_to_it() -> None:
    nodes = plain(back=linear(3, 3, DRAW))
    found = repair(nodes, [*STRAIGHT, ("output", "back"), ("back", "lif")])
    assert set(found.graph.edges) == {*STRAIGHT, ("lif", "back"), ("back", "lif")}
    assert found.repairs == ("`output` -> `back` leads from `lif`: `output` is the Output",)


def test_edges_through_an_output_are_bounded() -> None:
    """A file of a thousand edges would become one of a hundred thousand."""

    def crossed(count: int) -> tuple[dict, list]:
        names = [f"{way}{k}" for way in ("in", "out") for k in range(count)]
        ways = [
            edge for n in names for edge in ([("output", n)] if "out" in n else [(n, "output")])
        ]
        return plain(**{n: linear(3, 3, DRAW) for n in names}), [*STRAIGHT, *ways]

    assert len(repair(*crossed(90)).graph.edges) == 2 + 91 + 91 * 90
    assert "101 edges lead to" in refused("E091", repair, *crossed(100)).message


def test_which_input_is_meant_is_not_guessed() -> None:
    assert "an edge leads to the Input" in offered(plain(), [*STRAIGHT, ("lif", "input")]).message
    refused("E091", repair, plain(), [*STRAIGHT, ("lif", "input")])


@pytest.mark.parametrize("edges", [[], [("input", "fc")]])
def test_an_input_is_added_where_there_is_none(edges) -> None:
    nodes = {name: node for name, node in plain().items() if name != "input"}
    found = repair(nodes, [*STRAIGHT[1:], *edges])
    assert set(found.graph.edges) == {*STRAIGHT}
    assert found.graph.nodes["input"].whole("shape") == (4,)
    assert found.repairs == ("the Input `input`, which leads to `fc`, is added: there was none",)


@pytest.mark.parametrize("edges", [[], [("lif", "output")]])
def test_an_output_is_added_where_there_is_none(edges) -> None:
    nodes = {name: node for name, node in plain().items() if name != "output"}
    found = repair(nodes, [*STRAIGHT[:2], *edges])
    assert found.graph.edges == tuple(STRAIGHT)
    assert found.graph.nodes["output"].kind == "Output"


def test_where_an_input_belongs_is_not_guessed() -> None:
    nodes = {name: node for name, node in plain(w=linear(3, 5, DRAW)).items() if name != "input"}
    found = refused("E091", repair, nodes, [*STRAIGHT[1:], ("w", "lif")])
    assert "`fc` and `w` may be" in found.message
    both = [*STRAIGHT, ("input", "w"), ("w", "lif")]  # of other sizes
    assert "how many numbers" in refused("E091", repair, nodes, both).message


def test_shapes_of_whole_samples() -> None:
    nodes = plain(input=inp(100, 1, 4), output=out(100, 1, 3))
    assert "the Input `input` has the shape [100, 1, 4]" in offered(nodes, STRAIGHT).message
    found = repair(nodes, STRAIGHT)
    assert found.graph.nodes["input"].whole("shape") == (4,)
    assert found.graph.nodes["output"].whole("shape") == (3,)
    single = lif(1, DRAW)  # numbers that stand for all
    held = {"input": inp(3, 1), "lif": single, "output": out(3, 1)}
    assert repair(held, [("input", "lif"), ("lif", "output")]).repairs == ()


def test_an_edge_to_nothing_is_left_out_where_its_other_end_has_another() -> None:
    found = repair(plain(), [*STRAIGHT, ("lif", "monitor"), ("probe", "scope")])
    assert found.graph.edges == tuple(STRAIGHT)
    assert found.repairs[0] == "`lif` -> `monitor` is left out: there is nothing like `monitor`"
    assert len(found.repairs) == 2
    lost = [("stimulus", "fc"), *STRAIGHT[1:]]
    assert "the only one" in refused("E091", repair, plain(), lost).message


def test_what_may_be_several_is_refused() -> None:
    nodes = plain(**{"cell.lif": lif(3, DRAW), "cell_lif": lif(3, DRAW)})
    found = refused("E091", repair, nodes, [*STRAIGHT, ("fc", "cell/lif")])
    assert "`cell.lif` and `cell_lif`" in found.message
    taken = {"a.fc": linear(3, 3, DRAW), "a.lif": lif(3, DRAW)}
    edges = [*STRAIGHT, ("a.fc", "a.lif"), ("lif", "a"), ("a", "a")]
    assert "is not known" in refused("E091", repair, plain(**taken), edges).message


def test_many_lost_edges_are_not_looked_into() -> None:
    edges = [*STRAIGHT, *(("lif", f"nowhere{k}") for k in range(101))]
    assert "more than 100" in refused("E091", repair, plain(), edges).message


def offered(nodes: dict, edges):
    return refused("E091", mended, flattened(graph_of(nodes, edges)), False)


def test_repair_is_offered_where_it_helps() -> None:
    found = offered(network(), [*CHAIN, *LOOP, ("fc1", "lif1"), ("lif1", "fc2")])
    assert found.message == "the graph has an edge `fc1` -> `lif1`, and no node `lif1`"
    assert found.help.startswith("say `--repair`: `fc1` -> `lif1` is `fc1` -> `lif1.lif` (")
    assert found.help.endswith(", and 1 more")
    lost = offered(plain(), [*STRAIGHT[:2], ("lif", "outputs")])
    assert lost.message == "the graph has an edge `lif` -> `outputs`, and no node `outputs`"
    assert lost.help == "did you mean `output`?"
    unfit = plain(fc=affine(3, 5, DRAW))  # repaired, it would not fit either
    assert "--repair" not in offered(unfit, [*STRAIGHT, ("fc.output", "lif")]).help


def test_a_name_with_a_slash_is_a_repair() -> None:
    nodes = plain()
    nodes["cell/lif"] = nodes.pop("lif")
    edges = [("input", "fc"), ("fc", "cell/lif"), ("cell/lif", "output")]
    assert "--repair" in offered(nodes, edges).help
    assert repair(nodes, edges).repairs == ("`cell/lif` is a node, though it lies in a group",)


def test_repairs_stand_in_the_program() -> None:
    graph = graph_of(network(), [*CHAIN, *LOOP, ("fc1", "lif1"), ("lif1", "fc2")])
    choices = Choices(1e-3, "zero", "euler", repair=True)
    made = imported(NirFile("net.nir", "1.0", graph), choices, "w.safetensors")
    assert len(made.repairs) == 2
    for words in made.repairs:
        assert f"#   repaired: {words}\n" in made.text
