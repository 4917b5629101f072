"""A network with its numbers: what every simulator, trainer, exporter and package takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from .diagnostics import CompileError, Diagnostic
from .drawn import drawn_values
from .expr import evaluate
from .graph import Graph, Learnt, Population, Projection
from .neuron import LAST_EMITTED, State
from .rules import sends_numbers
from .tensors import Tensor, numbers, problem, row_of_arrays, tensor
from .types import Fixed, size
from .verify import require
from .verify.durations import MOST_STEPS
from .wiring import (
    AllPairs,
    Listed,
    Wiring,
    initial_weights,
    repeats,
    spans,
    unlisted,
    wire,
    with_delays,
)

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Model:
    """A graph, its synapses and its values.

    `wirings` are by projection. `values` by name: "weights/<projection>" in the wiring's weight
    shape, and "<population>/<name>" of a parameter (in the unit of its `neuron.Parameter`) or of a
    state's start, one number [] or one a neuron [neurons]; it goes before what the graph says.
    Every parameter that is learnt has one: [] where all neurons share it, else [neurons].
    `seed` is what the wirings were drawn from, and keys the frozen encodings.
    """

    graph: Graph
    wirings: Mapping[str, Wiring]
    values: Mapping[str, Tensor]
    seed: int = 0

    def weights(self, projection: str) -> Array:
        """The weights of a projection, shaped as its wiring says."""
        return self.values[weights_name(projection)].array

    def with_weights(self, weights: Mapping[str, npt.ArrayLike]) -> Model:
        """The model with other weights, by projection."""
        return self.with_values({weights_name(name): array for name, array in weights.items()})

    def with_values(self, values: Mapping[str, npt.ArrayLike]) -> Model:
        """The model with other values, by their names."""
        named = {name: tensor(array) for name, array in values.items()}
        return replace(self, values={**self.values, **named})


def weights_name(projection: str) -> str:
    """The name of a projection's weights among the values."""
    return f"weights/{projection}"


def value_name(population: str, name: str) -> str:
    """The name of a population's parameter or state among the values."""
    return f"{population}/{name}"


def unit_name(name: str) -> str:
    """The name of the unit of a state or port of integers, or of the numbers that an input sends
    (LAST_EMITTED): what its value 1 means, float64, in the unit of its `neuron.State`."""
    return f"{name}.unit"


def sent_unit(model: Model, population: Population) -> float:
    """What a code that a population of integers sends means: 1 of a spike."""
    unit = model.values.get(value_name(population.name, unit_name(LAST_EMITTED)))
    step = population.step
    if unit is None or (step is not None and step.emit is None):
        return 1.0
    dtype = Fixed(32, 0) if step is None or step.emit is None else step.emit.dtype
    assert isinstance(dtype, Fixed), dtype
    return float(np.ldexp(unit.array.flat[0], -dtype.frac))


def draw_model(
    graph: Graph, seed: int, weights: Mapping[str, npt.ArrayLike] | None = None, threads: int = 1
) -> Model:
    """The graph with its wirings drawn from the seed, and its initial weights, or those given.

    The same for the same seed, on any number of threads; CompileError with all that cannot be wired
    or has no weights. What is drawn lies in memory as engines take it (see `tensors.together`).
    """
    found: list[Diagnostic] = []
    wirings = _wired(graph, seed, threads, found)
    drawn = _first_weights(graph, wirings, seed, found) if weights is None else weights
    own: dict[str, Tensor] = {}
    for population in graph.populations:
        try:
            own |= _own_values(population, graph, seed)
        except CompileError as error:
            found += error.diagnostics
    if found:
        raise CompileError(found)
    model = Model(graph, wirings, {**first_values(graph), **own}, seed)
    return model.with_weights(drawn)


def _wired(graph: Graph, seed: int, threads: int, found: list[Diagnostic]) -> dict[str, Wiring]:
    """The wirings of all projections that can be, by name; what cannot goes to `found`."""
    populations = graph.index()
    wirings: dict[str, Wiring] = {}
    for projection in graph.projections:
        pre, post = populations[projection.pre].shape, populations[projection.post].shape
        try:
            wiring = wire(projection, pre, post, seed, threads)
            wirings[projection.name] = with_delays(
                projection, wiring, graph.dt, seed, graph.tensors
            )
        except CompileError as error:
            found += error.diagnostics
    lists = [(name, wiring) for name, wiring in wirings.items() if isinstance(wiring, Listed)]
    rooms = row_of_arrays([wiring.synapses for _, wiring in lists], np.int32)
    while lists:  # from the last one on, so that none is held twice
        (name, wiring), room = lists.pop(), rooms.pop()
        room[:] = wiring.post
        wirings[name] = replace(wiring, post=room)
    return wirings


def _first_weights(
    graph: Graph, wirings: Mapping[str, Wiring], seed: int, found: list[Diagnostic]
) -> dict[str, npt.ArrayLike]:
    """The initial weights of what is wired."""
    projections = [p for p in graph.projections if p.name in wirings]
    rooms = row_of_arrays([size(wirings[p.name].weight_shape) for p in projections], np.float32)
    drawn: dict[str, npt.ArrayLike] = {}
    for p, room in zip(projections, rooms, strict=True):
        try:
            drawn[p.name] = initial_weights(p, wirings[p.name], seed, graph.tensors, room)
        except CompileError as error:
            found += error.diagnostics
    return drawn


