"""The state of a network as a struct: what every program of its integers keeps, and where.

Numbers come first and bytes last, so that no compiler pads between them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from ....ir.graph import Graph, Population
from ....ir.integers.population import sends
from ....ir.neuron import LAST_EMITTED, NeuronStep, State
from ....ir.rules import sends_numbers
from .names import distinct, identifiers

SUM = "sum"


@dataclass(frozen=True, slots=True)
class Field:
    """A member of the state: `size` elements of `type`, a number where it is None."""

    type: str
    name: str
    size: int | None
    comment: str

    @property
    def text(self) -> str:
        """Its declaration."""
        size = "" if self.size is None else f"[{self.size}]"
        return f"{self.type} {self.name}{size};"

    @property
    def element(self) -> int:
        """The bytes of an element."""
        return int(np.dtype(self.type.removesuffix("_t")).itemsize)

    @property
    def bytes(self) -> int:
        """Its size."""
        return self.element * (self.size or 1)


@dataclass(frozen=True, slots=True)
class Layout:
    """The struct. `names` are the identifiers of the populations; `late` is, of each of them, the
    steps by which the latest of what it sends arrives. The names of members: `states` of every
    state [population, state] that moves, `given` of what each population fires or, of an input that
    gives numbers, of these, `sent` of what it sends, which is that or an emitted state, `past` of
    the ring of what those sent that are late, a place a step, and `now` of this step's place there.
    `numbers` are the populations that send numbers in place of spikes."""

    names: Mapping[str, str]
    late: Mapping[str, int]
    fields: tuple[Field, ...]
    states: Mapping[tuple[str, str], str]
    given: Mapping[str, str]
    sent: Mapping[str, str]
    past: Mapping[str, str]
    now: Mapping[str, str]
    numbers: frozenset[str]

    @property
    def bytes(self) -> int:
        """What the struct takes, with what is behind its last byte up to a whole word."""
        size = sum(field.bytes for field in self.fields)
        word = max(field.element for field in self.fields)
        return -(-size // word) * word


def layout_of(graph: Graph) -> Layout:
    """The struct of a network of integers."""
    names = identifiers(graph.index())
    late = {name: _latest(graph, name) for name in names}
    members = distinct(dict(_wanted(graph, names, late)))
    states = {(p, s): member for (kind, p, s), member in members.items() if kind == "state"}
    given, past, now = (
        {p: member for (kind, p, _), member in members.items() if kind == wanted}
        for wanted in ("given", "past", "now")
    )
    numbers = frozenset(p.name for p in graph.populations if sends(p))
    sent = {name: states.get((name, LAST_EMITTED), given[name]) for name in numbers}
    layout = Layout(names, late, (), states, given, given | sent, past, now, numbers)
    return replace(layout, fields=(*_numbers(graph, layout), *_bytes(graph, layout)))


def _latest(graph: Graph, name: str) -> int:
    return max((p.delay for p in graph.projections if p.pre == name), default=0)


Member = tuple[str, str, str]  # what it is, of which population, of which state


def _wanted(
    graph: Graph, names: Mapping[str, str], late: Mapping[str, int]
) -> Iterator[tuple[Member, str]]:
    yield ("sum", "", ""), SUM
    for population in graph.populations:
        name, own = population.name, names[population.name]
        yield ("given", name, ""), f"{own}_{'sent' if sends_numbers(population) else 'spikes'}"
        if late[name]:
            yield ("past", name, ""), f"{own}_past"
            yield ("now", name, ""), f"{own}_now"
        for state in () if population.step is None else moving(population.step):
            yield ("state", name, state.name), f"{own}_{state.name}"


def _numbers(graph: Graph, layout: Layout) -> Iterator[Field]:
    index = graph.index()
    for (population, state), field in layout.states.items():
        dtype = next(s.dtype for s in step_of(index[population]).states if s.name == state)
        about = f"{state} of {population}, {dtype}"
        yield Field("int32_t", field, index[population].neurons, about)
    computed = [p for p in graph.populations if p.step is not None]
    widest = max((p.neurons * len(step_of(p).ports) for p in computed), default=1)
    yield Field("int32_t", SUM, widest, "what arrives, port by port")
    for name, field in layout.now.items():
        yield Field("uint32_t", field, None, f"the place of this step in {layout.past[name]}")
    yield from _words(graph, layout)


def _words(graph: Graph, layout: Layout) -> Iterator[Field]:
    for population in graph.populations:
        if sends_numbers(population):
            about = f"what {population.name} sends"
            yield Field("int32_t", layout.given[population.name], population.neurons, about)
        if population.name in layout.numbers:
            yield from _ring(layout, population, "int32_t")


def _bytes(graph: Graph, layout: Layout) -> Iterator[Field]:
    for population in graph.populations:
        if not sends_numbers(population):
            about = f"what {population.name} fires, 0 or 1"
            yield Field("uint8_t", layout.given[population.name], population.neurons, about)
        if population.name not in layout.numbers:
            yield from _ring(layout, population, "uint8_t")


def _ring(layout: Layout, population: Population, kind: str) -> Iterator[Field]:
    name = population.name
    if name in layout.past:
        size, about = layout.late[name], f"and sent in the {layout.late[name]} steps before"
        yield Field(kind, layout.past[name], size * population.neurons, about)


def step_of(population: Population) -> NeuronStep:
    """The step of a population that has one."""
    assert population.step is not None
    return population.step


def moving(step: NeuronStep) -> list[State]:
    """The states that are kept; the others are constants."""
    return [s for s in step.states if s.name not in step.still]
