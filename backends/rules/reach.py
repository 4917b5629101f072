"""Which populations an error must reach."""

from __future__ import annotations

from collections.abc import Callable

from ...ir.graph import Graph, Projection


def taught(graph: Graph, passes: Callable[[Projection], bool]) -> frozenset[str]:
    """The populations whose error is needed: those that weights that learn lead to, by any way over
    projections that pass one. None passes through the others, such as a fixed reservoir before a
    readout that learns."""
    found: set[str] = set()
    assert graph.schedule is not None
    for block in graph.schedule:
        into = [p for p in graph.projections if p.post in block.populations and passes(p)]
        if any(p.trainable or p.pre in found for p in into):
            found |= set(block.populations)
    return frozenset(found)
