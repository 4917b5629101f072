"""Parts of a network of integers by themselves: cut out of it with their own weights, and given
the very events that reached them in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ....ir.diagnostics import CompileError, Diagnostic
from ....ir.graph import Call, Graph, Population, Projection
from ....ir.integers.population import sends
from ....ir.model import Model, value_name, weights_name
from ....ir.passes.schedule import blocks
from ....ir.tensors import Tensor
from ....ir.types import Shape
from ....ir.wiring import AllPairs, Wiring
from ...reference.network import simulate
from ...trace import Trace
from .sent import sent

Array = npt.NDArray[Any]
SENT = ".sent"  # after the name of a population that is given, beside itself


class Place(NamedTuple):
    """A neuron of a network."""

    population: str
    neuron: int


class Origin(NamedTuple):
    """Where a part's population is in the network: neuron k of it is `neurons[k]` of
    `population`, what it sends `delay` steps late."""

    population: str
    neurons: tuple[int, ...]
    delay: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A part of a network as a model of its own; `trace`: what the reference does with it, when
    its inputs are those that the network had. `origins` are by population of the part."""

    folder: str
    about: str
    model: Model
    trace: Trace
    origins: Mapping[str, Origin]


def neuron_part(model: Model, trace: Trace, place: Place) -> Part:
    """The neuron with all of its synapses; each projection into it is an input of its own name,
    whose spikes, or numbers, are given in the step in which they arrive."""
    made = _Cut(model, trace, *_only(model, place))
    for projection in arriving(model.graph, place.population):
        pre, weights = synapses_into(model, projection, place.neuron)
        if len(pre):
            late = Origin(projection.pre, tuple(pre.tolist()), projection.delay)
            made.give(projection.name, late)
            made.join(replace(projection, pre=projection.name, delay=0), weights)
    own = Origin(place.population, (place.neuron,))
    return made.part("1_neuron", f"neuron {place.neuron} of {place.population}", own)


def synapse_part(model: Model, trace: Trace, place: Place) -> Part:
    """The synapse of the neuron whose weight times the spikes that reach it is the largest, and the
    neuron with no other one. The delay is the synapse's."""
    projection, pre, weight = _strongest(model, trace, place)
    made = _Cut(model, trace, *_only(model, place))
    made.give(projection.name, Origin(projection.pre, (pre,)))
    made.join(replace(projection, pre=projection.name), np.array([weight]))
    about = f"from neuron {pre} of {projection.pre} to neuron {place.neuron} of {place.population}"
    own = Origin(place.population, (place.neuron,))
    return made.part("2_synapse", f"the synapse {about}", own)


def layer_part(model: Model, trace: Trace, name: str) -> Part:
    """The population with all of its synapses. What it sends to itself is its own, unless there are
    others in its loop: then that is given too, by an input `NAME.sent`."""
    graph = model.graph
    block = next(b for b in graph.schedule or () if name in b.populations)
    population = graph.population(name)
    own = {n: v for n, v in model.values.items() if n.startswith(value_name(name, ""))}
    made = _Cut(model, trace, population, own)
    for projection in arriving(graph, name):
        pre = projection.pre
        if pre == name and len(block.populations) > 1:
            pre += SENT
        if pre != name and pre not in made.origins:
            sender = graph.population(projection.pre)
            made.give(pre, _whole(sender), sender.shape)
        weights = model.values[weights_name(projection.name)]
        made.add(replace(projection, pre=pre), model.wirings[projection.name], weights)
    return made.part("3_layer", f"the population {name}", _whole(population))


def net_part(model: Model, trace: Trace) -> Part:
    """The whole network."""
    origins = {p.name: _whole(p) for p in model.graph.populations}
    return Part("4_net", f"the network {model.graph.name}", model, trace, origins)


def chosen(model: Model, trace: Trace) -> Place:
    """The neuron that fires most in the trace, the first one on a tie, of those to which a synapse
    leads in the population that is evaluated first; CompileError(E071) where there are none."""
    for name in _computed(model.graph):
        reached = np.zeros(model.graph.population(name).neurons, np.bool_)
        for projection in arriving(model.graph, name):
            reached[model.wirings[projection.name].pairs()[1]] = True
        if reached.any():
            fired = trace.spikes[name].sum(axis=(0, 1))
            return Place(name, int(np.where(reached, fired, -1).argmax()))
    message = f"`{model.graph.name}` has no synapse, and so none that vectors could be given of"
    raise CompileError(Diagnostic("E071", message, help="join its populations"))


def require_reached(model: Model, place: Place) -> None:
    """CompileError(E071) for a neuron to which no synapse leads."""
    into = arriving(model.graph, place.population)
    if not any(len(synapses_into(model, p, place.neuron)[0]) for p in into):
        message = f"no synapse leads to neuron {place.neuron} of `{place.population}`"
        raise CompileError(Diagnostic("E071", message, help="choose another one by --neuron"))


