"""Gradients through time in float64: every scan by the adjoint of a neuron's step.

    loss -> dL/d(what each neuron emits) -> scan of its step, backwards -> dL/d(what arrived)
         -> dL/d(weights) = sum over steps of emitted[t - delay]^T arrived~[t]; W arrived~[t] below

Populations are taken against their order of evaluation, step by step, so that loops and delays are
no other case than layers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ....ir.adjoint.step import (
    EMITTED,
    NEXT,
    SPIKE,
    StepAdjoint,
    Surrogate,
    adjoint_of,
)
from ....ir.expr import Expr, evaluate
from ....ir.graph import Call, Graph, Population, Projection
from ....ir.model import Model, start_of, value_name
from ....ir.neuron import KEEP, LAST_EMITTED, SPIKED, State
from ....ir.noise import is_noise, noises, noisy
from ....ir.passes.derived import derived
from ....ir.passes.pipeline import run_model_passes
from ....ir.tensors import numbers
from ....ir.wiring import Wiring
from ...losses.table import LOSSES, ScoreLoss, TrainLoss, judge
from ...losses.trains import slopes
from ...reference.network import Simulation, simulate

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Gradients:
    """dL/d weights by projection, in the shape of its wiring's; dL/d(parameter) of those that are
    learnt, by their names among the model's values, in their shape; dL/d(what arrived) [T, B, N]
    by population and port."""

    weights: dict[str, Floats]
    parameters: dict[str, Floats]
    arrived: dict[str, dict[str, Floats]]


def gradients_through_time(
    model: Model,
    inputs: Mapping[str, npt.NDArray[Any]],
    asked: Mapping[str, Floats],
    surrogates: Mapping[str, Surrogate],
    factors: Mapping[str, Floats] | None = None,
) -> Gradients:
    """The gradients of a loss of which dL/d(what is emitted), [T, B, N] by population, is `asked`.

    `inputs` bool [T, B, N] by input population; the model's graph went through the pipeline.
    `surrogates` by population; `factors` [B, N] of what it sends, see `ir.dropout`.
    """
    trace = simulate(model, inputs, np.float64, record=True, factors=factors)
    adjoints = {
        p.name: adjoint_of(p.step, surrogates[p.name], p.span)
        for p in run_model_passes(model).graph.populations
        if p.step is not None
    }
    return Backward(model, trace, asked, adjoints, factors=factors).gradients()


class Backward:
    """The sweep, from the last step on: what the states and ports of each population ask, by the
    adjoints of their steps as `passes.settle` leaves them; `final` is what a loss asks of the last
    states, [B, N] by population and state; no error passes the projections `cut`. What populations
    in `factors` sent was multiplied by these, [B, N].

    Parameters that are learnt are states there that nothing assigns, so that dL/d(where a state
    starts) is all that their gradients follow from.
    """

    def __init__(
        self,
        model: Model,
        trace: Simulation,
        asked: Mapping[str, Floats],
        adjoints: Mapping[str, StepAdjoint],
        final: Mapping[str, dict[str, Floats]] | None = None,
        cut: frozenset[str] = frozenset(),
        factors: Mapping[str, Floats] | None = None,
    ) -> None:
        self.cut, self.factors = cut, factors or {}
        self.given, self.model = model, run_model_passes(model)
        self.trace, self.emitted = trace, trace.emitted
        self.asked, self.adjoints = asked, adjoints
        graph = self.model.graph
        self.order = _in_order(graph)
        self.steps, self.batch = next(iter(self.emitted.values())).shape[:2]
        self.matrices = {
            p.name: matrix_of(model.weights(p.name), model.wirings[p.name])
            for p in graph.projections
        }
        self.arrived = {
            p.name: {port: np.zeros((self.steps, self.batch, p.neurons)) for port in p.step.ports}
            for p in self.order
            if p.step is not None
        }
        self.moved = {  # what asks the spikes that arrived, if not that
            name: {port: np.zeros_like(array) for port, array in ports.items()}
            for name, ports in self.arrived.items()
            if adjoints[name].moved is not None
        }
        self.later = {p.name: dict((final or {}).get(p.name, {})) for p in self.order}
        self.own = {  # before each step, [T + 1, B, N]
            p.name: {
                s.name: np.zeros((self.steps + 1, self.batch, p.neurons))
                for s in adjoints[p.name].own
            }
            for p in self.order
        }
        for population in self.order:
            self._fill_own(population)

    def _fill_own(self, population: Population) -> None:
        """The states that the adjoint has beside the step's, from the first step on."""
        own = self.own[population.name]
        for t in range(self.steps if own else 0):
            values = self._forward(population, self.adjoints[population.name], t)
            for state, array in own.items():
                array[t + 1] = values[f"{state}:1"]

    def gradients(self) -> Gradients:
        """The whole sweep."""
        for t in reversed(range(self.steps)):
            for population in reversed(self.order):
                self.step(population, t)
        trained = [p for p in self.model.graph.projections if p.trainable]
        weights = {p.name: self.weight_gradient(p) for p in trained}
        return Gradients(weights, self.parameters(), self.arrived)

    def parameters(self) -> dict[str, Floats]:
        """dL/d of every learnt parameter, by where the states of its population start."""
        found: dict[str, Floats] = {}
        for population in self.given.graph.populations:
            names = {k.name: value_name(population.name, k.name) for k in population.learnt}
            values = {k: numbers(self.given.values[n]) for k, n in names.items()}
            if not names:
                continue
            made, nothing = derived(population, self.given.graph.dt), np.zeros(population.neurons)
            starts = {
                name: nothing + np.sum(self.later[population.name].get(name, 0.0), axis=0)
                for name in made.numbers
            }
            asked = made.gradients({k: v.astype(np.float64) for k, v in values.items()}, starts)
            found |= {
                n: asked[k].sum() if values[k].ndim == 0 else asked[k] for k, n in names.items()
            }
        return found

    def value(self, expr: Expr, values: Mapping[str, Any]) -> Any:
        """What an expression comes to."""
        return evaluate(expr, values, np.float64)

    def step(self, population: Population, t: int) -> None:
        """Step t of one population, backwards."""
        adjoint, step = self.adjoints[population.name], population.step
        assert step is not None
        values = self._forward(population, adjoint, t)
        nothing = np.zeros((self.batch, population.neurons))
        for state in step.states:
            values[state.name + NEXT] = self.later[population.name].get(state.name, nothing)
        values[SPIKE if step.emit is None else EMITTED] = self._asked(population, t)
        for assign in adjoint.backward:
            values[assign.target] = self.value(assign.value, values)
        spread = {
            name: np.broadcast_to(values[n], nothing.shape) for name, n in adjoint.ports.items()
        }
        for port, value in spread.items():
            self.arrived[population.name][port][t] = value
        for port, name in (adjoint.moved or {}).items():
            self.moved[population.name][port][t] = values[name]
        self.later[population.name] = {
            s: np.broadcast_to(values[n], nothing.shape) for s, n in adjoint.states.items()
        }

    def _forward(self, population: Population, adjoint: StepAdjoint, t: int) -> dict[str, Any]:
        """All forward names of step t, from the states before it and what arrived in it."""
        step = population.step
        assert step is not None
        values: dict[str, Any] = dict(zip(step.constants, population.constants, strict=True))
        for state in step.states:
            before = self.trace.history[population.name][state.name]
            values[state.name] = before[t - 1] if t else self._start(population, state)
        values |= {state: array[t] for state, array in self.own[population.name].items()}
        for port in step.ports:
            values[port] = self._port(population, port, t)
        is_other = step.emit is not None or population.name in self.factors
        spikes = self.trace.spikes if is_other else self.emitted
        for assign in adjoint.forward:
            fired = assign.target == SPIKED
            value = spikes[population.name][t] if fired else self.value(assign.value, values)
            values[assign.target] = value
        return values

    def _start(self, population: Population, state: State) -> Any:
        step = population.step
        assert step is not None
        constants = dict(zip(step.constants, population.constants, strict=True))
        return start_of(self.model, population, state, constants, np.float64)

    def _port(self, population: Population, port: str, t: int) -> Floats:
        if is_noise(port):
            return self.emitted[value_name(population.name, port)][t].astype(np.float64)
        total = np.zeros((self.batch, population.neurons))
        for p in self.model.graph.projections:
            if (p.post, p.port) == (population.name, port) and t >= p.delay:
                total += self.emitted[p.pre][t - p.delay].astype(np.float64) @ self.matrices[p.name]
        return total

    def _asked(self, population: Population, t: int) -> Floats:
        """dL/d(what the population emitted in step t): by the loss, and by all that it reached."""
        total = np.zeros((self.batch, population.neurons))
        if population.name in self.asked:
            total += self.asked[population.name][t]
        for p in self.model.graph.projections:
            if p.pre == population.name and t + p.delay < self.steps and p.name not in self.cut:
                asking = self.moved.get(p.post, self.arrived[p.post])
                total += asking[p.port][t + p.delay] @ self.matrices[p.name].T
        return total * self.factors.get(population.name, 1.0)

    def weight_gradient(self, projection: Projection) -> Floats:
        """dL/d of every weight of a projection, in the shape of its wiring's."""
        delay = projection.delay
        sent = self.emitted[projection.pre][: max(0, self.steps - delay)].astype(np.float64)
        arrived = self.arrived[projection.post][projection.port][delay:]
        full = np.einsum("tbi,tbj->ij", sent, arrived)
        return gathered(full, self.model.wirings[projection.name])


