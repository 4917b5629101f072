"""Which edges close cycles, whatever way a reader takes through the graph.

A reader of NIR lets what leads back to a node on its way arrive in a later step. Where a node lies
on every way from the inputs to another one, an edge from that one back to it is such an edge for
every reader; then it needs no Delay node for the one step that it takes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence, Set

import networkx as nx

Edge = tuple[str, str, int]  # from, to, delay in steps
ROOT = ""  # no name of a population


def backward(
    edges: Sequence[Edge], inputs: Sequence[str], names: Sequence[str]
) -> tuple[int, frozenset[int]]:
    """The delay [steps] that edges which close a cycle have, and the places of those that have it
    without a Delay node, `names` being all populations in the order of the file. 1 and none if no
    edge closes a cycle for every reader."""
    every = frozenset(range(len(edges)))
    within = {k for k in every if not edges[k][2]}
    late = _closing(edges, inputs, names, every) - within
    if not late:
        return 1, frozenset()
    steps = Counter(edges[k][2] for k in late).most_common(1)[0][0]
    kept = {k for k in late if edges[k][2] == steps}
    while kept - (found := _closing(edges, inputs, names, within | kept)):
        kept &= found
    if within & _closing(edges, inputs, names, within | kept):
        return 1, frozenset()
    return steps, frozenset(kept)


def _closing(
    edges: Sequence[Edge], inputs: Sequence[str], names: Sequence[str], ways: Set[int]
) -> set[int]:
    """Of the edges at these places, those that lead back to a node which every way along them to
    their own start goes through: ways from the inputs, and where none leads to, from the first of
    the populations that are left."""
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(names)
    graph.add_edges_from((ROOT, name) for name in inputs)
    graph.add_edges_from(edges[k][:2] for k in ways)
    found: set[int] = set()
    for start in (ROOT, *names):
        if start not in graph:
            continue
        region = {start, *nx.descendants(graph, start)}
        above = nx.immediate_dominators(graph.subgraph(region), start)
        inside = (k for k in ways if edges[k][0] in region)
        found |= {k for k in inside if _dominates(above, edges[k][1], edges[k][0])}
        graph.remove_nodes_from(region)
    return found


def _dominates(above: dict[str, str], one: str, other: str) -> bool:
    """Whether every way to the other node goes through the one, by the next such node of each."""
    while other != one:
        parent = above.get(other, other)
        if parent in (other, None):
            return False
        other = parent
    return True
