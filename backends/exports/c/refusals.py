"""What programs of integers cannot say."""

from __future__ import annotations

from ....ir.diagnostics import Diagnostic
from ....ir.graph import Graph


def no_integers(graph: Graph, form: str) -> Diagnostic:
    """Of a network of floats."""
    return Diagnostic(
        "E071",
        f"`{graph.name}` computes with floats, and {form} is written of integers",
        help="quantize it first: snncc quantize MODEL --out q8.snnpkg",
    )
