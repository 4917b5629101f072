"""Which graphs the simulators of this package can run, and why not."""

from __future__ import annotations

from ..ir.diagnostics import CompileError, Diagnostic, Note
from ..ir.graph import THRESHOLDS, Graph, Semantics


def require_clocked(graph: Graph) -> None:
    """CompileError(E075) for a graph whose thresholds are not tested once a step."""
    means = graph.semantics
    if means == Semantics():
        return
    raise CompileError(
        Diagnostic(
            "E075",
            f"`{graph.name}` tests its thresholds {THRESHOLDS[means.threshold]}, for up to "
            f"{means.spikes_per_step} spikes a step; the simulators test them "
            f"{THRESHOLDS['step']}, for one",
            help="compile its program for a simulator anew",
        )
    )


def require_spiking(graph: Graph) -> None:
    """CompileError(E075) for a graph that the compiled engines cannot run: they know spikes only,
    one a step."""
    require_clocked(graph)
    populations = graph.index()
    found = []
    for projection in graph.projections:
        pre = populations[projection.pre]
        if pre.model is not None and pre.model.emit is not None:
            note = (Note(pre.model.span, "the model"),) if pre.model.span else ()
            found.append(
                Diagnostic(
                    "E075",
                    f"`{projection.name}` would carry the real numbers that `{pre.name}` emits; "
                    "the engines carry spikes",
                    projection.span,
                    related=note,
                    help=f"give `{pre.name}` a model that spikes, or leave the projection out",
                )
            )
    if found:
        raise CompileError(found)
