"""Who takes one synapse of a pair of neurons says so here."""

from __future__ import annotations

from dataclasses import replace

from ..diagnostics import CompileError, Diagnostic
from ..graph import Graph, Projection
from ..wiring import repeats

STATEFUL = "has synapses with states of their own"


def several(projection: Projection) -> str:
    """What a projection has several of, where others have one; "" if nothing."""
    if projection.synapse is not None:
        return STATEFUL
    if projection.delays is not None:
        return "has synapses of different delays"
    return "joins pairs several times" if repeats(projection.connectivity) else ""


def not_single(graph: Graph, code: str, who: str) -> tuple[Diagnostic, ...]:
    """A diagnostic for each projection that has several synapses of a pair, which `who` cannot."""
    return tuple(
        Diagnostic(
            code,
            f"`{projection.name}` {what}, and {who} {_wanted(projection)}",
            projection.span,
            help=f"{_without(projection)}, or run it by the target {_runs(projection)}",
        )
        for projection in graph.projections
        if (what := several(projection))
    )


def stateful(graph: Graph, code: str, who: str) -> tuple[Diagnostic, ...]:
    """A diagnostic for each projection whose synapses have states, which `who` cannot."""
    own = replace(graph, projections=tuple(p for p in graph.projections if p.synapse is not None))
    return not_single(own, code, who)


def _wanted(projection: Projection) -> str:
    if projection.synapse is not None:
        return "synapses that are a weight and no more"
    return "one synapse of a pair, all of one delay"


def _runs(projection: Projection) -> str:
    return "cpu or reference" if projection.synapse is not None else "cpu, gpu or reference"


def _without(projection: Projection) -> str:
    if projection.synapse is not None:
        return "leave `via` out"
    return "give it one delay" if projection.delays is not None else "leave `multapses` out"


def require_single(graph: Graph, code: str, who: str) -> None:
    """CompileError unless every pair of neurons has one synapse of a projection."""
    found = not_single(graph, code, who)
    if found:
        raise CompileError(found)
