"""Inputs whose data are spike trains: how many spikes of a neuron a step may have."""

from __future__ import annotations

from .graph import Graph, Population, Semantics
from .rules import ENCODINGS, GIVEN
from .sources import MOST_COUNT


def takes_trains(population: Population) -> bool:
    """Whether it is an input whose data are spike trains."""
    encoding = population.encoding
    return encoding is not None and ENCODINGS[encoding.kind].kernel == GIVEN


def most_given(population: Population) -> int:
    """How many spikes of a neuron of an input a step may have; 1 of another population."""
    encoding = population.encoding
    if encoding is None or not takes_trains(population):
        return 1
    return ENCODINGS[encoding.kind].most(encoding)


def counted(graph: Graph) -> tuple[Population, ...]:
    """The inputs that may have several spikes of a neuron in a step."""
    return tuple(p for p in graph.populations if most_given(p) > 1)


def most_fired(population: Population, means: Semantics) -> int:
    """How often a neuron of a population, whatever that is, may fire in a step."""
    if population.step is not None:
        return means.spikes_per_step
    return MOST_COUNT if population.source is not None else most_given(population)


def has_counts(graph: Graph) -> bool:
    """Whether a source or an input may fire several times in a step."""
    return bool(counted(graph)) or any(p.source is not None for p in graph.populations)
