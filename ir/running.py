"""How a network is run without learning: for how long, and what is recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from .diagnostics import CompileError, Diagnostic, Span
from .graph import Call, Graph, Population, Projection
from .model import Model
from .rules import ENCODINGS, GIVEN
from .verify.durations import problem_of

SPIKES = "spikes"  # what a probe sees that is no state


@dataclass(frozen=True, slots=True)
class Probe:
    """What is recorded of the neurons first … end - 1 of a population: their `spikes`, or a state
    by its name, after every `every`-th step, the first of them step `every` - 1. An end of 0 is
    that of the population, whose shape is not known yet (see `settled`).

    With `of_synapses` `population` is the name of a projection, whose synapses are counted by (pre,
    post) in place of neurons; an `every` of 0 is the last step alone, and the end is not known
    before the synapses are drawn (see `with_ends`)."""

    what: str
    population: str
    first: int
    end: int
    every: int = 1
    of_synapses: bool = False
    span: Span | None = field(default=None, compare=False, repr=False)

    @property
    def neurons(self) -> int:
        """How many neurons, or synapses, are seen."""
        return self.end - self.first


@dataclass(frozen=True, slots=True)
class RunSpec:
    """A `run` block: how long [ms] a run lasts, where it says so, and what is recorded."""

    duration: float | None = None
    probes: tuple[Probe, ...] = ()
    span: Span | None = field(default=None, compare=False, repr=False)


def all_of(graph: Graph, has_states: bool) -> tuple[Probe, ...]:
    """The spikes of every population but sources, and all their states that change; those
    of synapses in the last step."""
    fire = (p for p in graph.populations if p.source is None)
    found = [Probe(SPIKES, p.name, 0, p.neurons) for p in fire]
    if has_states:
        found += [Probe(s, p.name, 0, p.neurons) for p in graph.populations for s in seen(p)]
        found += [of_synapses(s, p.name) for p in graph.projections for s in held(p)]
    return tuple(found)


def seen(population: Population) -> tuple[str, ...]:
    """The states of a population that a probe can see: those that change."""
    step = population.step
    return () if step is None else tuple(s.name for s in step.states if s.name not in step.still)


def held(projection: Projection) -> tuple[str, ...]:
    """What of the synapses of a projection a probe can see: their states, and weights that
    change."""
    return () if projection.synapse is None else projection.synapse.model.held


def of_synapses(what: str, projection: str, every: int = 0, span: Span | None = None) -> Probe:
    """A probe of all synapses of a projection."""
    return Probe(what, projection, 0, 0, every, of_synapses=True, span=span)


def with_ends(probes: Sequence[Probe], model: Model) -> tuple[Probe, ...]:
    """The probes, those of synapses with their number."""
    return tuple(
        replace(p, end=model.wirings[p.population].synapses) if p.of_synapses else p for p in probes
    )


def lasting(graph: Graph, duration: float, span: Span | None = None) -> Graph:
    """The network in a run of so many ms: its inputs last as long. CompileError(E062) where one is
    given spike trains, which say themselves how long they last."""
    populations = tuple(_lasting(p, duration, span) for p in graph.populations)
    return replace(graph, populations=populations, duration=duration)


def _lasting(population: Population, duration: float, span: Span | None) -> Population:
    encoding = population.encoding
    if encoding is None or encoding["duration"] == duration:
        return population
    if ENCODINGS[encoding.kind].kernel == GIVEN:
        message = (
            f"the input `{population.name}` is given spike trains, which last as long as "
            f"`encode {encoding.kind}` says"
        )
        way_out = f"write `duration = {duration:.10g} ms` there, or give the run no duration"
        raise CompileError(Diagnostic("E062", message, span or population.span, help=way_out))
    arguments = tuple((n, duration if n == "duration" else v) for n, v in encoding.arguments)
    return replace(population, encoding=Call(encoding.kind, arguments))


def settled(graph: Graph, run: RunSpec) -> RunSpec:
    """The block with the ends of all probes, of a network after all passes; CompileError, with the
    place, where the network cannot be run so."""
    index = graph.index()
    probes = tuple(
        p if p.end or p.of_synapses else replace(p, end=index[p.population].neurons)
        for p in run.probes
    )
    for probe in probes:
        wrong = run_problem(graph, RunSpec(None, (probe,)))
        if wrong:
            raise CompileError(Diagnostic("E044", wrong, probe.span, help=_states(graph, probe)))
    if run.duration is not None:
        lasting(graph, run.duration, run.span)
    return replace(run, probes=probes)


def _states(graph: Graph, probe: Probe) -> str:
    if probe.of_synapses:
        return "name a state of the synapses, or their weight, if that changes"
    population = graph.index()[probe.population]
    names = ", ".join(f"`{name}`" for name in (SPIKES, *seen(population)))
    return f"of its {population.neurons} neurons there can be recorded {names}"


def run_problem(graph: Graph, run: RunSpec) -> str:
    """Why the network cannot be run so, or has not what the probes see; "" if it can."""
    wrong = None if run.duration is None else problem_of(run.duration, graph.dt)
    if wrong is not None:
        return wrong.message
    index, projections = graph.index(), {p.name: p for p in graph.projections}
    for probe in run.probes:
        if probe.of_synapses:
            if probe.population not in projections:
                return f"there is no projection `{probe.population}` to record"
            if probe.what not in held(projections[probe.population]):
                return f"the synapses of `{probe.population}` hold no `{probe.what}`"
            if (probe.first, probe.end) != (0, 0) or probe.every < 0:
                return f"`{probe.population}` has not the steps that are to be recorded"
            continue
        population = index.get(probe.population)
        if population is None:
            return f"there is no population `{probe.population}` to record"
        if probe.what != SPIKES and probe.what not in seen(population):
            return f"`{probe.population}` has no state `{probe.what}` that changes"
        if not 0 <= probe.first < probe.end <= population.neurons or probe.every < 1:
            return f"`{probe.population}` has not the neurons or steps that are to be recorded"
    return ""