def _in_order(graph: Graph) -> list[Population]:
    """The populations with a step, in their order of evaluation."""
    assert graph.schedule is not None
    index = graph.index()
    names = [name for block in graph.schedule for name in block.populations]
    return [index[name] for name in names if index[name].step is not None]


def matrix_of(weights: npt.NDArray[Any], wiring: Wiring) -> Floats:
    """The weights as [pre, post]; synapses of one pair add up."""
    pre, post = wiring.pairs()
    matrix = np.zeros((wiring.pre_neurons, wiring.post_neurons))
    np.add.at(matrix, (pre, post), weights.ravel()[wiring.places()].astype(np.float64))
    return matrix


def gathered(matrix: Floats, wiring: Wiring) -> Floats:
    """What every weight has of a number for every pair, [pre, post]: `matrix_of` transposed."""
    pre, post = wiring.pairs()
    sums = np.zeros(int(np.prod(wiring.weight_shape)))
    np.add.at(sums, wiring.places(), matrix[pre, post])
    return sums.reshape(wiring.weight_shape)


class SampleGradients(NamedTuple):
    """The gradients of one sample by projection, its cost, and the gradients of parameters."""

    gradients: dict[str, Floats]
    cost: float
    parameters: dict[str, Floats]


def sample_gradients(
    model: Model,
    emitted: Mapping[str, npt.NDArray[Any]],
    label: int,
    loss: Call,
    adjoints: Mapping[str, StepAdjoint],
    importance: float,
    cut: frozenset[str] = frozenset(),
    is_forced: bool = False,
    factors: Mapping[str, Floats] | None = None,
) -> SampleGradients:
    """Those of a loss over the output's counts or scores, from what the neurons do in float32, as
    they do on the engines; `emitted` [T, N] of every population: what its inputs and sources send,
    and the spikes of the others, which must be what they do or, `is_forced`, are what they do; the
    noise by "<population>/<port>". `cut` as in `Backward`, and `factors`, [N]."""
    graph = model.graph
    output = next(p for p in graph.populations if p.role == "output")
    given = [p.name for p in graph.populations if p.model is None]
    given += [value_name(p.name, port) for p in noisy(graph) for _, port in noises(p)]
    inputs = {name: emitted[name][:, None] for name in given}
    forced = {p.name: emitted[p.name][:, None] for p in graph.populations if is_forced and p.step}
    shared = {name: each[None] for name, each in (factors or {}).items()}
    trace = simulate(model, inputs, np.float32, record=True, forced=forced, factors=shared)
    for p in graph.populations:
        if p.step is not None:
            assert np.array_equal(trace.spikes[p.name][:, 0], emitted[p.name]), p.name
    is_timed = any(a.moved is not None for a in adjoints.values())
    asked, final, cost = _asked(loss, trace, output.name, label, graph.dt, importance, is_timed)
    ends = {output.name: asked}, adjoints, {output.name: final}
    found = Backward(model, trace, *ends, cut, shared).gradients()
    return SampleGradients(found.weights, cost, found.parameters)


