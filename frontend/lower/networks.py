"""Which network of a file is meant, how the file trains it, and what `-D` gives it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...ir.diagnostics import CompileError, Diagnostic, Source, Span
from ...ir.graph import Call, TrainSpec
from ..library import Entry, Unit
from ..report import listing, twice, unknown
from ..syntax.parser import parse_expression
from ..syntax.tree import Expression, Network, Param, Text, Train
from ..typing.constants import Scope
from .parameters import is_text
from .training import lower_data, lower_train

Data = tuple[Call, Span]  # with the place of its `train` block


def chosen(unit: Unit, name: str | None) -> tuple[Entry, Network]:
    """The network asked for, else the one that is trained, else the only one."""
    known = networks(unit)
    if name is not None:
        span = Span(unit.source, 0, 0)
        if name not in known:
            raise CompileError(unknown("network", name, span, known))
        return known[name]
    wrong = wrong_trains(unit)
    if wrong:
        raise CompileError(wrong)
    trained = sorted({train.network.text for train in _trains(unit)})
    candidates = trained or [n for n, (e, _) in known.items() if e.unit is unit]
    candidates = candidates or list(known)
    if len(candidates) == 1:
        return known[candidates[0]]
    raise CompileError(_undecided(unit, candidates))


def _undecided(unit: Unit, candidates: list[str]) -> Diagnostic:
    span = Span(unit.source, 0, 0)
    if not candidates:
        way_out = "write `network name { … }`"
        return Diagnostic("E044", "there is no network in this file", span, help=way_out)
    message = f"there are several networks: {listing(candidates)}"
    return Diagnostic("E044", message, span, help="choose one with `--network NAME`")


def networks(unit: Unit) -> dict[str, tuple[Entry, Network]]:
    """The networks that can be named in a file."""
    return {
        name: (entry, entry.node)
        for name, entry in unit.visible.items()
        if isinstance(entry.node, Network)
    }


def to_survey(unit: Unit, asked: tuple[Entry, Network] | None) -> list[tuple[Entry, Network]]:
    """The networks that a file is about: its own, those that it trains, the one asked for, and an
    imported one if that is what would be compiled."""
    trained = {train.network.text for train in _trains(unit)}
    known = networks(unit)
    found = [row for name, row in known.items() if row[0].unit is unit or name in trained]
    if asked is not None and asked not in found:
        found.append(asked)
    return found or (list(known.values()) if len(known) == 1 else [])


def _trains(unit: Unit) -> list[Train]:
    return [item for item in unit.tree.items if isinstance(item, Train)]


def wrong_trains(unit: Unit) -> list[Diagnostic]:
    """Training of networks that are not there, or of one a second time."""
    known, first = networks(unit), dict[str, Span]()
    wrong = []
    for train in _trains(unit):
        name = train.network
        if name.text not in known:
            wrong.append(unknown("network", name.text, name.span, known))
        elif name.text in first:
            wrong.append(twice(f"train {name.text}", name.span, first[name.text]))
        first.setdefault(name.text, name.span)
    return wrong


def train_of(network: Network, unit: Unit, scope: Scope) -> TrainSpec | None:
    """How the file trains a network, if it does."""
    for train in _trains(unit):
        if train.network.text == network.name.text:
            return lower_train(train, scope)
    return None


def data_of(network: Network, unit: Unit, scope: Scope) -> Iterator[Data]:
    """What a file's training of a network says of its data, whatever else is wrong with it."""
    for train in _trains(unit):
        for entry in train.entries:
            if train.network.text == network.name.text and entry.name.text == "data":
                yield lower_data(entry.value, scope), train.network.span


# ---- parameters from the command line


def given_values(network: Network, defines: Mapping[str, str]) -> dict[str, Expression]:
    """The values that `-D` gives to the parameters of a network; refuses names that it has not."""
    params = {param.name.text: param for param in network.params}
    wrong = [_no_parameter(network, name, params) for name in defines if name not in params]
    if wrong:
        raise CompileError(wrong)
    return {name: _value(params[name], value) for name, value in defines.items()}


def _no_parameter(network: Network, name: str, params: Mapping[str, Param]) -> Diagnostic:
    found = unknown("parameter", name, network.name.span, params, code="E012")
    message = f"the network `{network.name.text}` has no parameter `{name}`"
    return Diagnostic("E012", message, found.span, help=found.help)


def _value(param: Param, written: str) -> Expression:
    source = Source(f"-D {param.name.text}", written)
    if is_text(param) and not written.startswith('"'):
        return Text(written, Span(source, 0, len(written)))
    return parse_expression(source)
