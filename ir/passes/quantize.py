"""Pass of a model: integers in place of floats, by the semantics of docs/integer.md."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..diagnostics import CompileError, Diagnostic
from ..integers.population import Integers, integers_of
from ..integers.precision import VERSION, Precision
from ..model import Model


@dataclass(frozen=True, slots=True)
class Quantize:
    """Every state, port and weight is of a fixed-point type afterwards; what a code means is among
    the values, by `model.unit_name`. The model is settled (see `Settle`). `method` is a row of
    `integers.weights.METHODS`."""

    precision: Precision
    method: str = "minmax"
    name: str = "quantize"
    requires: frozenset[str] = frozenset({"shapes", "steps", "folded", "schedule"})

    def run(self, model: Model) -> Model:
        """The model in integers; CompileError with all that has no integer form (E080) or no scale
        (E081)."""
        graph = model.graph
        if graph.semantics.integers:
            message = f"`{graph.name}` computes with integers already"
            way_out = "quantize the model that it was made from"
            raise CompileError(Diagnostic("E080", message, help=way_out))
        made: list[Integers] = []
        found: list[Diagnostic] = []
        for population in graph.populations:
            try:
                made.append(integers_of(model, population, self.precision, self.method))
            except CompileError as error:
                found += error.diagnostics
        if found:
            raise CompileError(found)
        order = {p.name: k for k, p in enumerate(graph.projections)}
        projections = sorted((p for m in made for p in m.projections), key=lambda p: order[p.name])
        graph = replace(
            graph,
            populations=tuple(m.population for m in made),
            projections=tuple(projections),
            semantics=replace(graph.semantics, integers=VERSION),
        )
        return replace(model, graph=graph, values={k: v for m in made for k, v in m.values.items()})
