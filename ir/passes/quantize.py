"""Pass of a model: integers in place of floats, by the semantics of docs/integer.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np

from ..diagnostics import CompileError, Diagnostic
from ..expr import Apply, Ref, evaluate, names
from ..graph import Graph, Population, Semantics
from ..integers.bounds import Overflow, bounds_of
from ..integers.decays import dead_zone, decays_of
from ..integers.inputs import coded_input
from ..integers.population import NOTHING, Given, Integers, Units, integers_of, sends
from ..integers.precision import VERSION, Precision
from ..integers.ranges import UNSEEN, Ranges
from ..integers.scales import (
    NO_SCALES,
    Scales,
    ends_of,
    learnable,
    moving_of,
    rescaled,
    scale_of,
    shifted,
)
from ..model import Model, sent_unit, start_of
from ..rules import sends_numbers
from ..schemes import SCHEMES
from ..verify.durations import steps_of
from ..verify.singles import require_single
from ..verify.sources import require_no_sources

NONE_GIVEN: Mapping[str, Given] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Quantize:
    """Every state, port and weight is of a fixed-point type afterwards; what a code means is among
    the values, by `model.unit_name`. The model is settled (see `Settle`). `method` is a row of
    `integers.weights.METHODS`, `ranges` is what a calibration saw. `is_learning`: the weights will
    be trained on, so that no sum may leave its type whatever codes those that learn come to have;
    `has_scales`: their units will too; `numbers`: by population the states that nothing assigns, or
    starts of others, that follow parameters which will.
    """

    precision: Precision
    method: str = "minmax"
    ranges: Ranges = UNSEEN
    is_learning: bool = False
    has_scales: bool = False
    numbers: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    name: str = "quantize"
    requires: frozenset[str] = frozenset({"shapes", "steps", "folded", "schedule"})

    def run(self, model: Model) -> Model:
        """The model in integers; CompileError with all that has no integer form (E080) or no scale
        (E081)."""
        integers, scales = self.formed(model)
        self._require_decays(model, integers)
        coarsest = {name: scale.high for name, scale in scales.items()}
        self._require_decays(model, rescaled(integers, scales, coarsest))
        self._require_proof(model, integers, scales)
        return integers

    def unproved(self, model: Model) -> Model:
        """The same, whether or not a sum may leave its type."""
        return self.formed(model)[0]

    def formed(self, model: Model) -> tuple[Model, Scales]:
        """The same, and how the units of its populations may move, where they learn."""
        graph = model.graph
        if graph.semantics.integers:
            message = f"`{graph.name}` computes with integers already"
            way_out = "quantize the model that it was made from"
            raise CompileError(Diagnostic("E080", message, help=way_out))
        _require_phases(graph)
        require_single(graph, "E080", "integers take")
        require_no_sources(graph, "E080", "integers take")
        if self.has_scales and self.precision.axon_types:
            message = "the units of weights by axon type do not learn"
            raise CompileError(Diagnostic("E080", message, help="say `--scales frozen`"))
        made, scales = self._scaled(model)
        order = {p.name: k for k, p in enumerate(graph.projections)}
        projections = sorted((p for m in made for p in m.projections), key=lambda p: order[p.name])
        index = {m.population.name: m.population for m in made}
        graph = replace(
            graph,
            populations=tuple(index[p.name] for p in graph.populations),
            projections=tuple(
                replace(p, delay=p.delay + self.precision.extra_delay) for p in projections
            ),
            semantics=self._semantics(),
        )
        values = {k: v for m in made for k, v in m.values.items()}
        return replace(model, graph=graph, values=values), scales

    def _scaled(self, model: Model) -> tuple[list[Integers], Scales]:
        """Each population in integers; where units or parameters learn, its numbers that follow
        them are values, found by what becomes of them with others."""
        made = self.parts(model)
        scaled = learnable(model.graph, made, self.precision.scale) if self.has_scales else []
        names = dict.fromkeys((*scaled, *self.numbers))
        if not names:
            return made, {}
        bases = {m.population.name: m.units.base for m in made if m.units is not None}
        same = {name: Given(bases[name]) for name in names}
        twice = {name: Given(2.0 * bases[name]) for name in scaled}
        others = (self.parts(model, same | twice), self.parts(shifted(model, self.numbers), same))
        given = {
            name: Given(bases[name], moving_of(*(_units(each, name) for each in (made, *others))))
            for name in names
        }
        made = self.parts(model, given)
        own = {m.population.name: m for m in made}
        return made, {
            name: scale_of(model, own[name], name in scaled, name in self.numbers) for name in names
        }

    def _semantics(self) -> Semantics:
        asked = self.precision
        if asked.threshold == "event" and asked.sums != "each":
            message = "thresholds after every event want events that are delivered one by one"
            raise CompileError(Diagnostic("E080", message, help="say `--sums each` as well"))
        return Semantics(asked.threshold, asked.spikes, asked.sums, VERSION)

    def parts(self, model: Model, given: Mapping[str, Given] = NONE_GIVEN) -> list[Integers]:
        """Each population in integers, in the order of the schedule, so that the units of what is
        sent are known where it arrives; what is `given`, by population."""
        made: list[Integers] = []
        found: list[Diagnostic] = []
        sent: dict[str, float] = {}
        index = model.graph.index()
        for block in model.graph.schedule or ():
            for name in block.populations:
                try:
                    each = self._each(model, index[name], sent, given.get(name, NOTHING))
                except CompileError as error:
                    found += error.diagnostics
                    sent[name] = 1.0
                    continue
                made.append(each)
                if sends(each.population):
                    of_codes = replace(model, values=each.values)
                    sent[name] = sent_unit(of_codes, each.population)
        if found:
            raise CompileError(found)
        return made

    def _each(
        self, model: Model, population: Population, sent: dict[str, float], given: Given
    ) -> Integers:
        if sends_numbers(population):
            return coded_input(population, self.precision, self.ranges)
        how = self.precision, self.method, self.ranges
        return integers_of(model, population, sent, *how, given)

    def _require_proof(self, floats: Model, integers: Model, scales: Scales) -> None:
        """CompileError(E083) with every state on the way to which a sum may leave its type, and
        every port; of those alone, where states are allowed to."""
        found = self.overflows(integers, scales)
        if self.precision.overflow != "prove":
            ports = {p.name: p.step.ports for p in integers.graph.populations if p.step}
            found = tuple(each for each in found if each.target in ports[each.population])
        if found:
            way_out = self._way_out(floats)
            raise CompileError([_may_overflow(integers, each, way_out) for each in found])

    def overflows(self, integers: Model, scales: Scales = NO_SCALES) -> tuple[Overflow, ...]:
        """Where a result may leave its type, wherever units may move to."""
        graph = integers.graph
        learning = self.learning(graph)
        steps, moving = steps_of(graph), ends_of(scales)
        return bounds_of(integers, steps, learning, moving).overflows

    def learning(self, graph: Graph) -> frozenset[str]:
        """The projections whose codes will change: those that learn, and by axon type all that end
        where one of them does."""
        own = [p for p in graph.projections if p.trainable and self.is_learning]
        if self.precision.axon_types:
            ends = {p.post for p in own}
            own = [p for p in graph.projections if p.post in ends]
        return frozenset(p.name for p in own)

    def _require_decays(self, floats: Model, integers: Model) -> None:
        """CompileError(E084) of neurons that reach their threshold without a decay."""
        found = []
        for population in integers.graph.populations:
            step, before = population.step, floats.graph.population(population.name).step
            if step is None or before is None or not isinstance(step.threshold, Apply):
                continue
            left, *right = step.threshold.args
            starts = {
                s.name: start_of(integers, population, s, {}, np.float64) for s in step.states
            }
            if step.threshold.op in ("gt", "ge") and isinstance(left, Ref):
                decays = decays_of(before, step, self.precision.leak)
                _, high = dead_zone(decays, left.name, step.still, starts)
                is_still = names(right[0]) <= step.still
                level = int(np.min(evaluate(right[0], starts))) if is_still else 0
                if 0 < level <= high:
                    found.append(_stays(population, left.name, high, level))
        if found:
            raise CompileError(found)

    def _way_out(self, floats: Model) -> str:
        guard = most_guard(
            replace(self, precision=_with_guard(self, self.precision.guard - 1)), floats
        )
        if guard is None:
            return "take fewer bits a weight, or let sums saturate"
        return f"take {guard} guard bits, or let sums saturate"


def _require_phases(graph: Graph) -> None:
    found = [
        Diagnostic(
            "E080",
            f"a step of `{p.name}` by `{p.method}` has no integer form: nothing decays by itself",
            p.span,
            help="write `method euler`, or `exact`",
        )
        for p in graph.populations
        if p.model is not None and not SCHEMES[p.method].has_phases
    ]
    if found:
        raise CompileError(found)


def _units(made: list[Integers], name: str) -> Units | None:
    return next(m.units for m in made if m.population.name == name)


def _stays(population: Population, state: str, high: int, level: int) -> Diagnostic:
    return Diagnostic(
        "E084",
        f"the decay of `{state}` of `{population.name}` leaves up to {high} codes as they are, and "
        f"its threshold is at {level}",
        population.span,
        help="take more guard bits, more decay bits, or `--round floor`",
    )


LEAST_GUARD = -16


def most_guard(quantize: Quantize, floats: Model) -> int | None:
    """The most guard bits, up to those that are asked for, with which no sum can leave its type;
    None where there are none. CompileError of a model that has no integers at all."""
    for guard in range(quantize.precision.guard, LEAST_GUARD - 1, -1):
        fewer = replace(_with_guard(quantize, guard), overflow="wrap")
        try:
            if not quantize.overflows(*replace(quantize, precision=fewer).formed(floats)):
                return guard
        except CompileError as error:
            codes = {d.code for d in error.diagnostics}
            if codes - {"E082", "E083"}:
                raise
            if "E082" in codes:
                return None  # so few that a threshold rounds away
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
