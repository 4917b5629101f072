"""Which edges close cycles, whatever way a reader takes through the graph.

A reader of NIR lets what leads back to a node on its way arrive in a later step. Where a node lies
on every way from the inputs to another one, an edge from that one back to it is such an edge for
every reader; then it needs no Delay node for the one step that it takes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import networkx as nx

Edge = tuple[str, str, int]  # from, to, delay in steps
ROOT = ""  # no name of a population


def backward(edges: Sequence[Edge], inputs: Sequence[str]) -> tuple[int, frozenset[int]]:
    """The delay [steps] that edges which close a cycle have, and the places of those that have it
    without a Delay node. 1 and none if no edge closes a cycle for every reader."""
    late = {k for k, (_, _, delay) in enumerate(edges) if delay}
    chosen = _closing(edges, inputs, late)
    if not chosen:
        return 1, frozenset()
    steps = Counter(edges[k][2] for k in chosen).most_common(1)[0][0]
    kept = {k for k in late if edges[k][2] == steps}
    while (found := _closing(edges, inputs, kept)) != kept:
        kept = found
    if _closing(edges, inputs, kept, late) - kept:
        return 1, frozenset()
    return steps, frozenset(kept)


def _closing(
    edges: Sequence[Edge], inputs: Sequence[str], held: set[int], late: set[int] | None = None
) -> set[int]:
    """Of the edges that are held, or of all within a step, those that lead back to a node which
    every way to their own start goes through; the ways are along these and those within a step."""
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_edges_from((ROOT, name) for name in inputs)
    within = {k for k, (_, _, delay) in enumerate(edges) if not delay}
    graph.add_edges_from(edges[k][:2] for k in within | held)
    above = nx.immediate_dominators(graph, ROOT)
    looked = held if late is None else within | held
    return {k for k in looked if _dominates(above, edges[k][1], edges[k][0])}


def _dominates(above: dict[str, str], one: str, other: str) -> bool:
    """Whether every way to the other node goes through the one. Of nodes that no way leads to, none
    does but itself."""
    if other not in above:
        return one == other
    while other != one:
        parent = above.get(other, other)
        if parent in (other, None):
            return False
        other = parent
    return True