def arriving(graph: Graph, name: str) -> list[Projection]:
    """The projections into a population, in the order in which what they bring arrives."""
    own = {n for b in graph.schedule or () if name in b.populations for n in b.populations}
    return sorted((p for p in graph.projections if p.post == name), key=lambda p: p.pre in own)


def synapses_into(model: Model, projection: Projection, neuron: int) -> tuple[Array, Array]:
    """The pre neurons and the weights of the synapses that end at a neuron."""
    wiring = model.wirings[projection.name]
    pre, post = wiring.pairs()
    here = post == neuron
    weights = model.weights(projection.name).ravel()[wiring.places()[here]]
    return pre[here], weights


def late(rows: Array, delay: int) -> Array:
    """What is sent [T, ...] so many steps later."""
    made = np.zeros_like(rows)
    made[delay:] = rows[: max(0, len(rows) - delay)]
    return made


def _computed(graph: Graph) -> Iterable[str]:
    index = graph.index()
    names = (n for block in graph.schedule or () for n in block.populations)
    return [n for n in names if index[n].step is not None]


def _strongest(model: Model, trace: Trace, place: Place) -> tuple[Projection, int, int]:
    found = []
    for projection in arriving(model.graph, place.population):
        pre, weights = synapses_into(model, projection, place.neuron)
        given = sent(trace, model.graph.population(projection.pre))
        counts = abs(given.astype(np.int64)).sum(axis=(0, 1))[pre]
        effect = abs(weights.astype(np.int64)) * counts
        if len(pre):
            k = int(effect.argmax())
            found.append((int(effect[k]), projection, int(pre[k]), int(weights[k])))
    return max(found, key=lambda each: each[0])[1:]


def _whole(population: Population) -> Origin:
    return Origin(population.name, tuple(range(population.neurons)))


def _only(model: Model, place: Place) -> tuple[Population, dict[str, Tensor]]:
    """The population with one neuron left, and its values."""
    name, neuron = place
    values = {}
    for key, value in model.values.items():
        if key.startswith(value_name(name, "")):
            one = value.array if value.array.ndim == 0 else value.array[neuron : neuron + 1]
            values[key] = Tensor(one, value.dtype)
    return replace(model.graph.population(name), shape=(1,)), values


class _Cut:
    """A part as it is made: its populations, projections, values, and what is given to it."""

    def __init__(
        self, model: Model, trace: Trace, population: Population, values: dict[str, Tensor]
    ) -> None:
        self.model, self.trace = model, trace
        self.population, self.values = population, values
        self.inputs: list[Population] = []
        self.origins: dict[str, Origin] = {}
        self.given: dict[str, Array] = {}
        self.projections: list[Projection] = []
        self.wirings: dict[str, Wiring] = {}

    def give(self, name: str, origin: Origin, shape: Shape | None = None) -> None:
        """An input of that name that sends what neurons of the network sent."""
        sender = self.model.graph.population(origin.population)
        given = sent(self.trace, sender)[:, :, list(origin.neurons)]
        duration = ("duration", len(given) * self.model.graph.dt)
        numbers = Call("current", (duration, ("mean", 0.0), ("sd", 1.0)))  # as they are
        encoding = numbers if sends(sender) else Call("spikes", (duration,))
        flat = (len(origin.neurons),)
        made = Population(name, shape or flat, "input", encoding=encoding)
        self.inputs.append(made)
        self.origins[name] = origin
        self.given[name] = late(given, origin.delay)

    def join(self, projection: Projection, weights: Array) -> None:
        """All neurons of an input to the one neuron."""
        stored = self.model.values[weights_name(projection.name)]
        codes = Tensor(weights.astype(stored.array.dtype)[:, None], stored.dtype)
        made = replace(projection, connectivity=Call("dense"))
        self.add(made, AllPairs(len(weights), 1), codes)

    def add(self, projection: Projection, wiring: Wiring, weights: Tensor) -> None:
        """A projection."""
        self.projections.append(projection)
        self.wirings[projection.name] = wiring
        self.values[weights_name(projection.name)] = weights

    def part(self, folder: str, about: str, own: Origin) -> Part:
        """What it has become, simulated."""
        populations = (*self.inputs, self.population)
        graph = replace(
            self.model.graph,
            populations=populations,
            projections=tuple(self.projections),
            schedule=None,
            tensors={},
        )
        graph = replace(graph, schedule=blocks(graph))
        model = replace(self.model, graph=graph, wirings=self.wirings, values=self.values)
        made = simulate(model, self.given, np.float64, record=True)
        origins = {**self.origins, self.population.name: own}
        trace = Trace(made.spikes, made.history, self.given)
        return Part(folder, about, model, trace, origins)
