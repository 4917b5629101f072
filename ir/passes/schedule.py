"""Pass: the order in which populations are evaluated within a step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from heapq import heapify, heappop, heappush
from itertools import pairwise

import networkx as nx

from ..diagnostics import CompileError, Diagnostic, Note
from ..graph import Block, Graph, Projection

Edges = Iterable[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Schedule:
    """Blocks are the strongly connected sets of all projections, in topological order; within
    one, populations follow the projections without delay. Ties go by the order of the program."""

    name: str = "schedule"
    requires: frozenset[str] = frozenset()
    ensures: frozenset[str] = frozenset({"schedule"})

    def run(self, graph: Graph) -> Graph:
        """The graph with its schedule; E041 for every cycle without delay."""
        mistakes = _undelayed_cycles(graph)
        if mistakes:
            raise CompileError(mistakes)
        return replace(graph, schedule=blocks(graph))


def is_stepwise(projection: Projection, block: Mapping[str, int]) -> bool:
    """Whether what a projection brings is known no earlier than in the step that it comes in: from
    the population's own block, by its number, and of synapses with states."""
    return projection.synapse is not None or block[projection.pre] == block[projection.post]


def blocks(graph: Graph) -> tuple[Block, ...]:
    """The blocks of a graph that has no cycle without delay."""
    number = {p.name: k for k, p in enumerate(graph.populations)}
    edges = [(number[p.pre], number[p.post], p.delay) for p in graph.projections]
    members = _components(len(number), [(a, b) for a, b, _ in edges])
    block_of = {k: block for block, ks in enumerate(members) for k in ks}
    order = topological_order(len(members), ((block_of[a], block_of[b]) for a, b, _ in edges))
    inner: list[list[tuple[int, int]]] = [[] for _ in members]
    loops = {a for a, b, _ in edges if a == b}
    for a, b, delay in edges:
        if delay == 0 and block_of[a] == block_of[b]:
            inner[block_of[a]].append((a, b))
    return tuple(
        Block(
            tuple(graph.populations[k].name for k in _ordered(members[block], inner[block])),
            len(members[block]) > 1 or members[block][0] in loops,
        )
        for block in order
    )


def _components(nodes: int, edges: Edges) -> list[list[int]]:
    """The strongly connected components, each ascending, ordered by their least member."""
    digraph = _digraph(range(nodes), edges)
    return sorted(sorted(component) for component in nx.strongly_connected_components(digraph))


def _digraph(nodes: Iterable[int], edges: Edges) -> nx.DiGraph[int]:
    digraph: nx.DiGraph[int] = nx.DiGraph()
    digraph.add_nodes_from(nodes)
    digraph.add_edges_from(edges)
    return digraph


def _ordered(members: list[int], edges: list[tuple[int, int]]) -> list[int]:
    place = {k: n for n, k in enumerate(members)}
    order = topological_order(len(members), ((place[a], place[b]) for a, b in edges))
    return [members[n] for n in order]


def topological_order(nodes: int, edges: Edges) -> list[int]:
    """The topological order of 0 … nodes-1 that is least at every choice; loops are ignored."""
    distinct = {(a, b) for a, b in edges if a != b}
    after: list[list[int]] = [[] for _ in range(nodes)]
    waits = [0] * nodes
    for a, b in distinct:
        after[a].append(b)
        waits[b] += 1
    ready = [n for n in range(nodes) if waits[n] == 0]
    heapify(ready)
    order: list[int] = []
    while ready:
        order.append(heappop(ready))
        for b in after[order[-1]]:
            waits[b] -= 1
            if waits[b] == 0:
                heappush(ready, b)
    assert len(order) == nodes, "not acyclic"
    return order


def _undelayed_cycles(graph: Graph) -> list[Diagnostic]:
    """One diagnostic, with a shortest cycle, for each strongly connected set of projections
    without delay."""
    number = {p.name: k for k, p in enumerate(graph.populations)}
    direct: dict[tuple[int, int], Projection] = {}
    for projection in graph.projections:
        if projection.delay == 0:
            direct.setdefault((number[projection.pre], number[projection.post]), projection)
    components = _components(len(number), direct)
    found = []
    for members in components:
        if len(members) > 1 or (members[0], members[0]) in direct:
            cycle = _shortest_cycle(members, direct)
            found.append(_cycle_mistake(graph, [direct[edge] for edge in cycle]))
    return found


def _shortest_cycle(members: list[int], direct: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The edges of a shortest cycle through the first member."""
    inside = set(members)
    digraph = _digraph(members, sorted(e for e in direct if e[0] in inside and e[1] in inside))
    start = members[0]
    if start in digraph[start]:
        return [(start, start)]
    back = [nx.shortest_path(digraph, after, start) for after in sorted(digraph[start])]
    path = [start, *min(back, key=len)]
    return list(pairwise(path))


def _cycle_mistake(graph: Graph, cycle: list[Projection]) -> Diagnostic:
    names = [cycle[0].pre, *(projection.post for projection in cycle)]
    notes = tuple(
        Note(p.span, f"`{p.pre}` -> `{p.post}` has no delay")
        for p in cycle[1:]
        if p.span is not None
    )
    return Diagnostic(
        "E041",
        f"cycle without delay: {' -> '.join(names)}",
        cycle[0].span,
        label=f"`{cycle[0].pre}` -> `{cycle[0].post}` has no delay",
        related=notes,
        help=f"give one of these projections a delay, such as `delay {graph.dt:.10g} ms`",
    )
