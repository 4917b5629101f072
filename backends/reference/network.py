"""The oracle: a network simulated by NumPy, step by step, slowly and obviously right."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from ...ir.graph import SUMS, Graph, Population, Projection
from ...ir.integers.population import sends
from ...ir.model import Model, value_name, weights_name
from ...ir.noise import is_noise
from ...ir.passes.pipeline import run_model_passes
from ...ir.passes.schedule import is_stepwise
from ...ir.rules import sends_numbers
from ...ir.tensors import Tensor
from ...ir.trains import most_given
from ...ir.types import Fixed
from ...ir.verify.durations import steps_of
from ..runnable import require_clocked
from .neurons import Event, Neurons, numpy_type
from .synapses import Plain, Stateful, Synapses

Array = npt.NDArray[Any]
Bits = npt.NDArray[np.bool_]
Real = type[np.floating[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Simulation:
    """What a simulation did. `spikes`: bool [T, B, N] by population, or how many of a neuron in a
    step where there may be several. `emitted`: what left the neurons, [T, B, N]: their spikes, or
    the real numbers that they send; by "<population>/<port>" the noise of its equations. `states`:
    the last values, [B, N] by population and state; `history`: all values [T, B, N] after each
    step, if recorded. `synapses`: what synapses hold, [B, S] by projection, step and name, after
    the steps that are asked for."""

    spikes: dict[str, Bits]
    emitted: dict[str, Array]
    states: dict[str, dict[str, Array]]
    history: dict[str, dict[str, Array]]
    synapses: dict[str, dict[int, dict[str, Array]]] = field(default_factory=dict)


def simulate(
    model: Model,
    inputs: Mapping[str, Array],
    real: Real = np.float64,
    record: bool = False,
    forced: Mapping[str, Array] | None = None,
    factors: Mapping[str, Array] | None = None,
    shape: tuple[int, int] | None = None,
    looks: Mapping[str, Collection[int]] | None = None,
) -> Simulation:
    """The trace of a model whose graph went through the pipeline.

    `inputs` are [T, B, N] by input population and source: spikes, how often each fires, or the
    numbers that an input sends; by "<population>/<port>" the noise of its equations. In step t
    populations are evaluated in schedule order; a projection of delay d brings what its pre
    population emitted in step t - d, each value times its weight, of an input each spike by itself.
    All arithmetic is in `real`; a port sums one by one: the projections from other blocks in graph
    order, then those from the population's own block, or whose synapses have states, in graph
    order, in each the delays, if it has several, and the pre neurons ascending. Fixed-point numbers
    are their codes, in int64. Of the populations in `forced` the spikes are given, [T, B, N],
    whatever their thresholds say. `shape` (T, B) is that of a network without inputs; else its
    graph says T, and B is 1. What those in `factors` send is multiplied by these, [B, N], see
    `ir.dropout`. `looks` are the steps after which the synapses of projections are looked at.
    """
    model = run_model_passes(model)
    graph = model.graph
    assert graph.schedule is not None, "the pass `schedule` must have run"
    require_clocked(graph, tuple(SUMS), fires_often=True)
    shapes = {a.shape[:2] for a in inputs.values()} or {shape or (steps_of(graph), 1)}
    assert len(shapes) == 1, f"inputs of different steps or batch: {shapes}"
    network = _Network(model, inputs, real, forced or {}, factors or {}, *shapes)
    trace = network.silent_trace(record)
    for t in range(network.steps):
        for block in graph.schedule:
            for name in block.populations:
                if name not in inputs:
                    network.advance(name, t, trace)
        network.look(t, looks or {}, trace)
    return trace


class _Network:
    """A graph with its wiring, weights and inputs at hand."""

    def __init__(
        self,
        model: Model,
        inputs: Mapping[str, Array],
        real: Real,
        forced: Mapping[str, Array],
        factors: Mapping[str, Array],
        shape: tuple[int, int],
    ) -> None:
        self.model, graph, self.forced = model, model.graph, forced
        self.factors = factors
        self.means = graph.semantics
        self.populations = graph.index()
        self.inputs = inputs
        self.real = real
        self.steps, self.batch = shape
        self.neurons = {
            name: Neurons(model, p, self.batch, real)
            for name, p in self.populations.items()
            if p.step is not None
        }
        self.incoming: dict[str, list[Synapses]] = {name: [] for name in self.populations}
        for projection in in_order_of_arrival(graph):
            self.incoming[projection.post].append(self._synapses(projection))

    def _synapses(self, projection: Projection) -> Synapses:
        wiring = self.model.wirings[projection.name]
        weights = _weights(self.model.values[weights_name(projection.name)], self.real)
        if projection.synapse is None:
            is_each = most_given(self.populations[projection.pre]) > 1
            return Plain(projection, wiring, weights, is_each)
        shape = self.steps, self.batch
        return Stateful(projection, wiring, weights, self.model.graph.dt, shape)

    def look(self, t: int, looks: Mapping[str, Collection[int]], trace: Simulation) -> None:
        """Note in the trace what synapses hold after step t, where that is asked for."""
        for synapses in (s for incoming in self.incoming.values() for s in incoming):
            name = synapses.projection.name
            if isinstance(synapses, Stateful) and t in looks.get(name, ()):
                trace.synapses.setdefault(name, {})[t] = synapses.values(t)

    def silent_trace(self, record: bool) -> Simulation:
        """The trace before the first step: inputs filled in, states at their initial values."""
        kind = np.bool_ if self.means.spikes_per_step == 1 else np.uint8
        spikes: dict[str, Any] = {
            name: self._given(p, kind) for name, p in self.populations.items()
        }
        states = {name: dict(n.states) for name, n in self.neurons.items()}
        history = {
            name: {
                state: np.zeros((self.steps, *values.shape), values.dtype)
                for state, values in of_population.items()
            }
            for name, of_population in (states if record else {}).items()
        }
        emitted = {name: self._sent(p, spikes[name]) for name, p in self.populations.items()}
        emitted |= {name: a for name, a in self.inputs.items() if name not in self.populations}
        return Simulation(spikes, emitted, states, history)

    def _given(self, population: Population, kind: type) -> Bits:
        """The spikes of an input or a source, no spikes of another population."""
        if population.source is not None or most_given(population) > 1:
            return self.inputs[population.name].astype(np.uint8)
        if population.name in self.inputs and not sends_numbers(population):
            return self.inputs[population.name].astype(bool).astype(kind)
        return np.zeros((self.steps, self.batch, population.neurons), kind)

    def _sent(self, population: Population, spikes: Bits) -> Array:
        """What a population sends: its spikes, numbers of an input, or zeros to be filled."""
        if sends_numbers(population):
            has_codes = self.model.graph.semantics.integers > 0
            return self.inputs[population.name].astype(np.int64 if has_codes else self.real)
        if population.name in self.factors:
            return np.zeros(spikes.shape, self.real)
        if population.step is None or population.step.emit is None:
            return spikes
        return np.zeros(spikes.shape, numpy_type(population.step.emit.dtype, self.real))

    def advance(self, name: str, t: int, trace: Simulation) -> None:
        """Step t of one population, written into the trace."""
        neurons, is_each = self.neurons[name], self.means.sums == "each"
        kinds = {} if is_each else neurons.ports
        with np.errstate(all="ignore"):
            ports = {p: self._port(name, p, kind, t, trace) for p, kind in kinds.items()}
        events = self._events(name, t, trace) if is_each else ()
        forced = self.forced[name][t] if name in self.forced else None
        fired, numbers = neurons.advance(ports, events, forced)
        if numbers is not None:
            trace.emitted[name][t] = numbers
        if name in self.factors:
            sent = fired if numbers is None else trace.emitted[name][t]
            trace.emitted[name][t] = self.factors[name] * sent
        trace.spikes[name][t] = fired
        for synapses in self.incoming[name]:
            synapses.answer(t, trace.spikes[name][t])
        for state, kept in neurons.states.items():
            trace.states[name][state] = kept
            if trace.history:
                trace.history[name][state][t] = kept

    def _events(self, name: str, t: int, trace: Simulation) -> Iterator[Event]:
        """What arrives in step t, one by one: the projections in the order of arrival, in each the
        pre neurons ascending, to all of its post neurons."""
        for synapses in self.incoming[name]:
            assert isinstance(synapses, Plain)
            projection = synapses.projection
            if t < projection.delay:
                continue
            sent = trace.emitted[projection.pre][t - projection.delay]
            is_number = sends(self.populations[projection.pre])
            for sample, neuron in zip(*np.nonzero(sent), strict=True):
                post, weights = synapses.rows[projection.delay][neuron]
                value = sent[sample, neuron]
                arriving, times = (weights * value, 1) if is_number else (weights, int(value))
                yield Event(projection.port, int(sample), post, arriving, times)

    def _port(self, name: str, port: str, kind: Any, t: int, trace: Simulation) -> Array:
        """The sum of weight x emitted value over what arrives at a port in step t, in codes at a
        port of codes, where it is exact."""
        if is_noise(port):
            noise: Array = self.inputs[value_name(name, port)][t].astype(kind)
            return noise
        total = np.zeros((self.batch, self.populations[name].neurons), kind)
        for synapses in self.incoming[name]:
            if synapses.projection.port == port:
                synapses.bring(t, trace.emitted[synapses.projection.pre], total)
        return total


def in_order_of_arrival(graph: Graph) -> list[Projection]:
    """Projections between blocks, which are complete by then, before those that are looked at step
    by step."""
    assert graph.schedule is not None
    block = {name: k for k, b in enumerate(graph.schedule) for name in b.populations}
    return sorted(graph.projections, key=lambda p: is_stepwise(p, block))


def _weights(value: Tensor, real: Real) -> Array:
    """Weights as they are multiplied: codes as they are, all else in `real`."""
    return value.array.astype(np.int64 if isinstance(value.dtype, Fixed) else real)
