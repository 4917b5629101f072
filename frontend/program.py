"""From a file or a text to programs: the graphs of its networks and how they are trained."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..ir.diagnostics import CompileError, Diagnostic, Source
from ..ir.graph import Graph, TrainSpec
from .library import Entry, Library, Unit, load_unit, model_of, read_source
from .limits import LIMITS, Limits
from .lower.network import lower_module, lower_network
from .lower.networks import Data, chosen, data_of, given_values, to_survey, train_of, wrong_trains
from .lower.parameters import open_scope, partial_scope
from .report import Report, in_text_order
from .syntax.tree import Cell, Module, Network, Neuron, Param, instances
from .typing.constants import EMPTY, Scope

Defines = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Program:
    """A network ready for the passes; `train` is None where the program has no plan for it.
    `warnings` are what a later stage has to say of it."""

    graph: Graph
    train: TrainSpec | None
    warnings: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, slots=True)
class Survey:
    """All of a file: the programs of the networks without mistakes, the data of all training, and
    every mistake; warnings name what could not be checked for want of a value."""

    programs: tuple[Program, ...]
    data: tuple[Data, ...]
    diagnostics: tuple[Diagnostic, ...]


def load_program(path: Path, defines: Defines | None = None, network: str | None = None) -> Program:
    """The program of a file. `defines` sets parameters of the network, `network` chooses one."""
    return compile_text(_source(path), defines, network)


def compile_text(
    source: Source,
    defines: Defines | None = None,
    network: str | None = None,
    limits: Limits = LIMITS,
) -> Program:
    """The program of a text; what it imports is sought beside `source.name`."""
    with _no_collection():
        library = Library()
        unit = load_unit(source, library)
        damaged = bool(library.report.diagnostics)
        _check_models(unit, library)
        program = library.report.attempt(_compile, unit, library, defines or {}, network, limits)
        found = _news(library, damaged)
    if found:
        raise CompileError(found)
    assert program is not None
    return program


@contextmanager
def _no_collection() -> Iterator[None]:
    """No search for reference cycles inside: trees have none, and of a large network it would
    take as long as the compilation."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _source(path: Path) -> Source:
    try:
        return read_source(path)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        message = f"cannot read {path}: {reason}"
        raise CompileError(Diagnostic("E063", message)) from None


def _news(library: Library, damaged: bool) -> tuple[Diagnostic, ...]:
    """The mistakes; names missing from a text that could not be read whole are no news."""
    found = library.report.diagnostics
    if damaged:
        syntax = [d for d in found if d.code.startswith("E00")]
        lines = {_line(d) for d in syntax}
        others = [d for d in found if d.code not in _ECHOES and _line(d) not in lines]
        found = syntax + [d for d in others if not d.code.startswith("E00")]
    return in_text_order(found)


def _line(diagnostic: Diagnostic) -> tuple[str, int]:
    span = diagnostic.span
    return (span.source.name, span.source.position(span.start)[0]) if span else ("", 0)


_ECHOES = frozenset({"E010", "E013", "E030", "E044", "W013"})


def _check_models(unit: Unit, library: Library) -> None:
    for entry in unit.own.values():
        if isinstance(entry.node, (Neuron, Cell)):
            library.report.attempt(model_of, entry, library)


def _compile(
    unit: Unit, library: Library, defines: Defines, name: str | None, limits: Limits
) -> Program:
    entry, network = chosen(unit, name)
    given = given_values(network, defines)
    scope = open_scope(network.params, given, EMPTY, network.name.span)
    graph = lower_network(network, entry.unit, scope, library, limits)
    train = library.report.attempt(train_of, network, unit, scope)
    return Program(graph, train)


# ---- all of a file


def survey_file(
    path: Path,
    defines: Defines | None = None,
    network: str | None = None,
    limits: Limits = LIMITS,
) -> Survey:
    """All of a file, or of its models and the one network; see `survey_text`."""
    try:
        return survey_text(_source(path), defines, network, limits)
    except CompileError as error:
        return Survey((), (), error.diagnostics)