def first_values(graph: Graph) -> dict[str, Tensor]:
    """The parameters that are learnt, at what the graph says."""
    return {
        value_name(population.name, learnt.name): tensor(
            np.full(learnt_shape(population, learnt), population.parameter(learnt.name), np.float32)
        )
        for population in graph.populations
        for learnt in population.learnt
    }


def _own_values(population: Population, graph: Graph, seed: int) -> dict[str, Tensor]:
    """What the population says that each neuron has its own of; of what is learnt, one each."""
    learnt = {k.name: learnt_shape(population, k) for k in population.learnt}
    return {
        value_name(population.name, name): tensor(
            np.broadcast_to(values, learnt.get(name, values.shape)).copy()
        )
        for name, values in drawn_values(population, graph, seed).items()
    }


def learnt_shape(population: Population, learnt: Learnt) -> tuple[int, ...]:
    """The shape of its value."""
    return () if learnt.is_shared else (population.neurons,)


def verify_model(model: Model) -> None:
    """GraphError unless all wirings fit the graph, and all values have a place, a shape and an
    array that is stored as their type says."""
    populations = model.graph.index()
    wanted = {p.name for p in model.graph.projections}
    _require_same("wiring", set(model.wirings), wanted)
    places: dict[str, tuple[tuple[int, ...], ...]] = {}
    for population in model.graph.populations:
        names = [name for name, _ in population.parameters]
        names += [s.name for s in _states(population)]
        one_each = (population.neurons,)
        names += [unit_name(name) for name in (*names, *_ports(population))]
        if sends_numbers(population):
            names.append(unit_name(LAST_EMITTED))
        places |= {value_name(population.name, name): ((), one_each) for name in names}
        for learnt in population.learnt:
            name = value_name(population.name, learnt.name)
            places[name] = (learnt_shape(population, learnt),)
            require(name in model.values, f"{name}: learnt, without a value")
    for projection in model.graph.projections:
        wiring = model.wirings[projection.name]
        _verify_wiring(projection, wiring, populations)
        places[weights_name(projection.name)] = (wiring.weight_shape,)
        require(weights_name(projection.name) in model.values, f"{projection.name}: no weights")
    for name, value in model.values.items():
        require(name in places, f"{name}: a value of nothing")
        require(value.array.shape in places[name], f"{name}: of shape {list(value.array.shape)}")
        why = problem(value)
        require(not why, f"{name}: {why}")


def _require_same(what: str, found: set[str], wanted: set[str]) -> None:
    require(found == wanted, f"{min(found ^ wanted, default='')}: a {what} too much or too few")


def _ports(population: Population) -> tuple[str, ...]:
    return () if population.step is None else population.step.ports


def _states(population: Population) -> tuple[State, ...]:
    if population.step is not None:
        return population.step.states
    return () if population.model is None else population.model.states


def _verify_wiring(
    projection: Projection, wiring: Wiring, populations: Mapping[str, Population]
) -> None:
    name = projection.name
    has_delays = isinstance(wiring, Listed) and wiring.delay is not None
    require(has_delays == (projection.delays is not None), f"{name}: delays of synapses")
    ends = [populations[end].neurons for end in (projection.pre, projection.post)]
    require([wiring.pre_neurons, wiring.post_neurons] == ends, f"{name}: a wiring of other ends")
    if not isinstance(wiring, Listed):
        shapes = [populations[end].shape for end in (projection.pre, projection.post)]
        fits = isinstance(wiring, AllPairs) or wiring == unlisted(projection, *shapes)
        fits = fits and not projection.is_sliced
        require(fits, f"{name}: windows that are not those of its {projection.connectivity.kind}")
        return
    for entries, end in zip((wiring.pre, wiring.post), ends, strict=True):
        fits = entries.dtype == np.int32 and entries.shape == (wiring.synapses,)
        require(fits, f"{name}: a list of {entries.dtype} {list(entries.shape)}")
        within = not len(entries) or (entries.min() >= 0 and entries.max() < end)
        require(within, f"{name}: a synapse beyond its ends")
    if wiring.delay is not None:
        fits = wiring.delay.dtype == np.int32 and wiring.delay.shape == (wiring.synapses,)
        require(fits, f"{name}: delays of {wiring.delay.dtype} {list(wiring.delay.shape)}")
        within = np.all((wiring.delay >= projection.delay) & (wiring.delay <= MOST_STEPS))
        require(bool(within), f"{name}: a delay out of range")
    least = 0 if repeats(projection.connectivity) else 1
    for span in spans(wiring.synapses):
        pre, post = wiring.ends(slice(max(0, span.start - 1), span.stop))
        key = pre.astype(np.int64) * ends[1] + post
        require(bool((np.diff(key) >= least).all()), f"{name}: synapses out of order, or twice")


def start_of(
    model: Model,
    population: Population,
    state: State,
    constants: Mapping[str, Any],
    real: type[np.floating[Any]],
) -> Array:
    """Where a state of a population starts, [] or [neurons]: its value, else its `init` worked out
    in `real` from the step's constants. Of a fixed-point state, the code."""
    given = model.values.get(value_name(population.name, state.name))
    if given is None:
        return np.asarray(evaluate(state.init, constants, real))
    return given.array if isinstance(state.dtype, Fixed) else numbers(given)
