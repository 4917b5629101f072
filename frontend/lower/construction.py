"""What can be named while the body of a network or module is unrolled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ...ir.diagnostics import CompileError, Diagnostic, Span
from ...ir.graph import Population, Projection
from ...ir.neuron import NeuronModel
from ..library import Library, Unit
from ..limits import Limits
from ..report import Report, twice
from ..syntax.tree import ProjectionStatement
from ..typing.constants import Scope
from ..typing.models import Model
from ..units import Dimension


@dataclass(frozen=True, slots=True)
class Target:
    """A population of the graph; `ports` are those of its model, with their dimensions.
    `neurons` is None where the shape is still to be inferred."""

    name: str
    span: Span
    neurons: int | None
    model: NeuronModel | None
    ports: Mapping[str, Dimension]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a projection begins or ends; `port` is None where none is named."""

    target: Target
    port: str | None = None


@dataclass(frozen=True, slots=True)
class Instance:
    """An unrolled module as seen from outside: its ports."""

    module: str
    span: Span
    inputs: Mapping[str, Endpoint | CompileError]
    outputs: Mapping[str, Endpoint | CompileError]


Declared = Target | Instance
Broken = Mapping[str, CompileError]


@dataclass(frozen=True, slots=True)
class Environment:
    """The constants and named models (`cells`) at a place; loops and blocks extend it."""

    scope: Scope
    cells: Mapping[str, Model] = field(default_factory=dict)
    places: Mapping[str, Span] = field(default_factory=dict)  # of the cells
    broken: Broken = field(default_factory=dict)  # cells that could not be made


@dataclass(slots=True)
class Frame:
    """A network or an instance of a module while it is unrolled. `delay` in ms.

    `broken` keeps the mistakes of declarations that failed, so that their users add no others.
    """

    prefix: str
    unit: Unit
    delay: float
    method: str
    depth: int = 0
    delay_place: Span | None = None
    declared: dict[str, Declared] = field(default_factory=dict)
    places: dict[str, Span] = field(default_factory=dict)
    broken: dict[str, CompileError] = field(default_factory=dict)
    connections: list[tuple[ProjectionStatement, Environment]] = field(default_factory=list)

    @property
    def is_module(self) -> bool:
        """Whether this is an instance of a module."""
        return self.depth > 0

    def declare(self, name: str, span: Span, declared: Declared) -> None:
        """Enter a name with its indices; one that is taken is refused."""
        if name in self.declared:
            raise CompileError(twice(name, span, self.places[name]))
        self.declared[name] = declared
        self.places[name] = span


@dataclass(slots=True)
class Plan:
    """The network as unrolled so far. `dt` in ms; None where a mistake or a module that nothing
    instantiates leaves it open."""

    library: Library
    limits: Limits
    dt: float | None = 1.0
    populations: list[Population] = field(default_factory=list)
    projections: list[Projection] = field(default_factory=list)
    names: dict[str, Span] = field(default_factory=dict)
    tensors: dict[str, npt.NDArray[np.float32]] = field(default_factory=dict)
    copies: dict[str, int] = field(default_factory=dict)  # projections by their ends
    failed: set[int] = field(default_factory=set)
    statements: int = 0

    @property
    def report(self) -> Report:
        """Where mistakes go."""
        return self.library.report

    def count(self, span: Span, more: int = 1) -> None:
        """So many more statements are to be carried out; too many are refused."""
        self.statements += more
        if self.statements > self.limits.statements:
            message = f"the network unrolls to more than {self.limits.statements} statements"
            raise CompileError(Diagnostic("E005", message, span, help="check the ranges of loops"))
