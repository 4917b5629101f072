"""The network under construction, and what can be named while a body of it is unrolled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from ...ir.diagnostics import CompileError, Diagnostic, Span
from ...ir.graph import Call, Population, Projection
from ...ir.neuron import NeuronModel
from ...ir.report import Poisoned, Report, twice
from ..library import Library, LoadedFile
from ..limits import Limits
from ..syntax.tree import Name, ProjectionStatement, Statement
from ..typing.constants import Constant, Scope
from ..typing.models import CheckedModel
from ..typing.names import Names
from ..units import Dimension


@dataclass(frozen=True, slots=True)
class KnownPopulation:
    """A population of the graph; `ports` are those of its model, with their dimensions.
    `neurons` is None where the shape is still to be inferred; `unit` is that of the numbers that
    an input sends, if it says one."""

    name: str
    span: Span
    neurons: int | None
    model: NeuronModel | None
    ports: Mapping[str, Dimension]
    unit: Dimension | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a projection begins or ends; `port` is None where none is named."""

    population: KnownPopulation
    port: str | None = None


@dataclass(frozen=True, slots=True)
class Instance:
    """An unrolled module as seen from outside: its ports."""

    module: str
    span: Span
    inputs: Mapping[str, Endpoint]
    outputs: Mapping[str, Endpoint]


Known = KnownPopulation | Instance


@dataclass(frozen=True, slots=True)
class Environment:
    """The constants and named models (`cells`) at a place; loops and blocks extend it."""

    scope: Scope
    cells: Names[CheckedModel | Poisoned] = field(default_factory=Names)
    places: Names[Span] = field(default_factory=Names)  # of the cells

    def within(self, name: Name, value: Constant | Poisoned) -> Environment:
        """The environment with one more constant."""
        return Environment(self.scope.bind(name, value), self.cells, self.places)


def nodes_of(body: tuple[Statement, ...]) -> int:
    """How many nodes the trees of the statements have."""
    count, open_ = 0, list[object](body)
    while open_:
        part = open_.pop()
        if type(part) is tuple:
            open_ += part
            continue
        kind: Any = type(part)
        names = _members(kind)
        if names is not None:
            count += 1
            open_ += [getattr(part, name) for name in names]
    return count


@cache
def _members(kind: Any) -> tuple[str, ...] | None:
    """The names of what a node of this type has; None of what is no node."""
    return tuple(each.name for each in fields(kind)) if is_dataclass(kind) else None


@dataclass(slots=True)
class Unrolled:
    """How much the networks of a text have unrolled to, all together. `excess`: the mistake that it
    is too much, which is told once."""

    limits: Limits
    statements: float = 0
    parts: int = 0
    excess: CompileError | None = None
    weights: dict[int, int] = field(default_factory=dict)  # of bodies by identity

    def count_body(self, span: Span, body: tuple[Statement, ...]) -> None:
        """A body is carried out once more; ten nodes of its tree count as a statement."""
        if id(body) not in self.weights:
            self.weights[id(body)] = nodes_of(body)
        self.count(span, self.weights[id(body)] / 10)

    def count(self, span: Span, more: float = 1) -> None:
        """So many more statements are to be carried out; too many are refused."""
        if self.statements + more > self.limits.statements:
            raise self._too_many(f"{self.limits.statements} statements", span)
        self.statements += more

    def count_part(self, span: Span) -> None:
        """One more population or projection; too many are refused."""
        if self.parts == self.limits.parts:
            raise self._too_many(f"{self.limits.parts} populations and projections", span)
        self.parts += 1

    def _too_many(self, what: str, span: Span) -> CompileError:
        if self.excess is None:
            message = f"the networks of this text unroll to more than {what}"
            way_out = "check the ranges of loops; one population may have many neurons"
            self.excess = CompileError(Diagnostic("E005", message, span, help=way_out))
        return self.excess


@dataclass(slots=True)
class Construction:
    """The network as unrolled so far. `dt` in ms; None where a mistake or a module that nothing
    instantiates leaves it open. `failed`: projection statements by identity, none of which is
    tried again: in a loop its other turns would say the same."""

    library: Library
    report: Report
    unrolled: Unrolled
    dt: float | None = 1.0
    readout: Call | None = None  # of outputs that spike
    populations: list[Population] = field(default_factory=list)
    projections: list[Projection] = field(default_factory=list)
    names: dict[str, Span] = field(default_factory=dict)
    tensors: dict[str, npt.NDArray[np.float32]] = field(default_factory=dict)
    copies: dict[str, int] = field(default_factory=dict)  # projections by their ends
    failed: dict[int, Poisoned] = field(default_factory=dict)


@dataclass(slots=True)
class Body:
    """A network, or an instance of a module, while it is unrolled. `delay` in ms."""

    network: Construction
    prefix: str
    file: LoadedFile
    delay: float = 0.0
    method: str = "euler"
    depth: int = 0
    delay_place: Span | None = None
    known: dict[str, Known | Poisoned] = field(default_factory=dict)
    places: dict[str, Span] = field(default_factory=dict)
    connections: list[tuple[ProjectionStatement, Environment]] = field(default_factory=list)

    @property
    def report(self) -> Report:
        """Where mistakes go."""
        return self.network.report

    @property
    def is_module(self) -> bool:
        """Whether this is an instance of a module."""
        return self.depth > 0

    def declare(self, name: str, span: Span, known: Known) -> None:
        """Enter a name with its indices; one that is taken is refused."""
        if name in self.places:
            raise CompileError(twice(name, span, self.places[name]))
        self.known[name] = known
        self.places[name] = span
