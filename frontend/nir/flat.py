"""Graphs within graphs taken out, and nodes that change nothing but a shape left out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from ...ir.nir.graph import GRAPH, UNFIT, Edge, NirGraph, Node, refusal
from ...ir.report import listing, nearest

INNER = {"Input": "Enter", "Output": "Leave"}
MOST_EDGES = 1_000_000  # that those to and from nodes without a step may become


class Way(NamedTuple):
    """An edge between nodes of the flat graph; `lost` are the ends that are no nodes of the graph
    in which the edge stands, by the names that they would have."""

    pre: str
    post: str
    lost: tuple[str, ...] = ()

    @property
    def edge(self) -> Edge:
        """Its ends."""
        return self.pre, self.post


@dataclass(frozen=True, slots=True, eq=False)
class Flat:
    """All nodes, by names in which a node `b` of a graph `a` is `a.b`, and the names of the graphs
    that were taken out."""

    nodes: dict[str, Node]
    ways: tuple[Way, ...]
    graphs: tuple[str, ...] = ()


def flattened(graph: NirGraph) -> Flat:
    """The graph without graphs in it. What leads to a graph leads to its Input, what leads from it
    leads from its Output; where it has not one of each, the end of the edge is lost."""
    nodes: dict[str, Node] = {}
    ways: list[Way] = []
    graphs: list[str] = []
    for name, node in graph.nodes.items():
        if node.kind != GRAPH or node.graph is None:
            _add(nodes, node)
            continue
        inner = flattened(node.graph)
        for own, part in inner.nodes.items():
            kind = INNER.get(part.kind, part.kind)
            _add(nodes, replace(part, name=f"{name}.{own}", kind=kind))
        ways += [
            Way(f"{name}.{a}", f"{name}.{b}", tuple(f"{name}.{x}" for x in lost))
            for a, b, lost in inner.ways
        ]
        graphs += [name, *(f"{name}.{own}" for own in inner.graphs)]
    return Flat(nodes, (*ways, *(_way(graph, edge) for edge in graph.edges)), tuple(graphs))


def _add(nodes: dict[str, Node], node: Node) -> None:
    if node.name in nodes:
        message = f"`{node.name}` is a node, and one of a graph within the graph"
        raise refusal(UNFIT, message, "call one of them otherwise")
    nodes[node.name] = node


def _way(graph: NirGraph, edge: Edge) -> Way:
    ends = [_end(graph, end, kind) for end, kind in zip(edge, ("Output", "Input"), strict=True)]
    lost = tuple(end for end, found in zip(edge, ends, strict=True) if found is None)
    pre, post = (found or end for end, found in zip(edge, ends, strict=True))
    return Way(pre, post, lost)


def _end(graph: NirGraph, end: str, kind: str) -> str | None:
    """The flat node that an end of an edge is; None for what is none, or not one."""
    node = graph.nodes.get(end)
    if node is None or node.graph is None:
        return None if node is None else end
    found = [own for own, part in node.graph.nodes.items() if part.kind == kind]
    return f"{end}.{found[0]}" if len(found) == 1 else None


def without(graph: NirGraph, kinds: Iterable[str]) -> NirGraph:
    """The graph without nodes of these kinds: what led to one leads to what it led to."""
    dropped = set(kinds)
    before, after, made = graph.before(), graph.after(), 0
    for name in [n for n, node in graph.nodes.items() if node.kind in dropped]:
        pres, posts = before.pop(name), after.pop(name)
        if name in pres:
            message = f"`{name}`, which has no step of its own, leads to itself"
            raise refusal(UNFIT, message, "a cycle needs a neuron")
        made += len(pres) * len(posts)
        if made > MOST_EDGES:
            message = f"{len(pres)} edges lead to `{name}`, and {len(posts)} from it, each to each"
            raise refusal(UNFIT, message, "write the file with a node that adds them up")
        for pre in pres:
            after[pre] = _spliced(after[pre], name, posts)
        for post in posts:
            before[post] = _spliced(before[post], name, pres)
    nodes = {n: node for n, node in graph.nodes.items() if node.kind not in dropped}
    return NirGraph(nodes, tuple((a, b) for a in nodes for b in after[a]))


def _spliced(ends: tuple[str, ...], name: str, others: tuple[str, ...]) -> tuple[str, ...]:
    k = ends.index(name)
    return (*ends[:k], *others, *ends[k + 1 :])


def transposed(flat: Flat, names: Iterable[str]) -> Flat:
    """The graph with the matrices of these nodes turned; CompileError(E091) for what has none."""
    nodes = dict(flat.nodes)
    for name in names:
        if name not in nodes or nodes[name].kind not in ("Affine", "Linear"):
            matrices = [n for n, node in nodes.items() if node.kind in ("Affine", "Linear")]
            way_out = nearest(name, matrices) or f"these have a matrix: {listing(matrices)}"
            raise refusal(UNFIT, f"there is no matrix `{name}` to be transposed", way_out)
        node = nodes[name]
        turned = {**node.fields, "weight": np.transpose(np.asarray(node.fields["weight"]))}
        nodes[name] = replace(node, fields=turned)
    return replace(flat, nodes=nodes)
