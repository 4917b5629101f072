"""When the spikes of inputs are drawn anew: alike in a network, whose samples key them."""

from __future__ import annotations

from ..diagnostics import CompileError, Diagnostic, Note
from ..graph import Graph, Population
from ..rules import redraw_of


def verify_redraws(graph: Graph) -> None:
    """E044 for inputs that are not drawn anew at the same times."""
    drawn = [p for p in graph.populations if redraw_of(p) is not None]
    for population in drawn:
        if redraw_of(population) != redraw_of(drawn[0]):
            raise CompileError(_unequal(drawn[0], population))


def _unequal(first: Population, other: Population) -> Diagnostic:
    note = () if first.span is None else (Note(first.span, f"{redraw_of(first)} here"),)
    return Diagnostic(
        "E044",
        f"the inputs of a network are drawn anew at the same times, but `{first.name}`: "
        f"{redraw_of(first)}, and `{other.name}`: {redraw_of(other)}",
        other.span,
        related=note,
        help=f'write `redraw = "{redraw_of(first)}"`',
    )