def survey_text(
    source: Source,
    defines: Defines | None = None,
    network: str | None = None,
    limits: Limits = LIMITS,
) -> Survey:
    """All of a text: models, networks with their training, modules that no network instantiates.
    `network` leaves one network; `defines` are for it, or for the one that would be compiled.
    """
    with _no_collection():
        library = Library()
        unit = load_unit(source, library)
        damaged = bool(library.report.diagnostics)
        _check_models(unit, library)
        library.report.extend(wrong_trains(unit))
        rows = _rows(unit, library, defines or {}, network)
        attempt = library.report.attempt
        programs = [p for row in rows if (p := attempt(_survey, row, unit, library, limits))]
        data = [data for row in rows for data in attempt(_data, row, unit) or ()]
        if network is None:
            _check_modules(unit, library, limits)
        found = _news(library, damaged)
        return Survey(() if damaged else tuple(programs), () if damaged else tuple(data), found)


def check_text(source: Source, limits: Limits = LIMITS) -> tuple[Diagnostic, ...]:
    """Every mistake in a text."""
    try:
        return survey_text(source, limits=limits).diagnostics
    except CompileError as error:
        return error.diagnostics


Row = tuple[Entry, Network, Defines]


def _rows(unit: Unit, library: Library, defines: Defines, name: str | None) -> list[Row]:
    """The networks to look at, each with what is defined for it."""
    asked = None
    if defines or name is not None:
        asked = library.report.attempt(chosen, unit, name)
    if name is not None:
        return [] if asked is None else [(*asked, defines)]
    rows = to_survey(unit, asked)
    return [(e, n, defines if asked is not None and n is asked[1] else {}) for e, n in rows]


def _survey(row: Row, unit: Unit, library: Library, limits: Limits) -> Program | None:
    """The program of a network; None after a mistake or where a value is missing."""
    entry, network, _ = row
    report = library.report
    before = report.failures, len(report.diagnostics)
    scope = _scope(row, report)
    graph = lower_network(network, entry.unit, scope, library, limits)
    is_whole = before == (report.failures, len(report.diagnostics))
    train = report.attempt(train_of, network, unit, scope)
    return Program(graph, train) if is_whole else None


def _scope(row: Row, report: Report) -> Scope:
    _, network, defines = row
    given = given_values(network, defines)
    return partial_scope(network.params, given, lambda p: _no_value(network, p), report)


def _data(row: Row, unit: Unit) -> tuple[Data, ...]:
    """The data that a file gives a network, also where the rest is wrong."""
    return tuple(data_of(row[1], unit, _scope(row, Report())))


def _no_value(network: Network, param: Param) -> Diagnostic:
    name = param.name
    message = f"`{network.name.text}` is not checked further: `{name.text}` has no value"
    return Diagnostic("W013", message, name.span, help=f"give it: `-D {name.text}=…`")


# ---- modules


def _check_modules(unit: Unit, library: Library, limits: Limits) -> None:
    """Check the modules that no network of the file instantiates, the outermost first."""
    modules = [(e, e.node) for e in unit.own.values() if isinstance(e.node, Module)]
    inner = {call.name.text for _, module in modules for call in instances(module.body)}
    for entry, module in sorted(modules, key=lambda pair: pair[1].name.text in inner):
        if id(module) not in library.instantiated:
            library.report.attempt(_check_module, entry, module, library, limits)


def _check_module(entry: Entry, module: Module, library: Library, limits: Limits) -> None:
    scope = partial_scope(module.params, {}, lambda p: _not_given(module, p), library.report)
    lower_module(module, entry.unit, scope, library, limits)


def _not_given(module: Module, param: Param) -> Diagnostic:
    module_name, name = module.name.text, param.name
    message = f"`{module_name}` is not checked further: nothing gives `{name.text}` a value"
    way_out = f"instantiate the module, or give `{name.text}` a default"
    return Diagnostic("W013", message, name.span, help=way_out)
