"""A population of a network by itself: what reaches it is given, and nothing else is simulated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...backends.reference.network import Real, Simulation, simulate
from ...ir.graph import Call, Graph, Population, Projection
from ...ir.model import Model, value_name, weights_name
from ...ir.neuron import NeuronStep
from ...ir.passes.pipeline import run_model_passes
from ...ir.passes.schedule import blocks
from ...ir.rules import sends_numbers
from ...ir.tensors import Tensor
from ...ir.trains import most_fired
from ...ir.types import Fixed
from ...ir.wiring import Wiring
from .compare import unequal

Array = npt.NDArray[Any]
Bits = npt.NDArray[np.bool_]

SENT = ".sent"  # after the name of a population: the input that sends what it sent
NEAR = 1e-4  # of a state's largest value: states that differ by less are replayed alike


def alone(model: Model, name: str) -> Model:
    """The model of one population. Every population that sends to it, itself too, is an input in
    its place, `x.sent`, which sends the numbers, or the spikes, that it is given.

    Projections are in the order in which the reference adds up what they bring.
    """
    graph = model.graph
    own = {n for b in graph.schedule or () if name in b.populations for n in b.populations}
    incoming = sorted((p for p in graph.projections if p.post == name), key=lambda p: p.pre in own)
    names = dict.fromkeys(p.pre for p in incoming)
    inputs = [_input(graph, graph.population(n)) for n in names or (name,)]
    projections = tuple(replace(p, pre=p.pre + SENT) for p in incoming)
    populations = (*inputs, graph.population(name))
    made = Graph(graph.name, graph.dt, populations, projections, semantics=graph.semantics)
    mine = {weights_name(p.name) for p in incoming}
    return Model(
        replace(made, schedule=blocks(made)),
        {p.name: model.wirings[p.name] for p in incoming},
        {n: v for n, v in model.values.items() if n in mine or n.startswith(value_name(name, ""))},
        model.seed,
    )


def _input(graph: Graph, population: Population) -> Population:
    # Its duration says nothing here: what is given is simulated.
    most = ("most", most_fired(population, graph.semantics))
    numbers = (("mean", 0.0), ("sd", 1.0)) if sends_any(population) else ()
    encoding = Call(
        "current" if numbers else "spikes", (("duration", graph.dt), *(numbers or (most,)))
    )
    return Population(population.name + SENT, population.shape, "input", encoding=encoding)


def sends_any(population: Population) -> bool:
    """Whether it sends any numbers, in place of spikes."""
    is_graded = population.step is not None and population.step.emit is not None
    return is_graded or sends_numbers(population)


class Score(NamedTuple):
    """How well a replay does what was wanted: its neurons that do so in all samples and steps, and
    the bins in which it does not."""

    neurons: int
    wrong: int


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A population alone, and what one side did with it in some samples.

    `sent`: [T, B, N] by population, what the side's populations sent. `wanted`: bool [T, B, N], its
    spikes; `states` alike, its states where they are compared. `other`: the population alone in the
    side's own network, if it has one; `label` is what the side is called.
    """

    model: Model
    population: Population
    sent: Mapping[str, Array]
    wanted: Bits
    states: Mapping[str, Array] = field(default_factory=dict)
    other: Model | None = None
    label: str = "b"

    @property
    def projections(self) -> tuple[Projection, ...]:
        """What reaches the population."""
        return self.model.graph.projections

    @property
    def step(self) -> NeuronStep:
        """The population's step, its parameters settled."""
        step = self.settled.graph.population(self.population.name).step
        assert step is not None
        return step

    @property
    def settled(self) -> Model:
        """The model with its parameters in its step."""
        return run_model_passes(self.model)

    def first(self, samples: int) -> Case:
        """The first samples of it."""
        return replace(
            self,
            sent={name: array[:, :samples] for name, array in self.sent.items()},
            wanted=self.wanted[:, :samples],
            states={name: array[:, :samples] for name, array in self.states.items()},
        )

    def replayed(self, model: Model, real: Real = np.float64, record: bool = False) -> Simulation:
        """What the model does with what was sent."""
        given = {p.name: self._given(p) for p in model.graph.populations if p.role == "input"}
        return simulate(model, given, real, record)

    def _given(self, population: Population) -> Array:
        name = population.name.removesuffix(SENT)
        silent = np.zeros((*self.wanted.shape[:2], population.neurons))
        return self.sent.get(name, silent)

    def score(self, model: Model, real: Real = np.float64) -> Score:
        """How well the model does what is wanted."""
        name, made = self.population.name, self.replayed(model, real, bool(self.states))
        wrong = made.spikes[name] != self.wanted
        for state, values in self.states.items():
            if state in made.history[name]:
                near = NEAR * float(np.nanmax(np.abs(values), initial=0.0))
                wrong |= unequal(made.history[name][state], values, near)
        return Score(int((~wrong.any(axis=(0, 1))).sum()), int(wrong.sum()))

    def with_population(self, **changes: Any) -> Model:
        """The settled model with its population changed."""
        return with_population(self.settled, self.population.name, **changes)

    def with_projection(self, name: str, **changes: Any) -> Model:
        """The model with a projection changed."""
        graph = self.model.graph
        projections = tuple(
            replace(p, **changes) if p.name == name else p for p in graph.projections
        )
        return replace(self.model, graph=replace(graph, projections=projections))

    def without(self, name: str) -> Model:
        """The model without a projection, whose input stays."""
        graph = self.model.graph
        left = tuple(p for p in graph.projections if p.name != name)
        made = replace(graph, projections=left, schedule=None)
        return Model(
            replace(made, schedule=blocks(made)),
            {n: w for n, w in self.model.wirings.items() if n != name},
            {n: v for n, v in self.model.values.items() if n != weights_name(name)},
            self.model.seed,
        )

    def with_weights(self, weights: Mapping[str, Array]) -> Model:
        """The model with other weights, of the types that its own have."""
        return retyped(self.model, weights)

    def with_wiring(self, name: str, wiring: Wiring, weights: Array) -> Model:
        """The model with a projection of other synapses."""
        made = replace(self.model, wirings={**self.model.wirings, name: wiring})
        return retyped(made, {name: weights})


def with_population(model: Model, name: str, /, **changes: Any) -> Model:
    """The model with a population changed."""
    populations = tuple(
        replace(p, **changes) if p.name == name else p for p in model.graph.populations
    )
    return replace(model, graph=replace(model.graph, populations=populations))


def with_projection_of(model: Model, other: Model, projection: Projection) -> Model:
    """The model with a projection of another one, and with the input that it comes from."""
    graph, name = model.graph, projection.name
    sender = other.graph.population(projection.pre)
    known = projection.pre in graph.index()
    populations = graph.populations if known else (sender, *graph.populations)
    made = replace(
        graph, populations=populations, projections=(*graph.projections, projection), schedule=None
    )
    return Model(
        replace(made, schedule=blocks(made)),
        {**model.wirings, name: other.wirings[name]},
        {**model.values, weights_name(name): other.values[weights_name(name)]},
        model.seed,
    )


def retyped(model: Model, weights: Mapping[str, Array]) -> Model:
    """The model with other weights, by projection, of the types that its own have."""
    changed = dict(model.values)
    for name, array in weights.items():
        before = changed[weights_name(name)]
        whole = array
        if isinstance(before.dtype, Fixed):
            whole = np.clip(np.round(array), before.dtype.low, before.dtype.high)
        changed[weights_name(name)] = Tensor(np.asarray(whole, before.array.dtype), before.dtype)
    return replace(model, values=changed)
