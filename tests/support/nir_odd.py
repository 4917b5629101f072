"""NIR files of odd kinds, as exporters have written them, beside sound ones that mean the same.

Each is of one network, a layer with a loop and a layer behind it. Where its kind is known from: the
names that nirtorch (to 2.6) leaves of modules within modules, the shapes that snnTorch leaves
without `ignore_dims`, the version 0.1 of nir, names of PyTorch's `Sequential`, and HDF5 itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from nir_nodes import Nodes, affine, cuba, f32, inp, out

from snncc.frontend.nir.names import mangled

Edges = list[tuple[str, str]]
INPUTS, HIDDEN, OUTPUTS = 10, 8, 5


class Odd(NamedTuple):
    """The file's nodes and edges, what its two layers are called in a program, and how many repairs
    it takes."""

    nodes: Nodes
    edges: Edges
    layers: tuple[str, str]
    repairs: int


def sound() -> tuple[Nodes, Edges]:
    draw = np.random.default_rng(7)
    nodes: Nodes = {
        "input": inp(INPUTS),
        "fc1": affine(HIDDEN, INPUTS, draw),
        "lif1.lif": cuba(HIDDEN, draw),
        "lif1.w_rec": affine(HIDDEN, HIDDEN, draw),
        "fc2": affine(OUTPUTS, HIDDEN, draw, 2.0),
        "lif2": cuba(OUTPUTS, draw),
        "output": out(OUTPUTS),
    }
    edges = [("input", "fc1"), *LOOP, ("fc1", "lif1.lif"), ("lif1.lif", "fc2"), *BEHIND]
    return nodes, edges


LOOP = [("lif1.lif", "lif1.w_rec"), ("lif1.w_rec", "lif1.lif")]
BEHIND = [("fc2", "lif2"), ("lif2", "output")]
AROUND = [("input", "fc1"), *BEHIND]
LAYERS = ("lif1_x2elif", "lif2")
HELD = ("lif1.lif", "lif2")  # of a module


def _other(*edges: tuple[str, str]) -> Odd:
    """What leads to the first layer and from it, in other words."""
    return Odd(sound()[0], [*AROUND, *LOOP, *edges], LAYERS, len(edges))


def half_flat() -> Odd:
    """nirtorch before its 1.0: edges to the module, whose nodes alone are there, and one of its own
    by which the tracer says that it has a state."""
    return _other(("fc1", "lif1"), ("lif1", "lif1"), ("lif1", "fc2"))


def lost_ports() -> Odd:
    return _other(("fc1", "lif1.input"), ("lif1.output", "fc2"))


def mixed() -> Odd:
    """One edge right, and the same one of the module."""
    return _other(("fc1", "lif1.lif"), ("fc1", "lif1"), ("lif1", "fc2"))._replace(repairs=2)


def kept_ports() -> Odd:
    """The Input and the Output of the module as nodes of the whole graph."""
    nodes = sound()[0] | {"lif1.input": inp(HIDDEN), "lif1.output": out(HIDDEN)}
    edges = [*AROUND, *LOOP, ("fc1", "lif1.input"), ("lif1.input", "lif1.lif")]
    edges += [("lif1.lif", "lif1.output"), ("lif1.output", "fc2")]
    return Odd(nodes, edges, LAYERS, 2)


def _graph(ends: bool, full: bool) -> tuple[Nodes, dict[str, Any]]:
    nodes = sound()[0]
    inner = {"lif": nodes.pop("lif1.lif"), "w_rec": nodes.pop("lif1.w_rec")}
    edges = LOOP if full else [(a.split(".")[1], b.split(".")[1]) for a, b in LOOP]
    if ends:
        inner = {"input": inp(HIDDEN), **inner, "output": out(HIDDEN)}
        edges = [("input", "lif"), *edges, ("lif", "output")]
    return nodes, {"type": "NIRGraph", "nodes": inner, "edges": edges}


def nested() -> Odd:
    """snnTorch's own way with RSynaptic."""
    nodes, graph = _graph(ends=True, full=False)
    edges = [*AROUND, ("fc1", "lif1"), ("lif1", "fc2")]
    return Odd(nodes | {"lif1": graph}, edges, HELD, 0)


def full_names() -> Odd:
    """spyx's own way: the nodes of a graph bear its name too."""
    nodes, graph = _graph(ends=True, full=False)
    graph["nodes"] = {f"lif1.{name}": node for name, node in graph["nodes"].items()}
    graph["edges"] = [(f"lif1.{a}", f"lif1.{b}") for a, b in graph["edges"]]
    edges = [*AROUND, ("fc1", "lif1"), ("lif1", "fc2")]
    return Odd(nodes | {"lif1": graph}, edges, ("lif1.lif1_x2elif", "lif2"), 0)


def deep() -> Odd:
    """Graphs within a graph, whose linear node leads into the inner one."""
    nodes, graph = _graph(ends=True, full=False)
    inner = {"i": inp(INPUTS), "fc1": nodes.pop("fc1"), "rec": graph, "o": out(HIDDEN)}
    edges = [("i", "fc1"), ("fc1", "rec"), ("rec", "o")]
    block = {"type": "NIRGraph", "nodes": inner, "edges": edges}
    edges = [("input", "block"), ("block", "fc2"), *BEHIND]
    return Odd(nodes | {"block": block}, edges, ("block.rec.lif", "lif2"), 0)


