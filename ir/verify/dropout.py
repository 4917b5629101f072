"""Whether what a population sends can be left out while a network learns."""

from __future__ import annotations

from ..diagnostics import CompileError, Diagnostic
from ..graph import Graph, Population, TrainSpec
from .images import Problem


def dropout_problem(graph: Graph, population: Population) -> Problem | None:
    """Why units of a population cannot be left out: a message, a way out."""
    name = population.name
    if population.source is not None:
        return (
            f"`{name}` is a source, and dropout is of what neurons send",
            "give the source a lower rate, or drop units of the populations that it feeds",
        )
    if population.role == "input":
        return (
            f"`{name}` is an input, and dropout is of what neurons send",
            f"send it on by `population p : linear` and `{name} -> p : one_to_one(weight = 1) "
            "fixed`, and drop units of that",
        )
    if population.role == "output":
        return (
            f"the loss reads what `{name}` does, so that none of it can be left out",
            "drop units of the populations that lead to it",
        )
    if all(p.pre != name for p in graph.projections):
        return (
            f"`{name}` sends nothing that could be left out",
            f"leave this out, or let `{name}` project to another population",
        )
    return None


def require_complete(spec: TrainSpec, who: str, way_out: str) -> None:
    """CompileError(E050) where units are to be left out, and `who` has no meaning for that."""
    calls = spec.calls("dropout")
    if calls:
        names = ", ".join(f"`{call.kind}`" for call in calls)
        message = f"{who} leaves no units out, and {names} has dropout"
        raise CompileError(Diagnostic("E050", message, spec.span, help=way_out))
