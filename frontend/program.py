"""From a file or a text to a program: the graph of one network and how it is trained."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..ir.diagnostics import CompileError, Diagnostic, Source, Span
from ..ir.graph import Graph, TrainSpec
from .check.constants import EMPTY, Scope
from .library import Entry, Library, Unit, load_unit, model_of, read_source
from .limits import LIMITS, Limits
from .lower.network import lower_network
from .lower.parameters import is_text, open_scope
from .lower.training import lower_train
from .parser import parse_expression
from .report import in_text_order, listing, twice, unknown
from .syntax import Cell, Expression, Network, Neuron, Param, Text, Train


@dataclass(frozen=True, slots=True)
class Program:
    """A network ready for the passes; `train` is None where the program has no plan for it."""

    graph: Graph
    train: TrainSpec | None


def load_program(
    path: Path, defines: Mapping[str, str] | None = None, network: str | None = None
) -> Program:
    """The program of a file. `defines` sets parameters of the network, `network` chooses one."""
    return compile_text(_source(path), defines, network)


def compile_text(
    source: Source,
    defines: Mapping[str, str] | None = None,
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
        _close(library, damaged)
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


def check_file(path: Path, limits: Limits = LIMITS) -> tuple[Diagnostic, ...]:
    """Every mistake in a file: of all its models, all its networks and their training."""
    try:
        source = _source(path)
    except CompileError as error:
        return error.diagnostics
    return check_text(source, limits)


def check_text(source: Source, limits: Limits = LIMITS) -> tuple[Diagnostic, ...]:
    """Every mistake in a text."""
    try:
        with _no_collection():
            _check_all(source, Library(), limits)
    except CompileError as error:
        return error.diagnostics
    return ()


def _check_all(source: Source, library: Library, limits: Limits) -> None:
    unit = load_unit(source, library)
    damaged = bool(library.report.diagnostics)
    _check_models(unit, library)
    library.report.extend(_wrong_trains(unit))
    for entry in unit.own.values():
        library.report.attempt(_check_network, entry, unit, library, limits)
    _close(library, damaged)


def _source(path: Path) -> Source:
    try:
        return read_source(path)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        message = f"cannot read {path}: {reason}"
        raise CompileError(Diagnostic("E063", message)) from None


def _close(library: Library, damaged: bool) -> None:
    """Raise the mistakes; names missing from a text that could not be read whole are no news."""
    found = library.report.diagnostics
    if damaged:
        syntax = [d for d in found if d.code.startswith("E00")]
        lines = {_line(d) for d in syntax}
        others = [d for d in found if d.code not in _ECHOES and _line(d) not in lines]
        found = syntax + [d for d in others if not d.code.startswith("E00")]
    if found:
        raise CompileError(in_text_order(found))


def _line(diagnostic: Diagnostic) -> tuple[str, int]:
    span = diagnostic.span
    return (span.source.name, span.source.position(span.start)[0]) if span else ("", 0)


_ECHOES = frozenset({"E010", "E013", "E030", "E044"})


def _check_models(unit: Unit, library: Library) -> None:
    for entry in unit.own.values():
        if isinstance(entry.node, (Neuron, Cell)):
            library.report.attempt(model_of, entry, library)


def _check_network(entry: Entry, unit: Unit, library: Library, limits: Limits) -> None:
    network = entry.node
    if not isinstance(network, Network):
        return
    if any(param.default is None for param in network.params):
        return
    scope = open_scope(network.params, {}, EMPTY, network.name.span)
    lower_network(network, unit, scope, library, limits)
    _train_of(network, unit, scope)


# ---- which network


def _compile(
    unit: Unit, library: Library, defines: Mapping[str, str], name: str | None, limits: Limits
) -> Program:
    entry, network = _chosen(unit, name)
    scope = _defined_scope(network, defines)
    graph = lower_network(network, entry.unit, scope, library, limits)
    train = library.report.attempt(_train_of, network, unit, scope)
    return Program(graph, train)


def _chosen(unit: Unit, name: str | None) -> tuple[Entry, Network]:
    """The network asked for, else the one that is trained, else the only one."""
    networks = _networks(unit)
    if name is not None:
        span = Span(unit.source, 0, 0)
        if name not in networks:
            raise CompileError(unknown("network", name, span, networks))
        return networks[name]
    wrong = _wrong_trains(unit)
    if wrong:
        raise CompileError(wrong)
    trained = sorted({train.network.text for train in _trains(unit)})
    candidates = trained or [n for n, (e, _) in networks.items() if e.unit is unit]
    candidates = candidates or list(networks)
    if len(candidates) == 1:
        return networks[candidates[0]]
    raise CompileError(_undecided(unit, candidates))


def _undecided(unit: Unit, candidates: list[str]) -> Diagnostic:
    span = Span(unit.source, 0, 0)
    if not candidates:
        way_out = "write `network name { … }`"
        return Diagnostic("E044", "there is no network in this file", span, help=way_out)
    message = f"there are several networks: {listing(candidates)}"
    return Diagnostic("E044", message, span, help="choose one with `--network NAME`")


def _networks(unit: Unit) -> dict[str, tuple[Entry, Network]]:
    return {
        name: (entry, entry.node)
        for name, entry in unit.visible.items()
        if isinstance(entry.node, Network)
    }


def _trains(unit: Unit) -> list[Train]:
    return [item for item in unit.tree.items if isinstance(item, Train)]


def _wrong_trains(unit: Unit) -> list[Diagnostic]:
    """Training of networks that are not there, or of one a second time."""
    networks, first = _networks(unit), dict[str, Span]()
    wrong = []
    for train in _trains(unit):
        name = train.network
        if name.text not in networks:
            wrong.append(unknown("network", name.text, name.span, networks))
        elif name.text in first:
            wrong.append(twice(f"train {name.text}", name.span, first[name.text]))
        first.setdefault(name.text, name.span)
    return wrong


def _train_of(network: Network, unit: Unit, scope: Scope) -> TrainSpec | None:
    for train in _trains(unit):
        if train.network.text == network.name.text:
            return lower_train(train, scope)
    return None


# ---- parameters from the command line


def _defined_scope(network: Network, defines: Mapping[str, str]) -> Scope:
    params = {param.name.text: param for param in network.params}
    wrong = [_no_parameter(network, name, params) for name in defines if name not in params]
    if wrong:
        raise CompileError(wrong)
    given = {name: _value(params[name], value) for name, value in defines.items()}
    return open_scope(network.params, given, EMPTY, network.name.span)


def _no_parameter(network: Network, name: str, params: Mapping[str, Param]) -> Diagnostic:
    found = unknown("parameter", name, network.name.span, params, code="E012")
    message = f"the network `{network.name.text}` has no parameter `{name}`"
    return Diagnostic("E012", message, found.span, help=found.help)


def _value(param: Param, written: str) -> Expression:
    source = Source(f"-D {param.name.text}", written)
    if is_text(param) and not written.startswith('"'):
        return Text(written, Span(source, 0, len(written)))
    return parse_expression(source)
