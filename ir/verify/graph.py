"""Invariants of a Graph, checked after every pass.

What fails here is a bug of ours (`GraphError`), except for the few mistakes of a user that only
show in the whole graph (`CompileError`). A property, such as "steps", holds for all of a graph or
for none of it; `properties` says which do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from itertools import chain
from math import isfinite

from ..drawn import DRAWS
from ..expr import names
from ..graph import MOST_NEURONS, SUMS, THRESHOLDS, Graph, Population, Projection
from ..neuron import NeuronModel, NeuronStep
from ..rules import ENCODINGS, READOUTS
from ..schemes import SCHEMES
from ..sources import SOURCE, SOURCES
from ..wiring import CONNECTIVITIES, DELAYS, INITS
from .calls import verify_call
from .durations import MOST_STEPS, verify_durations
from .neurons import verify_model, verify_step
from .redraws import verify_redraws
from .require import GraphError, require, require_distinct, require_finite
from .sources import verify_sources
from .synapses import synapse_problems, verify_synapse

ROLES = ("input", SOURCE, "hidden", "output")


def properties(graph: Graph) -> frozenset[str]:
    """The properties that hold; GraphError for one that holds for a part of the graph only."""
    return frozenset(name for name, holds in PROPERTIES.items() if holds(graph))


def _have_shapes(graph: Graph) -> bool:
    return all(p.shape for p in graph.populations)


def _have_steps(graph: Graph) -> bool:
    with_step = [p.step is not None for p in graph.populations if p.model is not None]
    require(all(with_step) or not any(with_step), "some populations have a step, some have none")
    return all(with_step)


def _are_folded(graph: Graph) -> bool:
    """True if the steps read numbered constants and no parameters."""
    if not _have_steps(graph):
        return False
    return not any(
        parameter.name in population.step.constants
        for population in _once(graph.populations, lambda p: id(p.step))
        if population.step is not None and population.model is not None
        for parameter in population.model.parameters
    )


def _are_scheduled(graph: Graph) -> bool:
    return graph.schedule is not None


PROPERTIES: dict[str, Callable[[Graph], bool]] = {
    "shapes": _have_shapes,
    "steps": _have_steps,
    "folded": _are_folded,
    "schedule": _are_scheduled,
}


def verify(graph: Graph, before: Graph | None = None) -> frozenset[str]:
    """The properties of the graph, all of whose invariants hold.

    What it has in common with `before`, a graph that was verified, is not looked at again.
    """
    held = properties(graph)
    require(isfinite(graph.dt) and graph.dt > 0.0, f"dt is {graph.dt}")
    require(graph.semantics.threshold in THRESHOLDS, f"threshold {graph.semantics.threshold!r}")
    require(graph.semantics.spikes_per_step > 0, f"spikes {graph.semantics.spikes_per_step}")
    require(graph.semantics.sums in SUMS, f"sums {graph.semantics.sums!r}")
    require_distinct("population", [p.name for p in graph.populations])
    require_distinct("projection", [p.name for p in graph.projections])
    known = _parts(before) if before is not None else {}
    for key, part in _parts(graph).items():
        if key not in known:
            _verify_part(part)
    index = graph.index()
    for projection in graph.projections:
        _verify_ends(projection, index, held)
    if graph.semantics.sums == "each":
        for population in graph.populations:
            _verify_alone(population)
    if "steps" in held:
        for problem in synapse_problems(graph):
            raise GraphError(problem.message)
    _verify_schedule(graph)
    verify_durations(graph)
    verify_redraws(graph)
    verify_sources(graph)
    return held


Part = Population | NeuronModel | NeuronStep | Projection


def _parts(graph: Graph) -> dict[int, Part]:
    """What a graph is made of, each object once, by its id."""
    parts: dict[int, Part] = {id(p): p for p in graph.projections}
    for population in graph.populations:
        parts[id(population)] = population
        for part in (population.model, population.step):
            if part is not None:
                parts[id(part)] = part
    return parts


def _verify_part(part: Part) -> None:
    match part:
        case Population():
            _verify_population(part)
        case Projection():
            _verify_projection(part)
        case NeuronModel():
            verify_model(part)
        case NeuronStep():
            verify_step(part)


def _once(items: Iterable[Population], key: Callable[[Population], int]) -> list[Population]:
    return list({key(item): item for item in items}.values())


def _verify_population(population: Population) -> None:
    name, model = population.name, population.model
    require(population.role in ROLES, f"{name}: role {population.role!r}")
    fits = (population.role in ("input", SOURCE)) == (model is None)
    require(fits, f"{name}: role and model disagree")
    _verify_source(population)
    fits = all(type(n) is int and n > 0 for n in population.shape)
    require(fits and population.neurons <= MOST_NEURONS, f"{name}: shape")
    require(population.method in SCHEMES, f"{name}: method {population.method!r}")
    require_finite(name, [value for _, value in population.parameters])
    require_finite(name, population.constants)
    declared = [] if model is None else sorted(p.name for p in model.parameters)
    require(sorted(n for n, _ in population.parameters) == declared, f"{name}: parameters")
    _verify_learnt(population)
    _verify_drawn(population)
    require(population.encoding is None or model is None, f"{name}: an encoding of no input")
    if population.encoding is not None:
        verify_call(name, population.encoding, ENCODINGS)
        levels = [v for v in dict(population.encoding.arguments).values() if isinstance(v, tuple)]
        require(all(len(v) == population.shape[0] for v in levels), f"{name}: channels")
    if population.readout is not None:
        verify_call(name, population.readout, READOUTS)
        require(population.role == "output" and model is not None, f"{name}: a readout")
    step = population.step
    require(step is None or model is not None, f"{name}: an input with a step")
    count = 0 if step is None else len(step.constants)
    require(len(population.constants) == count, f"{name}: constants")
    if step is not None and model is not None:
        # Of integers a port may be several, "i.0", "i.1".
        known = tuple(dict.fromkeys(port.partition(".")[0] for port in step.ports))
        require(known == model.ports, f"{name}: the step's ports")


def _verify_source(population: Population) -> None:
    fits = (population.source is None) == (population.role != SOURCE)
    require(fits, f"{population.name}: a source without its kind")
    if population.source is not None:
        verify_call(population.name, population.source, SOURCES)
        require(population.encoding is None, f"{population.name}: a source with an encoding")


def _verify_learnt(population: Population) -> None:
    parameters = dict(population.parameters)
    require_distinct(f"learnt of {population.name}", [k.name for k in population.learnt])
    for learnt in population.learnt:
        where = f"{population.name}: learnt {learnt.name}"
        require(learnt.name in parameters, where)
        require(isfinite(learnt.lr_mult) and learnt.lr_mult > 0.0, f"{where}: lr_mult")
        require(parameters[learnt.name] in learnt.range, f"{where}: out of its range")


def _verify_drawn(population: Population) -> None:
    states = () if population.model is None else population.model.states
    places = {*dict(population.parameters), *(s.name for s in states)}
    require_distinct(f"drawn of {population.name}", [name for name, _ in population.drawn])
    for name, call in population.drawn:
        require(name in places, f"{population.name}: drawn {name}")
        verify_call(f"{population.name}: {name}", call, DRAWS)


def _verify_projection(projection: Projection) -> None:
    verify_call(projection.name, projection.connectivity, CONNECTIVITIES)
    verify_call(projection.name, projection.init, INITS)
    delay = projection.delay
    fits = type(delay) is int and 0 <= delay <= MOST_STEPS
    require(fits, f"{projection.name}: delay {delay!r}"[:200])
    if projection.delays is not None:
        verify_call(projection.name, projection.delays, DELAYS)
        require(delay > 0, f"{projection.name}: delays of synapses from {delay} steps on")
    if projection.synapse is not None:
        verify_synapse(projection.name, projection.synapse)
    lr_mult = projection.lr_mult
    require(isfinite(lr_mult) and lr_mult >= 0.0, f"{projection.name}: lr_mult {lr_mult!r}")
    kind = projection.connectivity.kind
    may_learn = CONNECTIVITIES[kind].learns or not projection.trainable
    require(may_learn, f"{projection.name}: {kind} does not learn")


def _verify_ends(
    projection: Projection, index: Mapping[str, Population], held: frozenset[str]
) -> None:
    for end in (projection.pre, projection.post):
        if end not in index:
            raise GraphError(f"{projection.name}: no population {end!r}")
    # Before infer_shapes, a wrong port or an input as target is a mistake yet to be reported.
    post = index[projection.post]
    if post.step is not None and projection.port not in post.step.ports:
        raise GraphError(f"{projection.name}: port {projection.port!r}")
    pre = index[projection.pre].step
    if pre is not None and pre.emit is not None and not pre.score:
        raise GraphError(f"{projection.name}: nothing keeps what {projection.pre} emits")
    if "schedule" in held and post.model is None:
        raise GraphError(f"{projection.name}: ends at an input")


def _verify_alone(population: Population) -> None:
    """What an event does, it does alone: it cannot read what arrives at another port."""
    for assign in () if population.step is None else population.step.deliver:
        assert population.step is not None
        read = names(assign.value) & set(population.step.ports)
        require(len(read) == 1, f"{population.name}: {assign.target} is no matter of one port")
    if population.step is not None:
        after = replace(population.step, decay=(), deliver=())
        ports = set(population.step.ports)
        require(
            not any(names(e) & ports for e in after.expressions),
            f"{population.name}: what arrives is read but to deliver it",
        )


def _verify_schedule(graph: Graph) -> None:
    if graph.schedule is None:
        return
    scheduled = list(chain.from_iterable(block.populations for block in graph.schedule))
    require(sorted(scheduled) == sorted(p.name for p in graph.populations), "schedule: populations")
    place = {name: k for k, name in enumerate(scheduled)}
    block = {name: k for k, b in enumerate(graph.schedule) for name in b.populations}
    loops = {block[p.pre] for p in graph.projections if p.pre == p.post}
    for k, each in enumerate(graph.schedule):
        is_recurrent = len(each.populations) > 1 or k in loops
        require(each.is_recurrent == is_recurrent, f"schedule: block {each.populations[:1]}")
    for projection in graph.projections:
        pre, post = projection.pre, projection.post
        early = place[pre] < place[post] or projection.delay > 0
        require(early and block[pre] <= block[post], f"schedule: {projection.name} points back")
