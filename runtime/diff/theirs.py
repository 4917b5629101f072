"""Changes to what the other side's own network has, where it has one: one part after the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

import numpy as np

from ...ir.expr import names
from ...ir.graph import Population
from ...ir.model import Model, value_name
from ...ir.neuron import NeuronModel
from .alone import Case, with_projection_of
from .change import (
    DECAY,
    DECAY_ROUNDING,
    DELAY,
    ORDER,
    REFRACTORINESS,
    RESET,
    THRESHOLD,
    WEIGHTS,
    WIRING,
    Change,
)
from .integers import from_floats, from_integers
from .neurons import rediscretized
from .synapses import rounded_weights, signs, wirings

# The parts of a neuron model, and the class of a difference in each.
PARTS = {
    "spike": (THRESHOLD, "the threshold"),
    "on_spike": (RESET, "the reset"),
    "refractory": (REFRACTORINESS, "the refractory time"),
    "derivatives": (DECAY, "the equations"),
    "on_input": (ORDER, "what input does"),
}


def theirs(case: Case) -> Iterator[Change]:
    """Each part that differs, changed by itself; then all synapses, all of the neuron, and both."""
    other = case.other
    if other is None:
        return
    mine, their = (bool(m.graph.semantics.integers) for m in (case.model, other))
    if mine != their:
        yield from from_integers(case) if mine else from_floats(case)
        return
    synapses = [
        *_missing(case, other),
        *_added(case, other),
        *_delays(case, other),
        *_weights(case, other),
    ]
    neuron = [*_parameters(case, other), *_parts(case, other), *_whole(case, other)]
    found = [*synapses, *neuron]
    yield from found
    if len(found) > 1:
        said = f"all of `{case.population.name}` as in {case.label}"
        yield Change(found[0].cause, said, other, is_whole=True)


def _missing(case: Case, other: Model) -> Iterator[Change]:
    there = {p.name for p in other.graph.projections}
    for p in case.projections:
        if p.name not in there:
            said = f"`{p.name}` left out, as in {case.label}"
            yield Change(WIRING, said, case.without(p.name))


def _added(case: Case, other: Model) -> Iterator[Change]:
    here = {p.name for p in case.projections}
    for p in other.graph.projections:
        if p.name not in here:
            said = f"`{p.name}` as in {case.label}, which is not here"
            yield Change(WIRING, said, with_projection_of(case.model, other, p))


def _delays(case: Case, other: Model) -> Iterator[Change]:
    theirs = {p.name: p.delay for p in other.graph.projections}
    changed = [p for p in case.projections if theirs.get(p.name, p.delay) != p.delay]
    for p in changed:
        said = f"a delay of {theirs[p.name]} in place of {p.delay} steps on `{p.name}`"
        yield Change(DELAY, said, case.with_projection(p.name, delay=theirs[p.name]))
    if len(changed) > 1:
        model = case.model
        for p in changed:
            model = replace(case, model=model).with_projection(p.name, delay=theirs[p.name])
        yield Change(DELAY, f"all delays as in {case.label}", model)


def _weights(case: Case, other: Model) -> Iterator[Change]:
    there = {p.name for p in other.graph.projections}
    shared = [p.name for p in case.projections if p.name in there]
    changed = [name for name in shared if not _same_synapses(case.model, other, name)]
    model = case.model
    for name in changed:
        cause, words = _kind(case, other, name)
        said = f"the weights of `{name}` as in {case.label}{words}"
        made = case.with_wiring(name, other.wirings[name], other.weights(name))
        yield Change(cause, said, made)
        model = replace(case, model=model).with_wiring(
            name, other.wirings[name], other.weights(name)
        )
    if len(changed) > 1:
        cause, words = _kind(case, other, changed[0])
        yield Change(cause, f"all weights as in {case.label}{words}", model)


def _same_synapses(one: Model, other: Model, name: str) -> bool:
    if one.wirings[name] != other.wirings[name]:
        return False
    return bool(np.array_equal(one.weights(name), other.weights(name)))


def _kind(case: Case, other: Model, name: str) -> tuple[str, str]:
    """What was done to the weights, where a change that has a name does the same."""
    wanted, wiring = other.weights(name), other.wirings[name]
    mine = case.model.weights(name)
    if case.model.wirings[name] == wiring and (wanted != mine).sum() == 1:
        place = int(np.argmax(wanted.ravel() != mine.ravel()))
        return (
            WEIGHTS,
            f": one is {wanted.ravel()[place]:.6g} in place of {mine.ravel()[place]:.6g}",
        )
    for change in _named(case):
        if _are_near(change.model, other, name):
            return change.cause, f": {change.said}"
    for change in _named(replace(case, model=other)):
        if _are_near(change.model, case.model, name):
            return change.cause, f", of which these are {change.said}"
    return (WEIGHTS if case.model.wirings[name] == wiring else WIRING), ""


def _named(case: Case) -> Iterator[Change]:
    return chain(signs(case), wirings(case), rounded_weights(case))


def _are_near(one: Model, other: Model, name: str) -> bool:
    if one.wirings.get(name) != other.wirings[name]:
        return False
    return np.allclose(one.weights(name), other.weights(name), rtol=1e-5, atol=1e-8)


def _parameters(case: Case, other: Model) -> Iterator[Change]:
    """Each parameter whose value differs, and the discretization."""
    name, mine = case.population.name, dict(case.population.parameters)
    population = other.graph.population(name)
    for parameter, value in population.parameters:
        given = value_name(name, parameter)
        is_same = case.model.values.get(given) == other.values.get(given)
        if parameter not in mine or (mine[parameter] == value and is_same):
            continue
        changed = tuple((mine | {parameter: value}).items())
        made = rediscretized(case.model, name, case.model.graph.dt, parameters=changed)
        if made is not None:
            said = f"`{parameter} = {value:g}` in place of {mine[parameter]:g}"
            cause = _read_by(case.population, parameter)
            yield Change(cause, said, _valued(made, other, (given,)))
    if population.method != case.population.method:
        made = rediscretized(case.model, name, case.model.graph.dt, method=population.method)
        if made is not None:
            now, before = population.method, case.population.method
            yield Change(DECAY, f"the discretization `{now}` in place of `{before}`", made)


def _valued(model: Model, other: Model, given: tuple[str, ...]) -> Model:
    """The model with the other one's values of these names, or without any."""
    kept = {n: v for n, v in model.values.items() if n not in given}
    return replace(
        model, values={**kept, **{n: other.values[n] for n in given if n in other.values}}
    )


