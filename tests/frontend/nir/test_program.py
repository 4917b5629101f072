"""Programs of NIR graphs: what they say, what is inferred, and which graphs are refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from nir_nodes import affine, chain, cuba, f32, inp, lif, linear, out
from refusal import refused

from snncc.frontend.nir.decisions import Choices, implied_step
from snncc.frontend.nir.program import imported
from snncc.ir.nir.graph import NirGraph, Node
from snncc.ir.nir.said import NirFile, Said

ALL = Choices(1e-3, "zero", "euler")
DRAW = np.random.default_rng(3)


def graph_of(nodes: dict[str, dict[str, Any]], edges: list[tuple[str, str]]) -> NirGraph:
    made = {}
    for name, node in nodes.items():
        inner = graph_of(node["nodes"], node["edges"]) if node["type"] == "NIRGraph" else None
        fields = {k: v if isinstance(v, str) else np.asarray(v) for k, v in node.items()}
        fields = {} if inner else {k: v for k, v in fields.items() if k != "type"}
        made[name] = Node(name, node["type"], fields, inner)
    return NirGraph(made, tuple(edges))


def program(nodes, edges=None, choices=ALL):
    graph = graph_of(nodes, chain(nodes) if edges is None else edges)
    return imported(NirFile("net.nir", "1.0.8", graph), choices, "net.safetensors")


def network() -> dict[str, dict[str, Any]]:
    draw = np.random.default_rng(1)
    return {"input": inp(4), "fc": affine(3, 4, draw), "lif": lif(3, draw), "output": out(3)}


def test_a_value_that_all_share_is_one_number() -> None:
    nodes = network()
    nodes["lif"]["tau"] = f32(np.full(3, 0.02))
    made = program(nodes)
    assert "tau = 0.019999999552965164 s" in made.text  # the number of the file, to its last bit
    assert 'r = file("net.safetensors", key = "lif.r")' in made.text
    assert "v_reset = 0," in made.text
    assert set(made.tensors) >= {"fc.weight", "lif.r", "lif.bias"}
    assert "lif.tau" not in made.tensors


def test_a_linear_node_before_another_is_a_population() -> None:
    nodes = network()
    nodes = {"input": inp(4), "first": linear(4, 4, DRAW), **{k: nodes[k] for k in list(nodes)[1:]}}
    made = program(nodes)
    assert "population first[4] : nir_sum" in made.text
    assert "first -> lif : file(" in made.text


def test_what_several_lead_to_is_an_output_of_its_own() -> None:
    nodes = network() | {"lif2": lif(3, DRAW)}
    edges = [*chain(network()), ("fc", "lif2"), ("lif2", "output")]
    made = program(nodes, edges)
    assert "output output_[3] : nir_sum" in made.text
    assert "lif2 -> output_ : one_to_one(weight = 1)" in made.text
    assert "population fc[3] : nir_sum(bias = file(" in made.text


def exported(dt: float, kind: str = "LIF") -> dict[str, dict[str, Any]]:
    """As exporters of discrete networks write: r = tau / dt, w_in = tau_syn / dt."""
    nodes = network()
    node = nodes["lif"] if kind == "LIF" else cuba(3, DRAW)
    tau = node["tau"] if kind == "LIF" else node["tau_mem"]
    node["r"] = tau / np.float32(dt)
    if kind == "CubaLIF":
        node["w_in"] = node["tau_syn"] / np.float32(dt)
    return nodes | {"lif": node}


@pytest.mark.parametrize("dt", [1e-4, 1e-3])
def test_the_step_is_read_from_numbers_that_come_to_one(dt) -> None:
    made = program(exported(dt), choices=Choices(reset="subtract"))
    assert made.settled.dt == pytest.approx(dt)
    how = {row.name: (row.how, row.evidence) for row in made.settled.decisions}
    assert how["dt"] == ("inferred", "one number in all: lif.tau / r")
    assert how["discretize"][0] == "inferred"


def test_currents_leave_the_order_of_a_step_open() -> None:
    nodes = exported(1e-3, "CubaLIF")
    found = refused("E092", program, nodes, None, Choices(reset="zero"))
    assert "discretize" in found.message
    assert "dt" not in found.message
    assert "euler-together" in found.help


def test_numbers_that_come_to_several_steps_say_none() -> None:
    assert implied_step(graph_of(network(), [])) is None
    nodes = network()
    nodes["lif"] |= {"tau": f32(np.full(3, 0.02)), "r": f32(np.ones(3))}
    assert implied_step(graph_of(nodes, [])) is None  # dt = tau would forget at once


def test_what_is_open_is_asked_for_all_at_once() -> None:
    nodes = network() | {"lif": {"type": "IF", "r": f32([1, 1, 2]), "v_threshold": f32([1, 1, 1])}}
    found = refused("E092", program, nodes, None, Choices())
    for word in ("--dt", "--reset", "--discretize", "--gain"):
        assert word in found.help


def test_an_if_with_a_gain_of_one_is_per_step() -> None:
    nodes = network() | {"lif": {"type": "IF", "r": f32([1, 1, 1]), "v_threshold": f32([1, 1, 1])}}
    assert "on input { v = v + r * (i + bias) }" in program(nodes).text
    given = program(nodes, choices=Choices(1e-3, "zero", "euler", gain="time")).text
    assert "dv/dt = r * (i + bias)" in given
    assert "r = 1 Hz" in given


def _change(name: str, **fields: Any) -> Callable[..., None]:
    return lambda nodes, edges: nodes[name].update(fields)


def _edge(pre: str, post: str) -> Callable[..., None]:
    return lambda nodes, edges: edges.append((pre, post))


def _drop(name: str) -> Callable[..., None]:
    def drop(nodes, edges) -> None:
        del nodes[name]
        edges[:] = [edge for edge in edges if name not in edge]

    return drop


def _circle(nodes, edges) -> None:
    nodes["w"] = linear(3, 3, DRAW)
    nodes["x"] = linear(3, 3, DRAW)
    edges += [("w", "x"), ("x", "w"), ("x", "lif")]


REFUSED = {
    "`input` (Input) sends [5], and `fc` (Affine) takes 4 numbers": _change("input", shape=[5]),
    "`lif` (LIF) has numbers of shapes [3] and [2]": _change("lif", r=f32([1, 2])),
    "`fc` has 2 biases for 3 outputs": _change("fc", bias=f32([1, 2])),
    "weights of shape [3]": _change("fc", weight=f32([1, 2, 3])),
    "has tau = 0 s": _change("lif", tau=f32([0.1, 0.1, 0])),
    "less than the step of 0.001 s": _change("lif", tau=f32([0.1, 0.1, 1e-4])),
    "1e+05 steps": _change("lif", tau=f32([0.1, 0.1, 100])),
    "the graph has no Input": _drop("input"),
    "the graph has no Output": _drop("output"),
    "nothing leads to the Output `output`": _drop("lif"),
    "an edge leads to the Input `input`": _edge("input", "input"),
    "an edge leads from the Output `output`": _edge("output", "lif"),
    "the cycle w -> x -> w has no neuron": _circle,
    "has the shape [0]": _change("input", shape=[0]),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_graphs_that_mean_nothing_are_refused_with_the_nodes(reason) -> None:
    nodes = network()
    edges = chain(nodes)
    REFUSED[reason](nodes, edges)
    assert reason in refused("E091", program, nodes, edges).message


def test_weights_the_wrong_way_round_are_told() -> None:
    nodes = network()
    nodes["fc"]["weight"] = nodes["fc"]["weight"].T
    found = refused("E091", program, nodes)
    assert "fit when transposed: say `--transpose fc`" in found.help
    bare = nodes | {"fc": {"type": "Linear", "weight": nodes["fc"]["weight"]}}
    assert refused("E091", program, bare).help == found.help
    right = program(nodes, None, Choices(1e-3, "zero", "euler", transposed=("fc",)))
    assert np.array_equal(right.tensors["fc.weight"], network()["fc"]["weight"])
    assert "transposed = fc  (given: --transpose)" in right.text


def test_what_has_no_matrix_cannot_be_transposed() -> None:
    choices = Choices(1e-3, "zero", "euler", transposed=("fcc",))
    assert "did you mean `fc`?" in refused("E091", program, network(), None, choices).help


def test_a_reset_by_the_threshold_refuses_another_reset() -> None:
    nodes = network()
    nodes["lif"]["v_reset"] = f32([0, 0, 0.1])
    found = refused("E091", program, nodes, None, Choices(1e-3, "subtract", "euler"))
    assert "v_reset" in found.message


def test_scalars_need_a_shape_from_somewhere() -> None:
    nodes = {"input": {"type": "Input", "shape": np.array([], int)}, "if": {"type": "IF"}}
    nodes["if"] |= {"r": np.float32(1), "v_threshold": np.float32(1)}
    nodes["output"] = {"type": "Output"}
    assert "how many neurons" in refused("E091", program, nodes).message


def test_names_cannot_leave_their_comments_or_texts() -> None:
    nodes = network()
    nodes = {'a"\n} #{': nodes.pop("fc"), **nodes}
    order = ["input", 'a"\n} #{', "lif", "output"]
    made = program(nodes, list(pairwise(order)))
    assert 'key = "a_x22_x0a_x7d_x20_x23_x7b.weight"' in made.text
    assert "a_x22_x0a_x7d_x20_x23_x7b.weight" in made.tensors
    assert all(line.startswith("#") for line in made.text.split("\n\n")[0].splitlines())


@pytest.mark.parametrize("name", ["nir_lif", "nir_graph_cell", "net"])
def test_a_network_is_called_as_nothing_else_is(name: str) -> None:
    cell = {"type": "NIRGraph", "nodes": network(), "edges": chain(network())}
    nodes = network() | {"cell": cell, "output": out(3)}
    edges = [("input", "cell"), ("cell", "lif"), ("lif", "output")]
    del nodes["fc"]
    file = NirFile(f"{name}.nir", "1.0.8", graph_of(nodes, edges))
    made = imported(file, ALL, "net.safetensors").text
    called = re.findall(r"^(?:network|module|neuron) (\w+)", made, re.MULTILINE)
    other = name if name == "net" else f"{name}_"
    assert sorted(called) == sorted(["nir_lif", "nir_graph_cell", other])


def test_what_a_file_says_needs_no_option_and_an_option_goes_before(tmp_path) -> None:
    nodes = network()
    nodes["lif"]["v_reset"] = f32(np.zeros(3))
    told = Said("kept", 2e-3, "zero", "exponential", "above", None, 3, "numbers")
    graph = graph_of(nodes, chain(nodes))
    file = NirFile("net.nir", "1.0", graph, told)
    made = imported(file, Choices(), "w.safetensors")
    assert "network kept(" in made.text
    how = {row.name: (row.value, row.evidence) for row in made.settled.decisions}
    assert how["dt"] == (2e-3, "the file's `snncc.dt`")
    assert how["recurrent delay"] == (3, "the file's `snncc.recurrent_delay`")
    assert how["input"][0] == "numbers"
    other = imported(file, Choices(reset="subtract", dt=1e-3), "w.safetensors").settled
    assert (other.dt, other.reset) == (1e-3, "subtract")
    (reset,) = (row for row in other.decisions if row.name == "reset")
    assert reset.evidence == "--reset; the file's `snncc.reset` is zero"


def test_several_spikes_and_a_floor_are_decisions() -> None:
    choices = Choices(1e-3, "subtract", "euler", spikes=4, floor=-0.5)
    made = program(network(), choices=choices)
    assert "#   spikes per step = 4  (given: --spikes-per-step)" in made.text
    assert "#   membrane floor = -0.5  (given: --membrane-floor)" in made.text
    assert "on input { n = 0  v = max(v, -0.5) }" in made.text
    assert "n = clip(-floor(-v / v_threshold) - 1, 1, 4)" in made.text
    graph = graph_of(network(), chain(network()))
    told = Said(spikes_per_step=2, membrane_floor=-1.0)
    settled = imported(NirFile("n", "1.0", graph, told), choices, "w").settled
    assert (settled.spikes, settled.floor) == (4, -0.5)
    settled = imported(NirFile("n", "1.0", graph, told), replace(choices, spikes=None), "w").settled
    (row,) = (row for row in settled.decisions if row.name == "spikes per step")
    assert row == ("spikes per step", 2, "given", "the file's `snncc.spikes_per_step`")
    rows = {row.name: row for row in program(network()).settled.decisions}
    assert rows["spikes per step"][1:3] == (1, "default")
    assert rows["membrane floor"][1:3] == ("none", "default")


@pytest.mark.parametrize(
    ("choices", "field", "value", "told"),
    [
        (Choices(1e-3, "zero", "euler", spikes=2), "tau", 0.02, "leaves nothing to fire of again"),
        (Choices(1e-3, "subtract", "euler", spikes=2), "v_threshold", 0.0, "0 or below"),
        (Choices(1e-3, "zero", "euler", floor=-0.5), "v_threshold", -0.5, "v_threshold of -0.5"),
        (Choices(1e-3, "zero", "euler", floor=-0.5), "v_reset", -0.6, "v_reset of -0.6"),
    ],
)
def test_what_does_not_go_together_is_refused(choices, field, value, told) -> None:
    nodes = network()
    nodes["lif"][field] = f32(np.full(3, value))
    assert told in refused("E091", program, nodes, None, choices).message


def test_a_node_may_say_otherwise() -> None:
    nodes = network() | {"lif2": lif(3, DRAW)}
    edges = [*chain(network()), ("fc", "lif2"), ("lif2", "output")]
    graph = graph_of(nodes, edges)
    marked = replace(graph.nodes["lif2"], marks={"reset": "subtract"})
    graph = NirGraph({**graph.nodes, "lif2": marked}, graph.edges)
    file = NirFile("net.nir", "1.0", graph, Said(reset="zero"))
    made = imported(file, Choices(1e-3, None, "euler"), "w.safetensors")
    assert "population lif2[3] : nir_lif_subtract(" in made.text
    assert "reset of lif2 = subtract  (given: `snncc.reset` of the node)" in made.text
    forced = imported(file, Choices(1e-3, "zero", "euler"), "w.safetensors")
    assert "nir_lif_subtract" not in forced.text


@pytest.mark.parametrize("shape", [(1, 4, 1), (4,), (1, 6)])
def test_windows_that_say_their_size_fit_what_leads_to_them(shape) -> None:
    """A node that stands before what leads to it goes by its own `input_shape`."""
    window = {"type": "Conv1d", "weight": f32(np.ones((1, 1, 2))), "bias": f32([0]), "padding": 0}
    window |= {"stride": 1, "dilation": 1, "groups": 1, "input_shape": 4}
    nodes = {"conv": window, "input": inp(*shape), "lif": lif(3, DRAW), "output": out(3)}
    edges = [("input", "conv"), ("conv", "lif"), ("lif", "output")]
    assert "`conv` (Conv1d)" in refused("E091", program, nodes, edges).message
    assert program({**nodes, "input": inp(1, 4)}, edges).populations == 2


def test_a_delay_before_matrices_is_their_delay() -> None:
    nodes = network()
    wait = {"type": "Delay", "delay": f32(np.full(4, 3e-3))}
    nodes = {"input": nodes["input"], "wait": wait, **{k: nodes[k] for k in list(nodes)[1:]}}
    made = program(nodes)
    assert "wait" not in made.text
    assert "input_ -> lif : file(" in made.text
    assert "delay 3 * 0.001 s  as fc" in made.text


def test_several_projections_of_one_node_are_numbered() -> None:
    nodes = network() | {"more": inp(4)}
    made = program(nodes, [*chain(network()), ("more", "fc")])
    assert "as fc[0]" in made.text
    assert "as fc[1]" in made.text