def _asked(
    loss: Call,
    trace: Simulation,
    output: str,
    label: int,
    dt: float,
    importance: float,
    is_timed: bool,
) -> tuple[Floats, dict[str, Floats], float]:
    """What a loss asks of the one sample's output spikes [T, 1, outputs], or of their times, and of
    the last states, and its cost."""
    spikes, row = trace.spikes[output][:, 0], LOSSES[loss.kind]
    if isinstance(row, TrainLoss):
        asked, costs = row.terms(loss, spikes, label, dt)
        asked = row.moved(loss, spikes, label, dt) if is_timed else asked
        return importance * asked[:, None], {}, float(costs.sum())
    score = trace.states[output].get(LAST_EMITTED) if isinstance(row, ScoreLoss) else None
    errors, costs, _ = judge(
        loss, spikes.sum(axis=0) if score is None else score[0], label, len(spikes)
    )
    asked = np.tile(importance * errors, (len(spikes), 1, 1))
    if score is None:
        return asked, {}, float(costs.sum())
    keep = trace.states[output].get(KEEP)
    if keep is not None:  # a spike adds to the sum of PSCs what the steps that are left let it
        left = np.arange(len(spikes), 0, -1)[:, None, None]
        asked = asked * (1.0 - keep**left)
        return slopes(asked) if is_timed else asked, {}, float(costs.sum())
    return np.zeros_like(asked), {LAST_EMITTED: asked[0]}, float(costs.sum())