def _read_by(population: Population, parameter: str) -> str:
    """The class of a parameter's change: by the part of the model that reads it first."""
    model = population.model
    assert model is not None
    spike = frozenset() if model.spike is None else names(model.spike)
    time = frozenset() if model.refractory is None else names(model.refractory.duration)
    reset = frozenset[str]().union(*(names(a.value) for a in model.on_spike))
    readers = ((THRESHOLD, spike), (REFRACTORINESS, time), (RESET, reset))
    return next((cause for cause, read in readers if parameter in read), DECAY)


def _parts(case: Case, other: Model) -> Iterator[Change]:
    name, mine = case.population.name, case.population.model
    population = other.graph.population(name)
    their = population.model
    if mine is None or their is None:
        return
    for part, (cause, said) in PARTS.items():
        if getattr(mine, part) != getattr(their, part):
            model = replace(_widened(mine, their), **{part: getattr(their, part)})
            values = dict(population.parameters) | dict(case.population.parameters)
            parameters = tuple((p.name, values[p.name]) for p in model.parameters)
            dt = case.model.graph.dt
            made = rediscretized(case.model, name, dt, model=model, parameters=parameters)
            if made is not None:
                yield Change(cause, f"{said} of `{name}` as in {case.label}", made)


def _unlike(mine: NeuronModel | None, their: NeuronModel | None) -> list[str]:
    """The classes of the parts in which two models differ as they were written: those of integers,
    whose steps are not made anew from a part."""
    if mine is None or their is None:
        return []
    parts = ((part, cause) for part, (cause, _) in PARTS.items())
    return [cause for part, cause in parts if getattr(mine, part) != getattr(their, part)]


def _widened(mine: NeuronModel, their: NeuronModel) -> NeuronModel:
    """The model with the other one's parameters and states beside its own."""
    known = {p.name for p in mine.parameters} | {s.name for s in mine.states}
    parameters = (p for p in their.parameters if p.name not in known)
    states = (s for s in their.states if s.name not in known)
    return replace(mine, parameters=(*mine.parameters, *parameters), states=(*mine.states, *states))


def _whole(case: Case, other: Model) -> Iterator[Change]:
    name, their = case.population.name, other.graph.population(case.population.name)
    if (their.step, their.constants) == (case.population.step, case.population.constants):
        return
    fields = ("model", "parameters", "method", "step", "constants", "learnt")
    model = case.model
    populations = tuple(
        replace(p, **{f: getattr(their, f) for f in fields}) if p.name == name else p
        for p in model.graph.populations
    )
    given = tuple(n for n in {*model.values, *other.values} if n.startswith(value_name(name, "")))
    made = replace(model, graph=replace(model.graph, populations=populations))
    rest = DECAY_ROUNDING if case.model.graph.semantics.integers else ORDER
    told = [c.cause for c in (*_parameters(case, other), *_parts(case, other))]
    first = next(iter((*told, *_unlike(case.population.model, their.model), rest)))
    said = f"the neurons of `{name}` as in {case.label}"
    yield Change(first, said, _valued(made, other, given), is_whole=True)
