"""The names of a neuron model while its clauses are read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain

from ...ir.diagnostics import CompileError, Diagnostic, Note, Span
from ...ir.graph import Call
from ...ir.neuron import REFRACTORY, SPIKED
from ...ir.noise import NOISE, noise_port
from ...ir.report import Report, twice, unknown
from ..syntax.tree import Name
from ..units import WHITE, Dimension
from .equations import Symbols, Typed, variable


@dataclass(frozen=True, slots=True)
class Declared:
    """A name of a model: its dimension and where it is declared."""

    dimension: Dimension
    span: Span


@dataclass(frozen=True, slots=True)
class Drawn:
    """How values of neurons are drawn: a row of `drawn.DRAWS`, or a file that is yet to be read."""

    call: Call
    span: Span


@dataclass(slots=True)
class Declarations:
    """The names of a model while its clauses are read."""

    report: Report
    parameters: dict[str, Declared] = field(default_factory=dict)
    states: dict[str, Declared] = field(default_factory=dict)
    ports: dict[str, Declared] = field(default_factory=dict)
    drawn: dict[str, Drawn] = field(default_factory=dict)
    noises: list[str] = field(default_factory=list)  # the ports of each

    def declare(self, table: dict[str, Declared], name: Name, dimension: Dimension) -> None:
        """Enter a name, unless it is taken or reserved."""
        first = self.find(name.text)
        if first is not None:
            raise CompileError(twice(name.text, name.span, first.span))
        if name.text in (SPIKED, REFRACTORY):
            message = f"`{name.text}` is a name that the compiler uses"
            raise CompileError(Diagnostic("E030", message, name.span, help="choose another name"))
        table[name.text] = Declared(dimension, name.span)

    def find(self, name: str) -> Declared | None:
        """The declaration of a name."""
        return self.parameters.get(name) or self.states.get(name) or self.ports.get(name)

    def symbols(self, *tables: Mapping[str, Declared]) -> Symbols:
        """The names of the tables as variables."""
        return _Variables(tables)

    def all_symbols(self) -> Symbols:
        """Every name of the model."""
        return self.symbols(self.parameters, self.states, self.ports)

    def of_equations(self) -> Symbols:
        """Every name of the model, and `noise`, which is another one wherever it stands."""
        return _WithNoise(self)

    def state(self, name: Name) -> Declared:
        """The declaration of a name that must be a state."""
        if name.text in self.states:
            return self.states[name.text]
        other = self.find(name.text)
        if other is None:
            raise CompileError(unknown("state", name.text, name.span, self.states))
        raise CompileError(
            Diagnostic(
                "E030",
                f"`{name.text}` is not a state; only states change",
                name.span,
                related=(Note(other.span, "declared here"),),
                help="declare it with `state` if it is to change",
            )
        )


@dataclass(frozen=True, slots=True)
class _Variables(Mapping[str, Typed]):
    """The names of some tables, each as a variable of its dimension."""

    tables: tuple[Mapping[str, Declared], ...]

    def __getitem__(self, name: str) -> Typed:
        for table in self.tables:
            if name in table:
                return variable(name, table[name].dimension)
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return chain.from_iterable(self.tables)

    def __len__(self) -> int:
        return sum(map(len, self.tables))


@dataclass(frozen=True, slots=True)
class _WithNoise(Mapping[str, Typed]):
    """The names of a model; `noise`, unless it is one of them, enters a new port of noise."""

    table: Declarations

    def __getitem__(self, name: str) -> Typed:
        known = self.table.all_symbols()
        if name != NOISE or name in known:
            found = known[name]
            assert isinstance(found, Typed)
            return found
        port = noise_port(len(self.table.noises))
        self.table.noises.append(port)
        return variable(port, WHITE)

    def __iter__(self) -> Iterator[str]:
        return chain(self.table.all_symbols(), [NOISE])

    def __len__(self) -> int:
        return len(self.table.all_symbols()) + 1
