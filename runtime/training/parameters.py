"""Parameters of neurons that learn where integers run: those that move numbers of a step alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ...ir.bounded import bounded, free
from ...ir.graph import Learnt, Population
from ...ir.integers.population import Given, Integers
from ...ir.model import Model, value_name
from ...ir.passes.derived import as_kept, derived
from ...ir.passes.pipeline import run_model_passes
from ...ir.passes.quantize import Quantize
from ...ir.tensors import numbers

NEAR = 1e-2  # of what a training moves, by which what follows it is found
Kept = frozenset[tuple[str, str]]  # population and parameter


def still(model: Model, kept: Kept = frozenset()) -> Model:
    """The model of which no other parameters learn."""
    populations = tuple(
        replace(p, learnt=tuple(k for k in p.learnt if (p.name, k.name) in kept))
        for p in model.graph.populations
    )
    return replace(model, graph=replace(model.graph, populations=populations))


def movable(model: Model, quantize: Quantize) -> Kept:
    """The parameters that learn of which numbers of a step follow, and no unit of what arrives or
    is kept; none where states are clipped to what they come to."""
    before = {m.population.name: m for m in quantize.parts(run_model_passes(model))}
    if any(m.units is not None and m.units.is_clipped for m in before.values()):
        return frozenset()
    bases = {name: Given(m.units.base) for name, m in before.items() if m.units is not None}
    found = set()
    for population, learnt in _learnt(model):
        name = value_name(population.name, learnt.name)
        value = numbers(model.values[name]).astype(np.float64)
        moved = bounded(learnt, free(learnt, value) + NEAR).astype(np.float32)
        after = quantize.parts(run_model_passes(model.with_values({name: moved})), bases)
        own = next(m for m in after if m.population.name == population.name)
        if _is_like(before[population.name], own):
            found.add((population.name, learnt.name))
    return frozenset(found)


def _is_like(one: Integers, other: Integers) -> bool:
    assert one.units is not None
    assert other.units is not None
    same = [
        name in other.units.relative and np.array_equal(unit, other.units.relative[name])
        for name, unit in one.units.relative.items()
    ]
    return all(same) and len(one.units.exacts) == len(other.units.exacts)


def _learnt(model: Model) -> Iterator[tuple[Population, Learnt]]:
    for population in model.graph.populations:
        for learnt in population.learnt:
            yield population, learnt


def followed_by(model: Model) -> dict[str, dict[str, np.ndarray]]:
    """By population what follows from the parameters of a model that learn, by name."""
    found = {}
    for population in model.graph.populations:
        if population.learnt:
            own = {
                k.name: numbers(model.values[value_name(population.name, k.name)]).astype(float)
                for k in population.learnt
            }
            found[population.name] = as_kept(derived(population, model.graph.dt).values(own))
    return found
