"""A population and the projections into it, in integers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..diagnostics import CompileError, Diagnostic
from ..graph import Graph, Population, Projection
from ..model import Model, unit_name, value_name, weights_name
from ..neuron import LAST_EMITTED, LOST, NeuronStep
from ..rules import sends_numbers
from ..tensors import Tensor, numbers, stored, tensor
from ..wiring import AllPairs, Listed, Windows, Wiring
from .axons import by_axon_types
from .coded import Moved
from .codes import Codes
from .precision import OF_EXPONENTS, OF_PROJECTIONS, Precision
from .ranges import UNSEEN, Ranges
from .sizes import ROOM, wants_ranges
from .steps import IntegerStep
from .terms import Known, known_of
from .units import free_units, least_base, relative_units
from .weights import Synapses, as_codes, base_units

Numbers = npt.NDArray[np.float64]
SHARED = ("population", "projection", "shared_exponent")  # scales of units of whole populations


@dataclass(frozen=True, slots=True, eq=False)
class Integers:
    """What became of a population, of the projections into it and of the values of both."""

    population: Population
    projections: tuple[Projection, ...]
    values: Mapping[str, Tensor]
    units: Units | None = None


Remake = Callable[[Numbers, Mapping[str, Numbers]], tuple[Moved, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class Units:
    """What follows the base unit of each neuron of a population, [neurons]: the units of its states
    and ports, `relative` to it, those of what is `free` of it left out, and numbers of its step,
    all of them `exacts` and those that are `moved`. `is_one`: all neurons have one; `is_clipped`:
    states are, to what they were seen to come to; `remade` gives `moved` anew by a base unit and
    other values of states that nothing assigns, or starts."""

    base: Numbers
    relative: Mapping[str, Numbers]
    exacts: tuple[Numbers, ...]
    moved: tuple[Moved, ...]
    is_one: bool
    is_clipped: bool
    remade: Remake


@dataclass(frozen=True, slots=True)
class Given:
    """The base unit of each neuron, where it is given; which numbers of the step move."""

    base: Numbers | None = None
    moving: frozenset[int] = frozenset()


NOTHING = Given()


def integers_of(
    model: Model,
    population: Population,
    sent: Mapping[str, float],
    precision: Precision,
    method: str,
    ranges: Ranges = UNSEEN,
    given: Given = NOTHING,
) -> Integers:
    """A population of a settled model in integers; `sent`: what a code that a population sends
    means, of those before it that send numbers; `ranges` are what states came to; `given` goes
    before what follows from the weights.
    CompileError(E080, E081)."""
    into = tuple(p for p in model.graph.projections if p.post == population.name)
    if population.step is None:
        return Integers(population, into, {})
    _refuse_loops(model, into, sent)
    step = _without_lost(population.step)
    known = known_of(model, population, step)
    synapses = _all_synapses(model, population, into, sent, precision)
    relative = relative_units(step, known)
    scaled = _Scaled(model.graph, population, relative, precision, method).of(into, synapses)
    base = scaled.base
    multiplies = wants_ranges(step, known)
    if step.emit is not None or multiplies:  # what is compared, or clipped, has one unit
        base = np.full_like(base, base.max())
    base = np.maximum(base, least_base(step, known, relative, precision.state))
    base = base if given.base is None else given.base
    units = {name: unit * base for name, unit in relative.items() if name not in step.ports}
    sizes = _sizes(model, population, known, into, ranges) if multiplies else {}
    units |= free_units(step, known, relative, precision.state, sizes)
    if step.emit is not None and LAST_EMITTED in units:
        units[LAST_EMITTED] = np.full_like(base, units[LAST_EMITTED].max())
    ports, synapses = scaled.ports, scaled.synapses
    units |= {port: relative[port] * base for port, own in ports.items() if own == (port,)}
    units |= {p.port: synapses[p.name].unit * base for p in scaled.into}  # that of its weights
    where = population.name, population.span
    maker = IntegerStep(step, known, units, ports, precision, where, sizes, given.moving)
    made = maker.made()
    kept = dict(zip(step.constants, population.constants, strict=True))
    constants = tuple(kept[name] for name in made.constants)
    values = _values(maker.starts, made, units)
    named = {value_name(population.name, name): value for name, value in values.items()}
    named |= {weights_name(name): as_codes(each, base) for name, each in synapses.items()}
    made_of = replace(population, step=made, constants=constants)
    own = {name: unit for name, unit in relative.items() if name in units}
    is_one = step.emit is not None or multiplies or precision.scale in SHARED

    def remade(finer: Numbers, numbers: Mapping[str, Numbers]) -> tuple[Moved, ...]:
        now = {name: own[name] * finer if name in own else unit for name, unit in units.items()}
        maker = IntegerStep(
            step, _with(known, numbers), now, ports, precision, where, sizes, given.moving
        )
        maker.made()
        return tuple(maker.moved)

    exacts, moved = tuple(maker.exacts), tuple(maker.moved)
    follows = Units(base, own, exacts, moved, is_one, multiplies, remade)
    return Integers(made_of, scaled.into, named, follows)


def _values(
    starts: Mapping[str, Codes], made: NeuronStep, units: Mapping[str, Numbers]
) -> dict[str, Tensor]:
    """Where states start, by their types, and all units."""
    types = {s.name: s.dtype for s in made.states}
    values = {
        name: Tensor(codes.astype(stored(types[name])), types[name])
        for name, codes in starts.items()
    }
    return values | {unit_name(name): tensor(_plain(unit)) for name, unit in units.items()}


def _with(known: Known, numbers: Mapping[str, Numbers]) -> Known:
    """What stands still, with other values."""
    starts = {name: numbers.get(name, start) for name, start in known.starts.items()}
    others = {name: value for name, value in numbers.items() if name not in starts}
    return replace(known, values={**known.values, **others}, starts=starts)


def _refuse_loops(model: Model, into: tuple[Projection, ...], sent: Mapping[str, float]) -> None:
    """CompileError(E080) where numbers arrive whose unit follows from what they bring about."""
    index = model.graph.index()
    for projection in into:
        if sends(index[projection.pre]) and projection.pre not in sent:
            message = f"the numbers that `{projection.pre}` sends in a loop have no integer form"
            way_out = "send spikes there, or leave the loop out"
            raise CompileError(Diagnostic("E080", message, projection.span, help=way_out))


def sends(population: Population) -> bool:
    """Whether what leaves it is a number."""
    return sends_numbers(population) or (
        population.step is not None and population.step.emit is not None
    )


def _sizes(
    model: Model,
    population: Population,
    known: Known,
    into: tuple[Projection, ...],
    ranges: Ranges,
) -> dict[str, Numbers]:
    """The largest that the states, where they were seen, and the ports of a population come to."""
    name, sizes = population.name, dict[str, Numbers]()
    for state in known.starts:
        if (name, state) in ranges.states:
            sizes[state] = np.asarray(ROOM * ranges.states[name, state])
    assert population.step is not None
    for port in population.step.ports:
        arriving = np.zeros(population.neurons)
        for projection in (p for p in into if p.port == port):
            wiring = model.wirings[projection.name]
            _, post = wiring.pairs()
            weights = abs(numbers(model.values[weights_name(projection.name)]).astype(np.float64))
            largest = ranges.sent.get(projection.pre, 1.0)
            each = weights.ravel()[wiring.places()] * largest
            arriving += np.bincount(post, each, population.neurons)
        sizes[port] = arriving
    return sizes


def _plain(unit: Numbers) -> Numbers:
    """One number where all neurons have one."""
    return unit if np.ptp(unit) else np.asarray(unit.flat[0])


def _without_lost(step: NeuronStep) -> NeuronStep:
    """The step without what watches for numbers that are none: integers are finite."""
    kept = tuple(s for s in step.states if not s.name.endswith(LOST))
    phases = {
        phase: tuple(a for a in assigns if not a.target.endswith(LOST))
        for phase, assigns in step.assigns.items()
    }
    return replace(step, states=kept).with_phases(phases)


def _synapses(
    model: Model,
    population: Population,
    projection: Projection,
    sent: Mapping[str, float],
    precision: Precision,
) -> Synapses:
    """A projection, whose weights are what a code that is sent brings."""
    name = projection.name
    weights = numbers(model.values[weights_name(name)]).astype(np.float64)
    if not np.isfinite(weights).all():
        raise CompileError(
            Diagnostic("E081", f"a weight of `{name}` is no finite number", projection.span)
        )
    weights, wiring = weights * sent.get(projection.pre, 1.0), model.wirings[name]
    return Synapses(name, wiring, weights, precision.weight(name), np.ones(population.neurons))


def _all_synapses(
    model: Model,
    population: Population,
    into: Sequence[Projection],
    sent: Mapping[str, float],
    precision: Precision,
) -> dict[str, Synapses]:
    """The projections into a population, with as many weights a neuron as are asked for."""
    each = {p.name: _synapses(model, population, p, sent, precision) for p in into}
    return _by_types(into, each, precision.axon_types)


def _by_types(
    into: Sequence[Projection], synapses: Mapping[str, Synapses], count: int
) -> dict[str, Synapses]:
    """The synapses with so many weights a neuron; 0: as they are."""
    if not (count and into):
        return dict(synapses)
    each = [synapses[p.name] for p in into]
    wirings = [_typed(p, own.wiring) for p, own in zip(into, each, strict=True)]
    weights = [own.weights for own in each]
    fits = by_axon_types(list(zip(wirings, weights, strict=True)), count)
    return {o.name: replace(o, weights=kept) for o, (kept, _) in zip(each, fits, strict=True)}


def _typed(projection: Projection, wiring: Wiring) -> AllPairs | Listed:
    """A wiring whose axons can have types; CompileError(E080) for windows."""
    if isinstance(wiring, Windows):
        message = f"the shared weights of `{projection.name}` have no axon types"
        way_out = "say `--axon-types 0`, or connect it otherwise"
        raise CompileError(Diagnostic("E080", message, projection.span, help=way_out))
    return wiring


class _Scales(NamedTuple):
    """The projections into a population with the ports at which they end, the ports into which
    each old one is split, the synapses, and the base unit of each neuron."""

    into: tuple[Projection, ...]
    ports: dict[str, tuple[str, ...]]
    synapses: dict[str, Synapses]
    base: Numbers


@dataclass(frozen=True, slots=True, eq=False)
class _Scaled:
    """What shares a unit of weights: all that arrives at a neuron, but numbers of each sender, and
    with `--scale projection` each projection, have one of their own, and ports of their own."""

    graph: Graph
    population: Population
    relative: Mapping[str, Numbers]
    precision: Precision
    method: str

    def of(self, into: tuple[Projection, ...], synapses: Mapping[str, Synapses]) -> _Scales:
        """CompileError(E081) where nothing has a unit."""
        kinds = {p.name: self._kind(p) for p in into}
        own = {p.name: replace(synapses[p.name], unit=self._unit(p)) for p in into}
        scales = {
            kind: self._base([own[name] for name, k in kinds.items() if k == kind])
            for kind in dict.fromkeys(kinds.values())
        }
        found = [scale for scale in scales.values() if scale.all()]
        if not found:
            raise CompileError(_no_scale(self.population))
        base = np.maximum.reduce(found)
        if self.precision.scale == "projection":
            base = np.full_like(base, base.max())
        elif self.precision.scale in OF_EXPONENTS:
            scales = {kind: self._by_exponent(s, base) for kind, s in scales.items()}
        assert self.population.step is not None
        ports, moved = {}, []
        for port in self.population.step.ports:
            here = [p for p in into if p.port == port]
            apart = list(dict.fromkeys(kinds[p.name] for p in here))
            names = tuple(f"{port}.{k}" for k in range(len(apart))) if len(apart) > 1 else (port,)
            ports[port] = names
            moved += [replace(p, port=names[apart.index(kinds[p.name])]) for p in here]
        for name, kind in kinds.items():
            if scales[kind].all():
                own[name] = replace(own[name], unit=own[name].unit * (scales[kind] / base))
        return _Scales(tuple(moved), ports, own, base)

    def _kind(self, projection: Projection) -> str:
        """What has a unit of its own."""
        if self.precision.scale in OF_PROJECTIONS:
            return projection.name
        return projection.pre if sends(self.graph.population(projection.pre)) else ""

    def _unit(self, projection: Projection) -> Numbers:
        return self.relative[projection.port] * np.ones(self.population.neurons)

    def _by_exponent(self, scale: Numbers, base: Numbers) -> Numbers:
        """The least power of two times the base units in which no weight is larger than in its own,
        of those that a state still holds."""
        if not scale.all():
            return scale
        places = float(np.ceil(np.log2((scale / base).max())))
        if self.precision.wide.weight_zeros is not None:
            places = max(places, self.precision.wide.weight_zeros - self.precision.guard)
        return np.asarray(base * np.exp2(min(places, 0.0)))

    def _base(self, synapses: Sequence[Synapses]) -> Numbers:
        is_shared = self.precision.scale in ("projection", "shared_exponent")
        scale = "population" if is_shared else self.precision.scale
        return base_units(tuple(synapses), self.population.neurons, self.method, scale)


def _no_scale(population: Population) -> Diagnostic:
    return Diagnostic(
        "E081",
        f"no weight but 0 leads to `{population.name}`, so that its integers have no unit",
        population.span,
        help="train the network first, or leave the population out",
    )
