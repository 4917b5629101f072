"""A network whose step is made node by node, in whatever graph it stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce

import numpy as np

from ....ir.graph import Population
from ....ir.integers.population import sends
from ....ir.model import Model
from ....ir.neuron import LAST_EMITTED, State
from ....ir.rules import most_sent, sends_numbers
from .expressions import COUNTER, Level, Scopes, Value, constant
from .floats import real
from .form import Ends
from .neurons import Done, advance, kind_of, moving, start, step_of
from .nodes import Nodes, described
from .sums import AnySynapses, later, past, synapses_of
from .wholes import KIND, Ranges, whole_step
from .windows import SPIKE

SPIKES, NUMBERS = "spikes", "numbers"
KINDS = {False: np.uint8, True: np.int32}  # of what is sent: spikes, numbers


class Network:
    """A model, and the graph that is made of it; `batch_axis`: of the samples in `spikes`."""

    def __init__(self, model: Model, batch_axis: int, is_coded: bool = False) -> None:
        self.model, self.index = model, model.graph.index()
        self.synapses = synapses_of(model, is_coded)
        self.nodes, self.ends = Nodes(), Ends()
        self.batch_axis = batch_axis
        self.ranges: dict[str, Ranges] = {}  # of populations that are stepped as whole numbers
        self.output = next((p for p in model.graph.populations if p.role == "output"), None)
        self.senders = {p.pre for p in model.graph.projections}

    @property
    def order(self) -> list[Population]:
        """The populations in the order in which they are evaluated."""
        blocks = self.model.graph.schedule or ()
        return [self.index[name] for block in blocks for name in block.populations]

    def taken(self, *leading: int | str) -> dict[str, str]:
        """Makes the input `spikes`, and gives those of each input population, cut out of it."""
        given = [p for p in self.model.graph.populations if p.step is None]
        inputs = [p for p in given if not sends_numbers(p)]
        bounds = np.cumsum([0, *(p.neurons for p in inputs)]).tolist()
        self.ends.inputs.append(described(SPIKES, np.uint8, [*leading, bounds[-1]]))
        return self._cut(inputs, SPIKES, len(leading)) | self._numbers(given)

    def _numbers(self, given: list[Population]) -> dict[str, str]:
        """Makes the input `numbers` int32 [B, numbers], if there are inputs that send them in every
        step, and gives theirs."""
        sending = [p for p in given if sends_numbers(p)]
        if not sending:
            return {}
        shape: list[int | str] = ["B", sum(p.neurons for p in sending)]
        self.ends.inputs.append(described(NUMBERS, np.int32, shape))
        return self._cut(sending, NUMBERS, 1)

    def _cut(self, inputs: list[Population], whole: str, axis: int) -> dict[str, str]:
        """The part of each input in a value that holds all of them side by side."""
        if len(inputs) == 1:
            return {inputs[0].name: whole}
        bounds = np.cumsum([0, *(p.neurons for p in inputs)]).tolist()
        cut = {}
        for population, low, high in zip(inputs, bounds, bounds[1:], strict=False):
            ends = (self.nodes.indices(n) for n in (low, high, axis))
            cut[population.name] = self.nodes.node("Slice", whole, *ends)
        return cut

    def is_number(self, population: Population) -> bool:
        """Whether others receive numbers from it."""
        return sends(population) and population.name in self.senders

    def sent_ends(self, synapses: AnySynapses) -> tuple[int, int]:
        """The least and the most that each pre neuron of a projection sends in a step."""
        population = self.index[synapses.projection.pre]
        if not sends(population):
            return SPIKE
        if population.step is None:
            most = most_sent(population)
            return -most, most
        every = COUNTER.low, COUNTER.high
        low, high = self.ranges.get(population.name, {}).get(LAST_EMITTED, every)
        return min(0, low), max(0, high)  # and what is late begins with none

    def arriving_ends(self, synapses: AnySynapses) -> tuple[int, int]:
        """The least and the most that a projection brings to a neuron in a step; no sum leaves 32
        bits, which is proved."""
        low, high = synapses.ends(self.sent_ends(synapses))
        return max(COUNTER.low, low), min(COUNTER.high, high)

    def shape(self, *sizes: int) -> str:
        """The shape [..., B, N] of these sizes, B put before the last."""
        batch = self.nodes.node("Shape", SPIKES, start=self.batch_axis, end=self.batch_axis + 1)
        parts = [batch, self.nodes.indices(sizes[-1])]
        if sizes[:-1]:
            parts.insert(0, self.nodes.indices(*sizes[:-1]))
        return self.nodes.node("Concat", *parts, axis=0)

    def first(self, population: Population, state: State) -> str:
        """A state before the first step, [B, N]."""
        codes = start(self.model, population, state).astype(self.kind_of(population, state))
        return self.nodes.node("Expand", self.nodes.constant(codes), self.shape(population.neurons))

    def kind_of(self, population: Population, state: State) -> type[np.generic]:
        """What keeps a state from step to step."""
        return np.float64 if population.name in self.ranges else kind_of(state)

    def late(self, name: str, within: Iterable[str]) -> int:
        """The most steps for which the spikes of a population are kept for some others."""
        into = (each.projection for post in within for each in self.synapses[post])
        return max((p.delay for p in into if p.pre == name), default=0)

    def shows(self, name: str, made: str, kind: type, *shape: int | str) -> None:
        """Makes a value an output of that name."""
        self.ends.results.append((name, made))
        self.ends.outputs.append(described(name, kind, shape))

    def as_spikes(self, nodes: Nodes, fired: str) -> str:
        """Truth values as spikes uint8."""
        return nodes.text(f"Cast({fired}, to=UINT8)")


class Region:
    """Populations that are stepped together in `scopes`.

    `complete` are the spikes of all steps of populations before it, uint8 [T, B, N]; `now` those of
    this step [B, N], which grow with each population that is advanced; `rings` are those of the
    last steps [D, B, N], with D.
    """

    def __init__(
        self,
        network: Network,
        scopes: Scopes,
        complete: Mapping[str, str],
        now: Mapping[str, str],
        rings: Mapping[str, tuple[str, int]],
    ) -> None:
        self.network, self.scopes = network, scopes
        self.complete, self.now, self.rings = complete, dict(now), rings

    def advance(self, population: Population, states: Mapping[str, str]) -> Done:
        """A step of a population."""
        ports = {port: self._port(population, port) for port in step_of(population).ports}
        ranges = self.network.ranges.get(population.name)
        if ranges is not None:
            return whole_step(self.network.model, population, self.scopes, ports, states, ranges)
        return advance(self.network.model, population, self.scopes, ports, states)

    def fire(self, population: Population, done: Done) -> str:
        """Its spikes in this step, uint8 [B, N], which others now receive, or the numbers that it
        sends."""
        fired = self.network.as_spikes(self.scopes.body, self.full(done.spiked, population))
        self.now[population.name] = fired
        if self.network.is_number(population):
            self.now[population.name] = self.number(population, done)
        return fired

    def number(self, population: Population, done: Done) -> str:
        """The numbers that it sends, int32 [B, N]."""
        made = self.full(done.states[LAST_EMITTED], population)
        is_whole = population.name in self.network.ranges
        return self.scopes.body.text(f"Cast({made}, to=INT32)") if is_whole else made

    def full(self, value: Value, population: Population) -> str:
        """The name in the step of truth values, codes int32 or floats [B, N], also of those that
        all neurons and samples share."""
        kind = value.kind if value.kind in ("bool", "f32") else "i32"
        if population.name in self.network.ranges and kind != "bool":
            kind = KIND
        name = self.scopes.name(value, kind, Level.STEP)
        if value.level is Level.STEP:
            return name
        return self.scopes.body.node("Expand", name, self.network.shape(population.neurons))

    def _port(self, population: Population, port: str) -> Value:
        """The sum that arrives."""
        into = self.network.synapses[population.name]
        sums = [self._arriving(each) for each in into if each.projection.port == port]
        if sums:
            return reduce(self._plus, sums)
        is_real = not self.network.model.graph.semantics.integers
        return real(0.0) if is_real else constant(np.array(0, np.int32))

    def _arriving(self, synapses: AnySynapses) -> Value:
        pre, delay = synapses.projection.pre, synapses.projection.delay
        sent, ends = self.network.sent_ends(synapses), self.network.arriving_ends(synapses)
        if pre in self.complete:
            outer = self.scopes.outer
            name = synapses.delivered(outer, later(outer, self.complete[pre], delay), sent)
            return Value(synapses.kind, *ends, name, Level.ALL)
        body = self.scopes.body
        spikes = past(body, *self.rings[pre], delay) if delay else self.now[pre]
        made = synapses.delivered(body, spikes, sent)
        return Value(synapses.kind, *ends, made, Level.STEP)

    def _plus(self, one: Value, other: Value) -> Value:
        level = max(one.level, other.level)
        names = [self.scopes.name(each, one.kind, level) for each in (one, other)]
        name = self.scopes.at(level).node("Add", *names)
        return Value(one.kind, *joint([(one.low, one.high), (other.low, other.high)]), name, level)


def joint(ends: Iterable[tuple[int, int]]) -> tuple[int, int]:
    """The least and the most that a port holds, of those of what arrives; no sum leaves 32 bits."""
    lows, highs = zip((0, 0), *ends, strict=True)
    return max(COUNTER.low, sum(lows)), min(COUNTER.high, sum(highs))


def kept(populations: Iterable[Population]) -> list[tuple[Population, State]]:
    """The states that steps of these change."""
    return [(p, s) for p in populations if p.step is not None for s in moving(p)]
