"""Inputs and Outputs put right: those within, those that lack, and those of whole samples."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ...ir.nir.graph import UNFIT, Edge, NirGraph, Node, refusal
from ...ir.report import listing
from .flat import INNER
from .shapes import Shape, arrives_at, leaves_at

MOST = 10_000  # edges that those to an Output and those from it become


def text_of(edge: Edge) -> str:
    """An edge in words."""
    return f"`{edge[0]}` -> `{edge[1]}`"


def passed(graph: NirGraph, kind: str, done: list[str]) -> NirGraph:
    """Inputs to which edges lead, and Outputs from which edges lead, are passed through, if there
    is another one without. What leads from the only Output leads from what leads to it."""
    side = 1 if kind == "Input" else 0
    ends = [n for n, node in graph.nodes.items() if node.kind == kind]
    crossed = {edge[side] for edge in graph.edges} & {*ends}
    if not crossed:
        return graph
    if len(crossed) < len(ends):
        through = [n for n in ends if n in crossed]
        done += [f"the {kind} `{n}` is passed through, as edges lead on there" for n in through]
        turned = {n: replace(graph.nodes[n], kind=INNER[kind]) for n in through}
        return NirGraph({**graph.nodes, **turned}, graph.edges)
    if kind == "Input" or len(ends) > 1:
        message = f"edges lead {'to' if side else 'from'} {listing(ends)}"
        raise refusal(UNFIT, message, f"which of them is the {kind} of the graph is not known")
    return _before(graph, ends[0], done)


def _before(graph: NirGraph, name: str, done: list[str]) -> NirGraph:
    pres = [a for a, b in graph.edges if b == name]
    if not pres:
        raise refusal(UNFIT, f"edges lead from the Output `{name}`, and none leads to it")
    outs = sum(a == name for a, _ in graph.edges)
    if len(pres) * outs > MOST:
        message = f"{len(pres)} edges lead to the Output `{name}`, and {outs} from it"
        raise refusal(UNFIT, message, "leave those from it out")
    edges: dict[Edge, None] = {}
    for a, b in graph.edges:
        edges |= dict.fromkeys([(pre, b) for pre in pres] if a == name else [(a, b)])
        if a == name:
            done.append(f"{text_of((a, b))} leads from {listing(pres)}: `{name}` is the Output")
    return NirGraph(graph.nodes, tuple(edges))


def closed(graph: NirGraph, kind: str, named: list[str], done: list[str]) -> NirGraph:
    """The graph with an Input, or an Output: at the nodes that edges join to one, or the only node
    to which nothing leads, or which leads to nothing."""
    if any(node.kind == kind for node in graph.nodes.values()):
        return graph
    side = 1 if kind == "Input" else 0
    bound = {edge[side] for edge in graph.edges}
    free = named or [n for n in graph.nodes if n not in bound]
    if not named and len(free) != 1:
        found = f"{listing(free)} may be where it belongs" if free else "all nodes lie on cycles"
        raise refusal(UNFIT, f"the graph has no {kind}, and {found}", "write the file with one")
    name = _unused(graph, kind.casefold())
    fields = {} if kind == "Output" else {"shape": np.array(_arriving(graph, free))}
    edges = [(name, n) if kind == "Input" else (n, name) for n in free]
    way = "leads to" if kind == "Input" else "is led to by"
    done.append(f"the {kind} `{name}`, which {way} {listing(free)}, is added: there was none")
    nodes = {**graph.nodes, name: Node(name, kind, fields)}
    return NirGraph(nodes, (*graph.edges, *edges))


def _arriving(graph: NirGraph, names: list[str]) -> tuple[int, ...]:
    shapes = {arrives_at(graph.nodes[name]) for name in names}
    shape = shapes.pop()
    if shape is None or shapes:
        message = f"the graph has no Input, and how many numbers {listing(names)} take is not known"
        raise refusal(UNFIT, message, "write the file with an Input")
    return shape


def _unused(graph: NirGraph, name: str) -> str:
    while name in graph.nodes:
        name += "_"
    return name


def untrimmed(graph: NirGraph) -> tuple[str, str] | None:
    """What is wrong where an Input or an Output has a step's numbers of many steps or samples."""
    for name, shape, kept in (row for kind in INNER for row in _trims(graph, kind)):
        kind = graph.nodes[name].kind
        message = f"the {kind} `{name}` has the shape {list(shape)}, and what it is joined to"
        return f"{message} {list(kept)}", "write it with the shape of one step of one sample"
    return None


def trimmed(graph: NirGraph, kind: str, done: list[str]) -> NirGraph:
    """Inputs, or Outputs, without the axes of time and samples that exporters leave before those of
    a step."""
    nodes = dict(graph.nodes)
    for name, shape, kept in _trims(graph, kind):
        done.append(f"the {kind} `{name}` has the shape {list(kept)}, not {list(shape)}")
        nodes[name] = replace(nodes[name], fields={"shape": np.array(kept)})
    return NirGraph(nodes, graph.edges)


def _trims(graph: NirGraph, kind: str) -> Iterator[tuple[str, Shape, Shape]]:
    """Nodes whose shape ends with that of all that they are joined to, and has more before it."""
    joined, rule = (graph.after(), arrives_at) if kind == "Input" else (graph.before(), leaves_at)
    for name, node in graph.nodes.items():
        if node.kind != kind:
            continue
        shape = node.whole("shape")
        others = {rule(graph.nodes[other]) for other in joined[name]}
        (kept,) = others if len(others) == 1 else (None,)
        is_longer = kept and len(shape) > len(kept) and shape[-len(kept) :] == kept
        if kept and is_longer and np.prod(shape) != np.prod(kept):
            yield name, shape, kept
