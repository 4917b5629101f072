"""Pass of a model: integers in place of floats, by the semantics of docs/integer.md."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..diagnostics import CompileError, Diagnostic
from ..integers.bounds import Overflow, bounds_of
from ..integers.population import Integers, integers_of
from ..integers.precision import VERSION, Precision
from ..model import Model
from ..verify.durations import steps_of


@dataclass(frozen=True, slots=True)
class Quantize:
    """Every state, port and weight is of a fixed-point type afterwards; what a code means is among
    the values, by `model.unit_name`. The model is settled (see `Settle`). `method` is a row of
    `integers.weights.METHODS`. `is_learning`: the weights will be trained on, so that no sum may
    leave its type whatever codes those that learn come to have."""

    precision: Precision
    method: str = "minmax"
    is_learning: bool = False
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
            semantics=replace(graph.semantics, integers=VERSION, sums=self.precision.sums),
        )
        values = {k: v for m in made for k, v in m.values.items()}
        integers = replace(model, graph=graph, values=values)
        self._require_proof(model, integers)
        return integers

    def _require_proof(self, floats: Model, integers: Model) -> None:
        """CompileError(E083) with every state on the way to which a sum may leave its type, and
        every port; of those alone, where states are allowed to."""
        found = self.overflows(integers)
        if self.precision.overflow != "prove":
            ports = {p.name: p.step.ports for p in integers.graph.populations if p.step}
            found = tuple(each for each in found if each.target in ports[each.population])
        if found:
            way_out = self._way_out(floats)
            raise CompileError([_may_overflow(integers, each, way_out) for each in found])

    def overflows(self, integers: Model) -> tuple[Overflow, ...]:
        """Where a result may leave its type."""
        graph = integers.graph
        learning = (p.name for p in graph.projections if p.trainable and self.is_learning)
        return bounds_of(integers, steps_of(graph), frozenset(learning)).overflows

    def _way_out(self, floats: Model) -> str:
        guard = most_guard(
            replace(self, precision=_with_guard(self, self.precision.guard - 1)), floats
        )
        if guard is None:
            return "take fewer bits a weight, or let sums saturate"
        return f"take {guard} guard bits, or let sums saturate"


LEAST_GUARD = -16


def most_guard(quantize: Quantize, floats: Model) -> int | None:
    """The most guard bits, up to those that are asked for, with which no sum can leave its type;
    None where there are none. CompileError of a model that has no integers at all."""
    for guard in range(quantize.precision.guard, LEAST_GUARD - 1, -1):
        fewer = replace(_with_guard(quantize, guard), overflow="wrap")
        try:
            if not quantize.overflows(replace(quantize, precision=fewer).run(floats)):
                return guard
        except CompileError as error:
            if any(d.code not in ("E082", "E083") for d in error.diagnostics):
                raise
            return None  # so few that a threshold rounds away, or a port is too narrow
    return None


def _with_guard(quantize: Quantize, guard: int) -> Precision:
    return replace(quantize.precision, guard=guard)


def _may_overflow(model: Model, found: Overflow, way_out: str) -> Diagnostic:
    return Diagnostic(
        "E083",
        f"`{found.target}` of neuron {found.neuron} of `{found.population}` may come to "
        f"{found.bound} or more, and {found.dtype.bits} bits hold {found.dtype.high}",
        model.graph.population(found.population).span,
        help=way_out,
    )
