"""Which bit of a word is whose spike, and which word whose state."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ....ir.graph import Graph, Population
from ....ir.neuron import NeuronStep, State
from ....ir.rules import sends_numbers


@dataclass(frozen=True, slots=True)
class Field:
    """The bits, or words, `first` to `first + population.neurons` - 1, neuron by neuron; of a
    state of the population, or of its spikes or numbers."""

    first: int
    population: Population
    state: State | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """Input populations side by side in the order of the graph, those that send spikes and those
    that send `numbers`, the others in that of evaluation; the states that steps change, population
    by population, each neuron after neuron."""

    inputs: tuple[Field, ...]
    numbers: tuple[Field, ...]
    spikes: tuple[Field, ...]
    states: tuple[Field, ...]

    @property
    def sizes(self) -> tuple[int, int, int]:
        """The bits of the inputs, those of the spikes, the words of the states."""
        a, b, c = (
            sum(f.population.neurons for f in fields)
            for fields in (self.inputs, self.spikes, self.states)
        )
        return a, b, c

    @property
    def words_in(self) -> int:
        """The words of the numbers that come in."""
        return sum(f.population.neurons for f in self.numbers)


def layout_of(graph: Graph) -> Layout:
    """The layout of a graph."""
    inputs = [p for p in graph.populations if p.step is None]
    made = computed(graph)
    states = [(p, s) for p in made for s in moving(p)]
    return Layout(
        _placed((p, None) for p in inputs if not sends_numbers(p)),
        _placed((p, None) for p in inputs if sends_numbers(p)),
        _placed((p, None) for p in made),
        _placed(states),
    )


def computed(graph: Graph) -> list[Population]:
    """The populations that are no inputs, in the order in which they are evaluated."""
    index = graph.index()
    names = (n for block in graph.schedule or () for n in block.populations)
    return [index[n] for n in names if index[n].step is not None]


def step_of(population: Population) -> NeuronStep:
    """The step of a population that is no input."""
    assert population.step is not None
    return population.step


def moving(population: Population) -> list[State]:
    """The states that a step changes."""
    step = step_of(population)
    return [s for s in step.states if s.name not in step.still]


def _placed(parts: Iterable[tuple[Population, State | None]]) -> tuple[Field, ...]:
    fields: list[Field] = []
    first = 0
    for population, state in parts:
        fields.append(Field(first, population, state))
        first += population.neurons
    return tuple(fields)
