"""Projections by the ends that a line of a plan names, `a -> b.exc`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...ir.diagnostics import CompileError, Span
from ...ir.graph import Graph
from ...ir.relays import written_ends
from ..foreign import unknown
from ..syntax.tree import Path
from ..typing.constants import Scope
from .paths import part_text

Ends = Mapping[tuple[str, str], Sequence[str]]


def by_ends(graph: Graph) -> Ends:
    """The names of projections by both ends, with the port and without."""
    found: dict[tuple[str, str], list[str]] = {}
    written = written_ends(graph)
    for p in graph.projections:
        for pre, post, port in {(p.pre, p.post, p.port), written[p.name]}:
            for end in (post, f"{post}.{port}"):
                found.setdefault((pre, end), []).append(p.name)
    return found


def between(
    ends: tuple[Path, Path], span: Span, named: Ends, graph: Graph, scope: Scope
) -> Sequence[str]:
    """The projections from one end to the other, maybe to a port of it."""
    pre, post = (".".join(part_text(part, scope) for part in path.parts) for path in ends)
    found = named.get((pre, post), ())
    if not found:
        there = dict.fromkeys(f"{pre} -> {post}" for pre, post, _ in written_ends(graph).values())
        raise CompileError(unknown("projection", f"{pre} -> {post}", span, there))
    return found
