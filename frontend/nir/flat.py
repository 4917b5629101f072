"""Graphs within graphs taken out, and nodes that change nothing but a shape left out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from ...ir.nir.graph import GRAPH, UNFIT, Edge, NirGraph, Node, refusal
from ...ir.report import listing, nearest


def flattened(graph: NirGraph) -> NirGraph:
    """The graph without graphs in it: a node `b` of a graph `a` is called `a.b`. What leads to a
    graph leads to its Input, what leads from it leads from its Output; CompileError(E091) if it has
    not one of each."""
    nodes: dict[str, Node] = {}
    edges: list[Edge] = []
    enters: dict[str, str] = {}
    leaves: dict[str, str] = {}
    for name, node in graph.nodes.items():
        if node.kind != GRAPH or node.graph is None:
            nodes[name], enters[name], leaves[name] = node, name, name
            continue
        inner = flattened(node.graph)
        for own, part in inner.nodes.items():
            full = f"{name}.{own}"
            kind = {"Input": "Enter", "Output": "Leave"}.get(part.kind, part.kind)
            nodes[full] = replace(part, name=full, kind=kind)
        edges += [(f"{name}.{a}", f"{name}.{b}") for a, b in inner.edges]
        enters[name] = f"{name}.{_only(inner, name, 'Input')}"
        leaves[name] = f"{name}.{_only(inner, name, 'Output')}"
    edges += [(leaves[a], enters[b]) for a, b in graph.edges]
    return NirGraph(nodes, tuple(edges))


def _only(graph: NirGraph, name: str, kind: str) -> str:
    found = [own for own, node in graph.nodes.items() if node.kind == kind]
    if len(found) != 1:
        message = f"the graph `{name}` within the graph has {len(found)} nodes of kind {kind}"
        raise refusal(UNFIT, message, "one of each is read; put its nodes into the outer graph")
    return found[0]


def without(graph: NirGraph, kinds: Iterable[str]) -> NirGraph:
    """The graph without nodes of these kinds: what led to one leads to what it led to."""
    dropped = set(kinds)
    before, after = graph.before(), graph.after()
    for name in [n for n, node in graph.nodes.items() if node.kind in dropped]:
        pres, posts = before.pop(name), after.pop(name)
        if name in pres:
            message = f"`{name}`, which has no step of its own, leads to itself"
            raise refusal(UNFIT, message, "a cycle needs a neuron")
        for pre in pres:
            after[pre] = _spliced(after[pre], name, posts)
        for post in posts:
            before[post] = _spliced(before[post], name, pres)
    nodes = {n: node for n, node in graph.nodes.items() if node.kind not in dropped}
    return NirGraph(nodes, tuple((a, b) for a in nodes for b in after[a]))


def _spliced(ends: tuple[str, ...], name: str, others: tuple[str, ...]) -> tuple[str, ...]:
    k = ends.index(name)
    return (*ends[:k], *others, *ends[k + 1 :])


def transposed(graph: NirGraph, names: Iterable[str]) -> NirGraph:
    """The graph with the matrices of these nodes turned; CompileError(E091) for what has none."""
    nodes = dict(graph.nodes)
    for name in names:
        if name not in nodes or nodes[name].kind not in ("Affine", "Linear"):
            matrices = [n for n, node in nodes.items() if node.kind in ("Affine", "Linear")]
            way_out = nearest(name, matrices) or f"these have a matrix: {listing(matrices)}"
            raise refusal(UNFIT, f"there is no matrix `{name}` to be transposed", way_out)
        node = nodes[name]
        turned = {**node.fields, "weight": np.transpose(np.asarray(node.fields["weight"]))}
        nodes[name] = replace(node, fields=turned)
    return NirGraph(nodes, graph.edges)