def reached_through() -> Odd:
    nodes, graph = _graph(ends=True, full=False)
    edges = [*AROUND, ("fc1", "lif1.input"), ("lif1.output", "fc2")]
    return Odd(nodes | {"lif1": graph}, edges, HELD, 2)


def named_twice() -> Odd:
    """Edges within the graph by the names that its nodes have outside."""
    nodes, graph = _graph(ends=True, full=True)
    edges = [*AROUND, ("fc1", "lif1"), ("lif1", "fc2")]
    return Odd(nodes | {"lif1": graph}, edges, HELD, 2)


def endless_graph() -> Odd:
    nodes, graph = _graph(ends=False, full=False)
    edges = [*AROUND, ("fc1", "lif1"), ("lif1", "fc2")]
    return Odd(nodes | {"lif1": graph}, edges, HELD, 2)


def _renamed(change: Callable[[str], str], edges: Callable[[str], str]) -> Odd:
    nodes, ways = sound()
    made = [(edges(a), edges(b)) for a, b in ways]
    wrong = sum(edge != (change(a), change(b)) for edge, (a, b) in zip(made, ways, strict=True))
    names = {change(name): node for name, node in nodes.items()}
    return Odd(names, made, (mangled(change(HELD[0])), mangled(change(HELD[1]))), wrong)


def underscores() -> Odd:
    return _renamed(lambda name: name.replace(".", "_"), str)


def slashes() -> Odd:
    """A node `lif1/lif` is a group within a group in HDF5."""
    made = _renamed(lambda name: name.replace(".", "/"), lambda name: name.replace(".", "/"))
    return made._replace(repairs=2)


def prefixed() -> Odd:
    """Edges by the names that a module has in a larger one."""
    return _renamed(str, lambda name: name if name in ("input", "output") else f"net.{name}")


def numbered() -> Odd:
    """Names of `Sequential`."""
    numbers = {name: str(k) for k, name in enumerate(sound()[0])}
    return _renamed(numbers.__getitem__, numbers.__getitem__)


def endless() -> Odd:
    """Neither Input nor Output."""
    nodes, edges = sound()
    del nodes["input"], nodes["output"]
    return Odd(nodes, [edge for edge in edges if set(edge) <= nodes.keys()], LAYERS, 2)


def nameless_ends() -> Odd:
    """Edges from an Input and to an Output that are not written."""
    nodes, edges = sound()
    del nodes["input"], nodes["output"]
    return Odd(nodes, edges, LAYERS, 2)


def watched() -> Odd:
    """Edges to what a file does not hold, of ends that have others."""
    nodes, edges = sound()
    return Odd(nodes, [*edges, ("lif2", "monitor"), ("probe", "scope")], LAYERS, 2)


def whole_samples() -> Odd:
    """Shapes of [time, samples, numbers]."""
    nodes, edges = sound()
    nodes |= {"input": inp(256, 1, INPUTS), "output": out(256, 1, OUTPUTS)}
    return Odd(nodes, edges, LAYERS, 2)


def fed_back() -> Odd:
    """The loop is drawn around the Output of the module."""
    nodes, graph = _graph(ends=True, full=False)
    graph["edges"] = [("input", "lif"), ("output", "w_rec"), ("w_rec", "lif"), ("lif", "output")]
    edges = [*AROUND, ("fc1", "lif1"), ("lif1", "fc2")]
    return Odd(nodes | {"lif1": graph}, edges, HELD, 0)


def old() -> Odd:
    """nir 0.1: no v_reset, w_in as one number, numbers in double precision, edges in no order."""
    nodes, edges = sound()
    for name in HELD:
        nodes[name] = {
            key: value if key == "type" else np.asarray(value, np.float64)
            for key, value in nodes[name].items()
            if key != "v_reset"
        }
        nodes[name]["w_in"] = np.float64(2.0)
    return Odd(nodes, sorted(edges, key=lambda edge: edge[::-1]), LAYERS, 0)


def small_types() -> Odd:
    """Whole numbers and half precision, and a bias that is `False`."""
    nodes, edges = sound()
    draw = np.random.default_rng(5)
    nodes["fc1"] = {
        "type": "Affine",
        "weight": draw.integers(-2, 4, (HIDDEN, INPUTS)).astype(np.int8),
        "bias": np.bool_(False),
    }
    nodes["fc2"] = {"type": "Linear", "weight": f32(nodes["fc2"]["weight"]).astype(np.float16)}
    return Odd(nodes, edges, LAYERS, 0)


ODD = {
    f.__name__: f
    for f in (
        *(
            half_flat,
            lost_ports,
            mixed,
            kept_ports,
            nested,
            full_names,
            deep,
            reached_through,
            named_twice,
        ),
        *(endless_graph, underscores, slashes, prefixed, numbered, endless, nameless_ends),
        *(watched, whole_samples, fed_back, old, small_types),
    )
}


def meaning_of(name: str) -> tuple[Nodes, Edges]:
    """The sound network that an odd file means: the common one, but for its numbers."""
    nodes, edges = sound()
    if name in ("old", "small_types"):
        nodes = ODD[name]().nodes
    if name == "small_types":
        nodes["fc1"]["bias"] = f32(np.zeros(HIDDEN))
    return nodes, edges
