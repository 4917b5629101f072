"""Pass: turn each neuron model into the straight-line code of one step of dt."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from ..analysis.leak import Rates, leaks
from ..bounded import extremes
from ..calls import number
from ..diagnostics import CompileError, Diagnostic, Span
from ..expr import Const, Ref, evaluate, names
from ..graph import Call, Graph, Population
from ..neuron import KEEP, LAST_EMITTED, REFRACTORY, TRACE, NeuronModel, NeuronStep, State
from ..ranges import unfit_filter
from ..schemes import SCHEMES, Scheme
from ..types import DType
from ..verify.synapses import synapse_problems
from .watch import watched, watched_emission

REFRACTORY_STEPS = "refractory.steps"


@dataclass(frozen=True, slots=True)
class Discretize:
    """Every population with a model has a step afterwards; its constants are the parameters."""

    name: str = "discretize"
    requires: frozenset[str] = frozenset({"shapes"})
    ensures: frozenset[str] = frozenset({"shapes", "steps"})

    def run(self, graph: Graph) -> Graph:
        """The graph with steps; each model is worked out once for each method."""
        senders = frozenset(p.pre for p in graph.projections)
        work = _Work(graph.dt, senders, {}, {}, {}, [])
        work.found.extend(synapse_problems(graph))
        populations = tuple(p if p.model is None else work.stepped(p) for p in graph.populations)
        if work.found:
            raise CompileError(work.found)
        return replace(graph, populations=populations)


@dataclass(frozen=True, slots=True)
class _Work:
    """What one run has worked out so far. Keys hold ids of models, which the graph keeps alive."""

    dt: float
    senders: frozenset[str]  # populations
    steps: dict[tuple[int, str], tuple[NeuronStep, Scheme] | None]
    constants: dict[tuple[int, str, tuple[tuple[str, float], ...]], tuple[float, ...]]
    rates: dict[int, Rates]
    found: list[Diagnostic]

    def stepped(self, population: Population) -> Population:
        """The population with its step and constants; as it is if a mistake was found."""
        made = self._step(population)
        if made is None:
            return population
        step, scheme = made
        self.found.extend(_unfit_readout(population, self.dt))
        step = scored(step, population.readout, self.dt)
        if population.name in self.senders:
            step = watched_emission(step)
        key = (id(population.model), population.method, population.parameters)
        if key not in self.constants:
            self.constants[key] = self._values(population, scheme)
        return replace(population, step=step, constants=self.constants[key])

    def _step(self, population: Population) -> tuple[NeuronStep, Scheme] | None:
        assert population.model is not None
        key = (id(population.model), population.method)
        if key not in self.steps:
            self.steps[key] = self._make(population.model, population)
        return self.steps[key]

    def _make(self, model: NeuronModel, population: Population) -> tuple[NeuronStep, Scheme] | None:
        try:
            scheme = SCHEMES[population.method].scheme(model, self.dt)
        except CompileError as error:
            self.found.extend(_at(d, population.span) for d in error.diagnostics)
            return None
        return assemble(model, scheme), scheme

    def _values(self, population: Population, scheme: Scheme) -> tuple[float, ...]:
        model, parameters = population.model, dict(population.parameters)
        assert model is not None
        values = [parameters[p.name] for p in model.parameters]
        found = (list(_too_fast(p, self.dt, self.rates)) for p in _corners(population))
        self.found.extend(next((mistakes for mistakes in found if mistakes), []))
        if model.refractory is not None:
            with np.errstate(all="ignore"):
                duration = float(evaluate(model.refractory.duration, parameters, np.float64))
            mistake = _duration_mistake(duration, self.dt, population)
            if mistake is not None:
                self.found.append(mistake)
                return ()
            values.append(float(round(duration / self.dt)))
        own = tuple(map(float, scheme.own.values(parameters)))
        if not np.isfinite(own).all():
            self.found.append(_no_step(population))
        return (*values, *own)


def _no_step(population: Population) -> Diagnostic:
    assert population.model is not None
    read = frozenset[str]().union(*(names(ode.value) for ode in population.model.derivatives))
    given = [f"`{name} = {value:g}`" for name, value in population.parameters if name in read]
    return Diagnostic(
        "E022",
        f"the parameters of `{population.name}` give no finite step by `{population.method}`",
        population.span,
        help=f"check {', '.join(given)}" if given else "its equations grow too fast",
    )


def _corners(population: Population) -> Iterator[Population]:
    """The population, and with all parameters that learn at one end of their ranges."""
    yield population
    for end in (0, 1):
        moved = {k.name: extremes(k)[end] for k in population.learnt}
        moved = {name: value for name, value in moved.items() if np.isfinite(value)}
        if moved:
            parameters = dict(population.parameters) | moved
            yield replace(population, parameters=tuple(parameters.items()))


def _too_fast(population: Population, dt: float, rates: dict[int, Rates]) -> Iterator[Diagnostic]:
    """E046 for every state that a step would carry past its rest, where it swings, or away."""
    falls = SCHEMES[population.method].falls
    if falls == np.inf:
        return
    for leak in leaks(population, rates):
        if leak.rate * dt < -falls - 1e-9:
            longest = f"a dt of at most {-falls / leak.rate:.10g} ms"
            yield Diagnostic(
                "E046",
                f"dt = {dt:g} ms is too long for {_A_STEP[falls > 1.0]} of `{leak.state}` of "
                f"`{population.name}`, which falls by {-leak.rate * dt:.4g} of itself in it and "
                f"would {_WHERE[falls > 1.0]}",
                population.span,
                help=f"write `method exact`, or take {longest}"
                + (f"; it follows {', '.join(leak.reads)}" if leak.reads else ""),
            )


_A_STEP = {False: "an Euler step", True: "a Runge-Kutta step"}
_WHERE = {False: "swing around its rest", True: "leave its rest"}


def _at(diagnostic: Diagnostic, span: Span | None) -> Diagnostic:
    return diagnostic if span is None else replace(diagnostic, span=span)


def _duration_mistake(duration: float, dt: float, population: Population) -> Diagnostic | None:
    if not 0.0 <= duration < 2.0**31 * dt:
        return Diagnostic(
            "E022",
            f"the refractory time of `{population.name}` is {duration:g} ms",
            population.span,
            help="it must be 0 ms or more",
        )
    steps = duration / dt
    if abs(steps - round(steps)) <= 1e-6 * max(1.0, steps):
        return None
    return Diagnostic(
        "E045",
        f"the refractory time of `{population.name}` is {duration:g} ms, which is {steps:g} steps "
        f"of {dt:g} ms",
        population.span,
        help=f"choose a multiple of dt, such as {round(steps) * dt:.10g} ms, or change dt"
        + _whole(population),
    )


def _whole(population: Population) -> str:
    """How neurons have refractory times of their own."""
    assert population.model is not None
    assert population.model.refractory is not None
    read = names(population.model.refractory.duration)
    if not read & {name for name, _ in population.drawn}:
        return ""
    return "; whole steps are a function of the index, `1 ms * (1 + i % 3)`, or come from a file"


def assemble(model: NeuronModel, scheme: Scheme) -> NeuronStep:
    """The whole step: the scheme's phases, and those that the model writes down itself."""
    step = NeuronStep(
        (*model.states, *scheme.extra_states),
        model.ports,
        (*(p.name for p in model.parameters), *scheme.constants),
        scheme.decay,
        scheme.deliver,
        scheme.integrate,
        threshold=model.spike,
        reset=model.on_spike,
        emit=model.emit,
    )
    return watched(step if model.refractory is None else _with_counter(step, model))


