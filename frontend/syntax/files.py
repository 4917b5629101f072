"""What a file says, its definitions and plans, and the file: the upper part of the syntax tree."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...ir.diagnostics import Span
from .tree import (
    Argument,
    Cell,
    Clause,
    Expression,
    Facet,
    Name,
    Param,
    Path,
    Setting,
    Statement,
)


@dataclass(frozen=True, slots=True)
class Neuron:
    """`neuron name { … }`."""

    name: Name
    clauses: tuple[Clause, ...]


@dataclass(frozen=True, slots=True)
class Synapse:
    """`synapse name(params) { … }`; its parameters are clauses too."""

    name: Name
    clauses: tuple[Facet, ...]


@dataclass(frozen=True, slots=True)
class Module:
    """`module name(params) { … }`."""

    name: Name
    params: tuple[Param, ...]
    body: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Network:
    """`network name(params) { … }`."""

    name: Name
    params: tuple[Param, ...]
    body: tuple[Statement, ...]


Definition = Neuron | Synapse | Cell | Module | Network


@dataclass(frozen=True, slots=True)
class Import:
    """`import "path"`."""

    path: Name


@dataclass(frozen=True, slots=True)
class EntryOf:
    """`name path(arguments)`: a line of a `train` block about a population whose name is longer
    than a word."""

    name: Name
    path: Path
    arguments: tuple[Argument, ...]


@dataclass(frozen=True, slots=True)
class Train:
    """`train network { … }`."""

    network: Name
    entries: tuple[Setting | EntryOf, ...]


@dataclass(frozen=True, slots=True)
class ChoiceOf:
    """`pre -> post name value`: a line of a `deploy` block about the synapses between two."""

    pre: Path
    post: Path
    setting: Setting
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Deploy:
    """`deploy network { … }`."""

    network: Name
    entries: tuple[Setting | ChoiceOf, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """`record what of path, path every interval`: a line of a `run` block."""

    what: Name
    paths: tuple[Path, ...]
    every: Expression | None
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class RecordOf:
    """`record what of pre -> post every interval`: a line of a `run` block about synapses."""

    what: Name
    pre: Path
    post: Path
    every: Expression | None
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Run:
    """`run network { … }`."""

    network: Name
    entries: tuple[Setting | Record | RecordOf, ...]


Plan = Train | Deploy | Run  # what concerns a network that stands elsewhere
Item = Import | Definition | Plan


@dataclass(frozen=True, slots=True)
class File:
    """A file, its items in order; `lost` is the text that could not be read, `is_whole` if it all
    stands within the items."""

    items: tuple[Item, ...]
    lost: tuple[Span, ...] = field(default=(), compare=False, repr=False)
    is_whole: bool = field(default=True, compare=False, repr=False)
