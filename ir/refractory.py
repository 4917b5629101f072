"""The refractory time of a population, in steps."""

from __future__ import annotations

from .expr import evaluate
from .graph import Population


def refractory_steps(population: Population, dt: float) -> int:
    """The steps after a spike in which a neuron of the population cannot fire."""
    if population.model is None or population.model.refractory is None:
        return 0
    duration = evaluate(population.model.refractory.duration, dict(population.parameters))
    return round(float(duration) / dt)