def _unfit_readout(population: Population, dt: float) -> Iterator[Diagnostic]:
    """E051 where the filter of an output's spikes is none."""
    readout = population.readout
    if readout is None or "tau" not in dict(readout.arguments):
        return
    reason = unfit_filter(number(readout, "tau"), dt)
    if reason:
        yield Diagnostic(
            "E051",
            f"`tau` of `readout = {readout.kind}(…)` is {number(readout, 'tau'):g} ms, {reason}",
            population.span,
            help="choose another one, or another dt",
        )


def scored(step: NeuronStep, readout: Call | None, dt: float) -> NeuronStep:
    """The step, which keeps what it emits, if it emits a number, or what an output is read by, if
    that is not its count."""
    if readout is not None:
        starts = SCORED[readout.kind](readout, dt)
        states = (State(name, "1", Const(start)) for name, start in starts.items())
        return replace(step, states=(*step.states, *states))
    if step.emit is None:
        return step
    last = State(LAST_EMITTED, "1", Const(0.0, step.emit.dtype), step.emit.dtype)
    return replace(step, states=(*step.states, last))


# The states of an output that is read by a row of `rules.READOUTS`, and where they start.
SCORED: dict[str, Callable[[Call, float], dict[str, float]]] = {
    "first_spike": lambda readout, dt: {LAST_EMITTED: 0.0},
    "psc": lambda readout, dt: {
        KEEP: 1.0 - dt / number(readout, "tau"),
        TRACE: 0.0,
        LAST_EMITTED: 0.0,
    },
}


def _with_counter(step: NeuronStep, model: NeuronModel) -> NeuronStep:
    assert model.refractory is not None
    parameters = len(model.parameters)
    return replace(
        step,
        states=(*step.states, State(REFRACTORY, "1", Const(0, DType.I32), DType.I32)),
        constants=(*step.constants[:parameters], REFRACTORY_STEPS, *step.constants[parameters:]),
        hold=model.refractory.hold,
        refractory=Ref(REFRACTORY_STEPS, DType.I32),
    )
