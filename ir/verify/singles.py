"""Who takes one synapse of a pair of neurons says so here."""

from __future__ import annotations

from ..diagnostics import CompileError, Diagnostic
from ..graph import Graph, Projection
from ..wiring import repeats


def several(projection: Projection) -> str:
    """What a projection has several of, where others have one; "" if nothing."""
    if projection.delays is not None:
        return "has synapses of different delays"
    return "joins pairs several times" if repeats(projection.connectivity) else ""


def not_single(graph: Graph, code: str, who: str) -> tuple[Diagnostic, ...]:
    """A diagnostic for each projection that has several synapses of a pair, which `who` cannot."""
    return tuple(
        Diagnostic(
            code,
            f"`{projection.name}` {what}, and {who} one synapse of a pair, all of one delay",
            projection.span,
            help=f"{_without(projection)}, or run it by the target cpu, gpu or reference",
        )
        for projection in graph.projections
        if (what := several(projection))
    )


def _without(projection: Projection) -> str:
    return "give it one delay" if projection.delays is not None else "leave `multapses` out"


def require_single(graph: Graph, code: str, who: str) -> None:
    """CompileError unless every pair of neurons has one synapse of a projection."""
    found = not_single(graph, code, who)
    if found:
        raise CompileError(found)
