"""The graph IR: populations, projections, and the network that they make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from math import inf
from typing import Any

import networkx as nx
import numpy as np

from .diagnostics import Span
from .expr import Expr
from .neuron import NeuronModel, NeuronStep
from .ranges import Range
from .synapse import Synapse
from .tensors import same_arrays
from .types import Shape, size

# Numbers are in the units of their rows (see `rules.Argument`); tuples may nest.
Value = float | int | bool | str | tuple[Any, ...] | Expr
Arguments = tuple[tuple[str, Value], ...]

MOST_NEURONS = 2**31 - 1  # of a population: synapses count them in 32 bits


@dataclass(frozen=True, slots=True)
class Call:
    """A named kind with its arguments, all of them filled in: `liquid(grid=(5, 5, 16), …)`."""

    kind: str
    arguments: Arguments = ()

    def __getitem__(self, name: str) -> Value:
        return dict(self.arguments)[name]


@dataclass(frozen=True, slots=True)
class Learnt:
    """A parameter of a population that a training changes, at `lr_mult` times its learning rate:
    one number for all neurons if `is_shared`, else one each. It stays above `low` and below `high`,
    in the unit of its `neuron.Parameter` (see `bounded`)."""

    name: str
    lr_mult: float = 1.0
    is_shared: bool = False
    low: float = -inf
    high: float = inf

    @property
    def range(self) -> Range:
        """Where its values lie."""
        return Range(self.low, self.high, is_low_open=True, is_high_open=True)


@dataclass(frozen=True, slots=True)
class Population:
    """Neurons of one model, or (model None) an input whose spikes are encoded from data, or a
    source, which fires as a row of `sources.SOURCES` says.

    A shape of () is one that infer_shapes is to find. `role` is "input", "source", "hidden"
    or "output".
    `parameters` holds every parameter of the model with its value in the unit of its
    `neuron.Parameter`. `method` is the discretization, a row of `schemes.SCHEMES`. `step` and
    `constants` are filled by the passes discretize and fold. `learnt` are the parameters that a
    training changes. `readout` is a row of `rules.READOUTS`, by which an output that spikes is
    scored; None counts its spikes. `drawn` says of parameters and of first values of states that
    each neuron has its own, a row of `drawn.DRAWS` each, in an order in which none reads a later
    one; the value of such a parameter is a typical one.
    """

    name: str
    shape: Shape
    role: str
    model: NeuronModel | None = None
    parameters: tuple[tuple[str, float], ...] = ()
    method: str = "euler"
    encoding: Call | None = None
    step: NeuronStep | None = None
    constants: tuple[float, ...] = ()
    learnt: tuple[Learnt, ...] = ()
    readout: Call | None = None
    drawn: tuple[tuple[str, Call], ...] = ()
    source: Call | None = None
    span: Span | None = field(default=None, compare=False, repr=False)

    @property
    def neurons(self) -> int:
        """The number of neurons."""
        return size(self.shape)

    def parameter(self, name: str) -> float:
        """The value of a model parameter, in the unit of its `neuron.Parameter`."""
        return dict(self.parameters)[name]


def sliced_name(name: str, part: tuple[int, int] | None) -> str:
    """`p[0..800]`, or the name alone."""
    return name if part is None else f"{name}[{part[0]}..{part[1]}]"


@dataclass(frozen=True, slots=True)
class Projection:
    """Synapses from `pre` to the input `port` of `post`; spikes arrive `delay` steps later.

    `connectivity` is a row of `wiring.CONNECTIVITIES`, `init` a row of `wiring.INITS`. Its weights
    learn at `lr_mult` times the learning rate of a training; at 0 they are fixed. With `delays`, a
    row of `wiring.DELAYS`, every synapse has a delay of its own, of `delay` steps at least. With a
    `synapse` they have states, and send what that says. `pre_slice` and `post_slice` are the
    neurons first … end - 1 that it joins, None: all of them.
    """

    name: str
    pre: str
    post: str
    connectivity: Call
    init: Call
    port: str = "i"
    delay: int = 0
    lr_mult: float = 1.0
    span: Span | None = field(default=None, compare=False, repr=False)
    delays: Call | None = None
    synapse: Synapse | None = None
    pre_slice: tuple[int, int] | None = None
    post_slice: tuple[int, int] | None = None

    @property
    def is_sliced(self) -> bool:
        """Whether it joins some neurons only."""
        return self.pre_slice is not None or self.post_slice is not None

    @property
    def trainable(self) -> bool:
        """Whether a training changes the weights."""
        return self.lr_mult > 0.0


@dataclass(frozen=True, slots=True)
class Block:
    """A strongly connected set of populations, in the order of evaluation within a step."""

    populations: tuple[str, ...]
    is_recurrent: bool


@dataclass(frozen=True, slots=True)
class Semantics:
    """What the equations leave open. `threshold`: when it is tested, a row of THRESHOLDS;
    `spikes_per_step`: the most spikes of a neuron in one step; `sums`: what a port holds, a row of
    SUMS; `integers`: the version of the integer semantics (see `integers`), 0 of a network that
    computes with floats."""

    threshold: str = "step"
    spikes_per_step: int = 1
    sums: str = "exact"
    integers: int = 0

    @property
    def fires_once(self) -> bool:
        """Whether a neuron fires once in a step, after all of its input."""
        return (self.threshold, self.spikes_per_step) == ("step", 1)


MOST_SPIKES = 31  # of a neuron in a step
THRESHOLDS = {
    "step": "once a step, after all of its input",
    "event": "after every spike that arrives",
}
SUMS = {
    "exact": "all that arrives in a step, summed before it is delivered",
    "each": "one weight after the other, each delivered by itself, in the order of arrival",
}


@dataclass(frozen=True, slots=True)
class Graph:
    """A network. `dt` in ms; `duration` [ms] is how long it runs where it has no inputs, which say
    so themselves; 0: nothing says it. `tensors` are arrays that the program names (weights from
    files).

    `schedule` is None until the pass `schedule` fills it with the blocks in order of evaluation.
    """

    name: str
    dt: float
    populations: tuple[Population, ...]
    projections: tuple[Projection, ...]
    schedule: tuple[Block, ...] | None = None
    semantics: Semantics = Semantics()
    tensors: Mapping[str, np.ndarray[Any, Any]] = field(default_factory=dict, compare=False)
    duration: float = 0.0

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Graph):
            return NotImplemented
        return _compared(self) == _compared(other) and same_arrays(self.tensors, other.tensors)

    __hash__ = None  # type: ignore[assignment]

    def population(self, name: str) -> Population:
        """The population of that name; KeyError if there is none. Linear: index in loops."""
        for population in self.populations:
            if population.name == name:
                return population
        raise KeyError(name)

    def index(self) -> dict[str, Population]:
        """Populations by name."""
        return {p.name: p for p in self.populations}

    def digraph(self) -> nx.MultiDiGraph[str]:
        """Populations as nodes, projections as edges (key: name; attribute `delay`)."""
        graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
        graph.add_nodes_from(p.name for p in self.populations)
        for projection in self.projections:
            graph.add_edge(
                projection.pre, projection.post, key=projection.name, delay=projection.delay
            )
        return graph


def _compared(graph: Graph) -> tuple[Any, ...]:
    return tuple(getattr(graph, each.name) for each in fields(graph) if each.compare)


Setting = Call | tuple[Call, ...] | float | int | bool | None


@dataclass(frozen=True, slots=True)
class TrainSpec:
    """A `train` block: an entry for each row of `rules.TRAIN_ENTRIES`.

    A call has all arguments filled in from its table; of an entry that may repeat there is a tuple
    of them. An entry that a block does not have and that has no default is None.
    """

    network: str
    entries: Mapping[str, Setting]
    span: Span | None = field(default=None, compare=False, repr=False)

    def find(self, entry: str) -> Call | None:
        """The call of an entry, None without it."""
        call = self.entries.get(entry)
        assert call is None or isinstance(call, Call), (entry, call)
        return call

    def call(self, entry: str) -> Call:
        """The call of an entry that every block has."""
        call = self.find(entry)
        assert call is not None, entry
        return call

    def calls(self, entry: str) -> tuple[Call, ...]:
        """The calls of an entry that may repeat, in their order."""
        calls = self.entries.get(entry) or ()
        assert isinstance(calls, tuple), (entry, calls)
        return calls

    def count(self, entry: str) -> int:
        """The whole number of an entry."""
        value = self.entries[entry]
        assert isinstance(value, int), (entry, value)
        return value

    def share(self, entry: str) -> float:
        """The share that an entry says, 0 without it."""
        value = self.entries.get(entry) or 0.0
        assert isinstance(value, float), (entry, value)
        return value

    def but(self, **entries: Setting) -> TrainSpec:
        """The same block with other entries."""
        return replace(self, entries={**self.entries, **entries})
