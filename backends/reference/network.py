"""The oracle: a network simulated by NumPy, step by step, slowly and obviously right."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from ...ir.expr import NUMPY, Expr, evaluate
from ...ir.graph import SUMS, Graph, Population, Projection
from ...ir.integers.population import sends
from ...ir.model import Model, start_of, value_name, weights_name
from ...ir.neuron import SPIKED, Assign, NeuronStep, port_types, types_read
from ...ir.noise import is_noise
from ...ir.passes.pipeline import run_model_passes
from ...ir.passes.schedule import is_stepwise
from ...ir.rules import sends_numbers
from ...ir.tensors import Tensor
from ...ir.types import FLOATS, DType, Fixed, Scalar
from ...ir.verify.durations import steps_of
from ..runnable import require_clocked
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

    `inputs` are [T, B, N] by input population and source: spikes, how often a source fires, or the
    numbers that an input sends; by "<population>/<port>" the noise of its equations. In step t
    populations are evaluated in schedule order; a projection of delay d brings what its pre
    population emitted in step t - d, each value times its weight. All arithmetic is in `real`; a
    port sums one by one: the projections from other blocks in graph order, then those from the
    population's own block, or whose synapses have states, in graph order, in each the delays, if it
    has several, and the pre neurons ascending. Fixed-point numbers are their codes, in int64. Of
    the populations in `forced` the spikes are given, [T, B, N], whatever their thresholds say.
    `shape` (T, B) is that of a network without inputs; else its graph says T, and B is 1. What
    those in `factors` send is multiplied by these, [B, N], see `ir.dropout`. `looks` are the steps
    after which the synapses of projections are looked at.
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


@dataclass(frozen=True, slots=True, eq=False)
class _Code:
    """A step as straight-line code, with its constants and the NumPy types of its ports."""

    step: NeuronStep
    constants: dict[str, Any]
    ports: dict[str, Any]
    update: tuple[Assign, ...]
    spike: Expr
    after: tuple[Assign, ...]


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
        self.codes: dict[str, _Code] = {}
        self.incoming: dict[str, list[Synapses]] = {name: [] for name in self.populations}
        for projection in _in_order_of_arrival(graph):
            self.incoming[projection.post].append(self._synapses(projection))

    def _synapses(self, projection: Projection) -> Synapses:
        wiring = self.model.wirings[projection.name]
        weights = _weights(self.model.values[weights_name(projection.name)], self.real)
        if projection.synapse is None:
            return Plain(projection, wiring, weights)
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
        states = {
            name: self._initial_states(p)
            for name, p in self.populations.items()
            if p.step is not None
        }
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
        if population.source is not None:
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
        return np.zeros(spikes.shape, self._numpy_type(population.step.emit.dtype))

    def _initial_states(self, population: Population) -> dict[str, Array]:
        assert population.step is not None
        constants = self._constants(population)
        return {
            state.name: self._spread(
                population.name, start_of(self.model, population, state, constants, self.real)
            ).astype(self._numpy_type(state.dtype))
            for state in population.step.states
        }

    def _numpy_type(self, dtype: Scalar) -> Any:
        if isinstance(dtype, Fixed):
            return np.int64
        return self.real if dtype in FLOATS else NUMPY[dtype]

    def _constants(self, population: Population) -> dict[str, Any]:
        assert population.step is not None
        types = types_read(population.step)
        return {
            name: self._numpy_type(types.get(name, DType.F32))(value)
            for name, value in zip(population.step.constants, population.constants, strict=True)
        }

    def advance(self, name: str, t: int, trace: Simulation) -> None:
        """Step t of one population, written into the trace."""
        code = self._code_of(name)
        step = code.step
        values: dict[str, Any] = code.constants | trace.states[name]
        fired = np.zeros((self.batch, self.populations[name].neurons), np.uint8)
        with np.errstate(all="ignore"):
            if self.means.sums == "each":
                self._assign(step.decay, values)
                self._deliver_each(self.populations[name], t, trace, values, fired)
                self._assign(step.settled, values)
            else:
                for port, kind in code.ports.items():
                    values[port] = self._port(name, port, kind, t, trace)
                self._assign(code.update, values)
            if self.means.fires_once:
                values[SPIKED] = self._spread(name, evaluate(code.spike, values, self.real))
                if name in self.forced:
                    values[SPIKED] = self.forced[name][t]
                self._assign(code.after, values)
                fired = values[SPIKED]
            else:
                self._fire_often(name, code, values, fired)
            if step.emit is not None:
                trace.emitted[name][t] = evaluate(step.emit, values, self.real)
            if name in self.factors:
                sent = fired if step.emit is None else trace.emitted[name][t]
                trace.emitted[name][t] = self.factors[name] * sent
        trace.spikes[name][t] = fired
        for synapses in self.incoming[name]:
            synapses.answer(t, trace.spikes[name][t])
        for state in step.states:
            kept = self._spread(name, values[state.name]).astype(self._numpy_type(state.dtype))
            trace.states[name][state.name] = kept
            if trace.history:
                trace.history[name][state.name][t] = kept

    def _fire_often(self, name: str, code: _Code, values: dict[str, Any], fired: Array) -> None:
        """Fire as long as the threshold holds, up to the most spikes of a step; `fired` [B, N] are
        those that there were already."""
        for _ in range(self.means.spikes_per_step):
            holds = self._spread(name, evaluate(code.spike, values, self.real))
            values[SPIKED] = holds & (fired < self.means.spikes_per_step)
            self._assign(code.step.again, values)
            fired += values[SPIKED]
        values[SPIKED] = fired > 0
        self._assign(code.step.closing, values)

    def _code_of(self, name: str) -> _Code:
        """The straight-line code of a population, worked out in its first step."""
        if name not in self.codes:
            population = self.populations[name]
            step = population.step
            assert step is not None
            ports = {port: self._numpy_type(dtype) for port, dtype in port_types(step).items()}
            constants = self._constants(population)
            self.codes[name] = _Code(step, constants, ports, step.update, step.spike, step.after)
        return self.codes[name]

    def _assign(self, assigns: tuple[Assign, ...], values: dict[str, Any]) -> None:
        for assign in assigns:
            values[assign.target] = evaluate(assign.value, values, self.real)

    def _deliver_each(
        self,
        population: Population,
        t: int,
        trace: Simulation,
        values: dict[str, Any],
        fired: Array,
    ) -> None:
        """Deliver what arrives in step t, one event after the other: the projections in the order
        of arrival, in each the pre neurons ascending, to all of its post neurons. Where thresholds
        are tested after every event, those that fire are added to `fired` [B, N]."""
        assert population.step is not None
        states = {s.name for s in population.step.states}
        for state in states:
            values[state] = np.array(self._spread(population.name, values[state]))
        for synapses in self.incoming[population.name]:
            assert isinstance(synapses, Plain)
            emitted = t - synapses.projection.delay
            if emitted < 0:
                continue
            sent = trace.emitted[synapses.projection.pre][emitted]
            is_number = sends(self.populations[synapses.projection.pre])
            for sample, neuron in zip(*np.nonzero(sent), strict=True):
                post, weights = synapses.rows[synapses.projection.delay][neuron]
                arriving = weights * (sent[sample, neuron] if is_number else 1)
                for _ in range(1 if is_number else int(sent[sample, neuron])):
                    here = {n: v[sample, post] if n in states else v for n, v in values.items()}
                    here[synapses.projection.port] = arriving
                    self._take(population, synapses.projection.port, here, fired[sample], post)
                    for state in states:
                        values[state][sample, post] = here[state]

    def _take(
        self, population: Population, port: str, here: dict[str, Any], fired: Array, post: Array
    ) -> None:
        """What an event does to the neurons `post`, whose values are `here`; `fired` [N]."""
        code = self._code_of(population.name)
        for assign in code.step.delivered(port):
            here[assign.target] = evaluate(assign.value, here, self.real)
        if self.means.threshold == "event":
            holds = np.broadcast_to(evaluate(code.spike, here, self.real), post.shape)
            here[SPIKED] = holds & (fired[post] < self.means.spikes_per_step)
            for assign in code.step.again:
                here[assign.target] = evaluate(assign.value, here, self.real)
            fired[post] += here[SPIKED]

    def _spread(self, name: str, value: Any) -> Array:
        """A value for every neuron, also where the expression has one for all."""
        return np.broadcast_to(value, (self.batch, self.populations[name].neurons))

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


def _in_order_of_arrival(graph: Graph) -> list[Projection]:
    """Projections between blocks, which are complete by then, before those that are looked at step
    by step."""
    assert graph.schedule is not None
    block = {name: k for k, b in enumerate(graph.schedule) for name in b.populations}
    return sorted(graph.projections, key=lambda p: is_stepwise(p, block))


def _weights(value: Tensor, real: Real) -> Array:
    """Weights as they are multiplied: codes as they are, all else in `real`."""
    return value.array.astype(np.int64 if isinstance(value.dtype, Fixed) else real)
