"""What C cannot say."""

from __future__ import annotations

from ....ir.diagnostics import Diagnostic
from ....ir.graph import Graph


def no_integers(graph: Graph) -> Diagnostic:
    """Of a network of floats."""
    return Diagnostic(
        "E071",
        f"`{graph.name}` computes with floats, and C is written of integers",
        help="quantize it first: snncc quantize MODEL --out q8.snnpkg",
    )


def same_name(graph: Graph, name: str) -> Diagnostic:
    """Of two parts that would have one name in C."""
    message = f"two parts of `{graph.name}` in C would be called `{name}`"
    return Diagnostic("E071", message, help="rename a state, a population or a projection")
