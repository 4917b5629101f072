"""From a file or a text to programs: the graphs of its networks and how they are trained."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..ir.deploy.choices import DeploySpec
from ..ir.diagnostics import CompileError, Diagnostic, Source
from ..ir.graph import Call, Graph, TrainSpec
from ..ir.report import Poisoned, Report, in_text_order, sound
from ..ir.running import RunSpec, lasting
from .collection import no_collection
from .echoes import news
from .library import (
    Entry,
    Library,
    LoadedFile,
    load_file,
    model_of,
    read_source,
    synapse_of,
)
from .limits import LIMITS, Limits
from .lower.construction import Construction, Unrolled
from .lower.networks import (
    Data,
    chosen,
    data_of,
    deploy_of,
    given_values,
    lower_module,
    lower_network,
    run_of,
    to_survey,
    train_of,
    wrong_plans,
)
from .lower.parameters import open_scope, partial_scope
from .lower.training import lower_data
from .syntax.files import Module, Network, Neuron, Synapse
from .syntax.parser import parse_expression
from .syntax.tree import Cell, For, InstanceStatement, Param, Statement
from .typing.constants import EMPTY, Scope, evaluate, number
from .units import TIME

Defines = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Program:
    """A network ready for the passes; `train` is None where the program has no plan for it,
    `deploy` where it asks nothing of its integers, `run` where it does not say how it is run.
    `warnings` are what a later stage has to say of it."""

    graph: Graph
    train: TrainSpec | None
    warnings: tuple[Diagnostic, ...] = ()
    deploy: DeploySpec | None = None
    run: RunSpec | None = None


@dataclass(frozen=True, slots=True)
class Survey:
    """All of a file: the programs of the networks without mistakes, the data of all training, and
    every mistake; warnings name what could not be checked for want of a value. `characters` are
    those of all texts that were read."""

    programs: tuple[Program, ...]
    data: tuple[Data, ...]
    diagnostics: tuple[Diagnostic, ...]
    characters: int


def load_program(path: Path, defines: Defines | None = None, network: str | None = None) -> Program:
    """The program of a file. `defines` sets parameters of the network, `network` chooses one."""
    return compile_text(_source(path), defines, network)


@no_collection()
def compile_text(
    source: Source,
    defines: Defines | None = None,
    network: str | None = None,
    limits: Limits = LIMITS,
) -> Program:
    """The program of a text; what it imports is sought beside `source.name`."""
    text = _read(source, limits)
    program = text.report.attempt(_compile, text, defines or {}, network)
    found = text.news()
    if found:
        raise CompileError(found)
    return sound(program)


def data_call(text: str, name: str) -> Call:
    """The data that a user names as in a `train` block, `csv(path = "…")`; `name` is what mistakes
    call the text."""
    report = Report()
    call = report.attempt(lower_data, parse_expression(Source(name, text)), EMPTY, report)
    report.close()
    return sound(call)


def time_called(text: str, name: str) -> float:
    """The time [ms] that a user writes, `500 ms`; `name` is what mistakes call the text."""
    node = parse_expression(Source(name, text))
    return number(evaluate(node, EMPTY), node.span, TIME)


@dataclass(frozen=True, slots=True)
class _Text:
    """A text that has been read with all that it imports. `is_damaged`: not all of it could be."""

    file: LoadedFile
    library: Library
    report: Report
    unrolled: Unrolled
    is_damaged: bool

    def news(self) -> tuple[Diagnostic, ...]:
        """The mistakes; what is missing from a text that could not be read whole is no news."""
        found = self.report.diagnostics
        return news(found, self.library.files.values()) if self.is_damaged else in_text_order(found)

    def construction(self, dt: float | None = 1.0) -> Construction:
        """An empty network under construction."""
        return Construction(self.library, self.report, self.unrolled, dt)


def _read(source: Source, limits: Limits) -> _Text:
    """The text; the mistakes in it and in its models are in its report."""
    library, report = Library(), Report()
    file = load_file(source, library, report)
    is_damaged = bool(report.diagnostics)
    models = [e for e in file.own.values() if isinstance(e.node, (Neuron, Cell))]
    report.each(model_of, models, library, report)
    synapses = [e for e in file.own.values() if isinstance(e.node, Synapse)]
    report.each(synapse_of, synapses, library, report)
    return _Text(file, library, report, Unrolled(limits), is_damaged)


def _source(path: Path) -> Source:
    try:
        return read_source(path)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        message = f"cannot read `{path}`: {reason}"
        way_out = "name a program, .snn; check the spelling and the permissions of the path"
        raise CompileError(Diagnostic("E063", message, help=way_out)) from None


def _compile(text: _Text, defines: Defines, name: str | None) -> Program:
    entry, network = chosen(text.file, name)
    given, report = given_values(network, defines), text.report
    scope = open_scope(network.params, given, EMPTY, network.name.span, report)
    before = _mark(report)
    graph = lower_network(network, scope, entry.file, text.construction())
    is_whole = before == _mark(report) and not text.is_damaged
    plans = _plans(network, scope, graph if is_whole else None, text)
    return _planned(graph, *(sound(plan) for plan in plans))


def _planned(
    graph: Graph, train: TrainSpec | None, deploy: DeploySpec | None, run: RunSpec | None
) -> Program:
    """The program; a network without inputs runs as long as its `run` block says."""
    if run is not None and run.duration and all(p.encoding is None for p in graph.populations):
        graph = lasting(graph, run.duration)
    return Program(graph, train, deploy=deploy, run=run)


def _mark(report: Report) -> tuple[int, Poisoned | None]:
    """What changes with every mistake."""
    return len(report.diagnostics), report.last


def _plans(network: Network, scope: Scope, graph: Graph | None, text: _Text) -> tuple[Any, ...]:
    """How the text trains a network, what it asks of its integers, how it runs it, each a spec,
    None or poisoned; the graph is None of one with mistakes."""
    report = text.report
    rows = (train_of, deploy_of, run_of)
    return tuple(report.attempt(of, network, text.file, scope, graph, report) for of in rows)


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
        return Survey((), (), error.diagnostics, characters=0)


@no_collection()
def survey_text(
    source: Source,
    defines: Defines | None = None,
    network: str | None = None,
    limits: Limits = LIMITS,
) -> Survey:
    """All of a text: models, networks with their training, modules that no network instantiates.
    `network` leaves one network; `defines` are for it, or for the one that would be compiled.
    """
    text = _read(source, limits)
    text.report.extend(wrong_plans(text.file))
    rows = _rows(text, defines or {}, network)
    programs = text.report.each(_survey, rows, text)
    data = [data for found in text.report.each(_data, rows, text) for data in found]
    if network is None:
        _check_modules(text)
    found, characters = text.news(), sum(len(f.source.text) for f in text.library.files.values())
    if text.is_damaged:
        return Survey((), (), found, characters)
    whole = tuple(p for p in programs if p is not None)
    return Survey(whole, tuple(data), found, characters)


_Row = tuple[Entry, Network, Defines]


def _rows(text: _Text, defines: Defines, name: str | None) -> list[_Row]:
    """The networks to look at, each with what is defined for it."""
    asked = None
    if defines or name is not None:
        attempted = text.report.attempt(chosen, text.file, name)
        asked = None if isinstance(attempted, Poisoned) else attempted
    if name is not None:
        return [] if asked is None else [(*asked, defines)]
    rows = to_survey(text.file, asked)
    return [(e, n, defines if asked is not None and n is asked[1] else {}) for e, n in rows]


def _survey(row: _Row, text: _Text) -> Program | None:
    """The program of a network; None after a mistake or where a value is missing."""
    entry, network, _ = row
    report = text.report
    before = _mark(report)
    scope = _scope(row, report)
    graph = lower_network(network, scope, entry.file, text.construction())
    is_whole = before == _mark(report)
    plans = _plans(network, scope, graph if is_whole and not text.is_damaged else None, text)
    return _planned(graph, *map(_or_none, plans)) if is_whole else None


def _or_none(plan: Any) -> Any:
    return None if isinstance(plan, Poisoned) else plan


def _scope(row: _Row, report: Report) -> Scope:
    _, network, defines = row
    given = given_values(network, defines)
    return partial_scope(network.params, given, lambda p: _no_value(network, p), report)


def _data(row: _Row, text: _Text) -> tuple[Data, ...]:
    """The data that a file gives a network, also where the rest is wrong."""
    report = text.report
    return tuple(data_of(row[1], text.file, _scope(row, report), report))


def _no_value(network: Network, param: Param) -> Diagnostic:
    name = param.name
    message = f"`{network.name.text}` is not checked further: `{name.text}` has no value"
    return Diagnostic("W013", message, name.span, help=f"give it: `-D {name.text}=…`")


# ---- modules


def _check_modules(text: _Text) -> None:
    """Check the modules that no network of the file instantiates, the outermost first."""
    modules = [(e, e.node) for e in text.file.own.values() if isinstance(e.node, Module)]
    inner = {name for _, module in modules for name in _instances(module.body)}
    for entry, module in sorted(modules, key=lambda pair: pair[1].name.text in inner):
        if id(module) not in text.library.instantiated:
            text.report.attempt(_check_module, entry, module, text)


def _check_module(entry: Entry, module: Module, text: _Text) -> None:
    scope = partial_scope(module.params, {}, lambda p: _not_given(module, p), text.report)
    lower_module(module, scope, entry.file, text.construction(dt=None))


def _not_given(module: Module, param: Param) -> Diagnostic:
    module_name, name = module.name.text, param.name
    message = f"`{module_name}` is not checked further: nothing gives `{name.text}` a value"
    way_out = f"instantiate the module, or give `{name.text}` a default"
    return Diagnostic("W013", message, name.span, help=way_out)


def _instances(body: Iterable[Statement]) -> Iterator[str]:
    """The names of the modules that a body instantiates, also in its loops."""
    for statement in body:
        if isinstance(statement, For):
            yield from _instances(statement.body)
        elif isinstance(statement, InstanceStatement):
            yield statement.module.name.text
