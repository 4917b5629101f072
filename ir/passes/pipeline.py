"""The passes in their order, each followed by the verifier."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from ..graph import Graph
from ..verify import require, verify
from .discretize import Discretize
from .fold import Fold
from .infer_shapes import InferShapes
from .schedule import Schedule


class Pass(Protocol):
    """A step of the compiler: properties of a graph that it needs and those it gives."""

    @property
    def name(self) -> str:
        """What `--print-after` calls it."""

    @property
    def requires(self) -> frozenset[str]:
        """Properties (see `verify.PROPERTIES`) that must hold before."""

    @property
    def ensures(self) -> frozenset[str]:
        """Properties that hold after."""

    def run(self, graph: Graph) -> Graph:
        """The changed graph; the given one stays as it is."""


PIPELINE: tuple[Pass, ...] = (InferShapes(), Discretize(), Fold(), Schedule())


def run_pipeline(
    graph: Graph,
    after: Callable[[str, Graph], None] | None = None,
    passes: tuple[Pass, ...] = PIPELINE,
) -> Graph:
    """The graph after all passes; `after` is told each pass's name and the graph it made."""
    held = verify(graph)
    for each in passes:
        missing = each.requires - held
        require(not missing, f"{each.name} needs {', '.join(sorted(missing))}")
        before, graph = graph, each.run(graph)
        held = verify(graph, before)
        missing = each.ensures - held
        require(not missing, f"{each.name} did not give {', '.join(sorted(missing))}")
        if after is not None:
            after(each.name, graph)
    return graph
