"""The networks of a file: which is meant, what `-D` gives it, its graph, and how it is trained."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ...ir.deploy.choices import DeploySpec
from ...ir.diagnostics import CompileError, Diagnostic, Source, Span
from ...ir.graph import Call, Graph, TrainSpec
from ...ir.report import Report, listing, twice, unknown
from ...ir.running import RunSpec
from ..library import Entry, LoadedFile
from ..syntax.files import Module, Network, Plan
from ..syntax.parser import parse_expression
from ..syntax.tree import Expression, Literal, Param, Setting
from ..typing.constants import Scope
from .bodies import unroll, unroll_module
from .construction import Body, Construction, Environment
from .deploying import lower_deploy
from .parameters import is_text
from .running import lower_run
from .training import lower_data, lower_train

Data = tuple[Call, Span]  # with the place of its `train` block


def chosen(file: LoadedFile, name: str | None) -> tuple[Entry, Network]:
    """The network asked for, else the one that is trained, else the only one."""
    known = networks(file)
    if name is not None:
        span = Span(file.source, 0, 0)
        if name not in known:
            raise CompileError(unknown("network", name, span, known))
        return known[name]
    wrong = wrong_plans(file)
    if wrong:
        raise CompileError(wrong)
    trained = sorted(file.trains)
    candidates = trained or [n for n, (e, _) in known.items() if e.file is file]
    candidates = candidates or list(known)
    if len(candidates) == 1:
        return known[candidates[0]]
    raise CompileError(_undecided(file, candidates))


def _undecided(file: LoadedFile, candidates: list[str]) -> Diagnostic:
    span = Span(file.source, 0, 0)
    if not candidates:
        way_out = "write `network name { … }`"
        return Diagnostic("E044", "there is no network in this file", span, help=way_out)
    message = f"there are several networks: {listing(candidates)}"
    return Diagnostic("E044", message, span, help="choose one with `--network NAME`")


def networks(file: LoadedFile) -> dict[str, tuple[Entry, Network]]:
    """The networks that can be named in a file."""
    return {
        name: (entry, entry.node)
        for name, entry in file.visible.items()
        if isinstance(entry.node, Network)
    }


def to_survey(file: LoadedFile, asked: tuple[Entry, Network] | None) -> list[tuple[Entry, Network]]:
    """The networks that a file is about: its own, those that it has plans for, the one asked
    for, and an imported one if that is what would be compiled."""
    known, planned = networks(file), file.trains.keys() | file.deploys.keys() | file.runs.keys()
    found = [row for name, row in known.items() if row[0].file is file or name in planned]
    if asked is not None and asked not in found:
        found.append(asked)
    return found or (list(known.values()) if len(known) == 1 else [])


def wrong_plans(file: LoadedFile) -> list[Diagnostic]:
    """Plans for networks that are not there, or for one a second time."""
    return [
        *_wrong(file, "train", file.trains),
        *_wrong(file, "deploy", file.deploys),
        *_wrong(file, "run", file.runs),
    ]


def _wrong(file: LoadedFile, word: str, plans: Mapping[str, Sequence[Plan]]) -> list[Diagnostic]:
    known, wrong = networks(file), list[Diagnostic]()
    for name, (first, *others) in plans.items():
        if name not in known:
            wrong += [unknown("network", name, p.network.span, known) for p in (first, *others)]
            continue
        wrong += [twice(f"{word} {name}", p.network.span, first.network.span) for p in others]
    return wrong


# ---- what they mean


def lower_network(network: Network, scope: Scope, file: LoadedFile, built: Construction) -> Graph:
    """The graph of a network; mistakes go to the report."""
    last = built.report.last
    unroll(network.body, Environment(scope), Body(built, "", file))
    if not built.populations and built.report.last is last:
        message = f"the network `{network.name.text}` has no populations"
        built.report.fail(CompileError(Diagnostic("E044", message, network.name.span)))
    populations, projections = tuple(built.populations), tuple(built.projections)
    dt = built.dt or 1.0
    return Graph(network.name.text, dt, populations, projections, tensors=built.tensors)


def lower_module(module: Module, scope: Scope, file: LoadedFile, built: Construction) -> None:
    """Check a module that no network instantiates; mistakes go to the report."""
    unroll_module(module, module.name.span, Environment(scope), Body(built, "", file, depth=1))


def train_of(
    network: Network, file: LoadedFile, scope: Scope, graph: Graph | None, report: Report
) -> TrainSpec | None:
    """How the file trains a network, if it does; the graph is None of a network with mistakes."""
    for train in file.trains.get(network.name.text, []):
        return lower_train(train, scope, graph, report)
    return None


def deploy_of(
    network: Network, file: LoadedFile, scope: Scope, graph: Graph | None, report: Report
) -> DeploySpec | None:
    """What the file asks of the network's integers, if it does; the graph is None of a network
    with mistakes."""
    for deploy in file.deploys.get(network.name.text, []):
        return lower_deploy(deploy, scope, graph, report)
    return None


def run_of(
    network: Network, file: LoadedFile, scope: Scope, graph: Graph | None, report: Report
) -> RunSpec | None:
    """How the file runs a network, if it says so; the graph is None of one with mistakes."""
    for run in file.runs.get(network.name.text, []):
        return lower_run(run, scope, graph, report)
    return None


def data_of(network: Network, file: LoadedFile, scope: Scope, report: Report) -> Iterator[Data]:
    """What a file's training of a network says of its data, whatever else is wrong with it."""
    for train in file.trains.get(network.name.text, []):
        for entry in train.entries:
            if entry.name.text == "data" and isinstance(entry, Setting):
                yield lower_data(entry.value, scope, report), train.network.span


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
        return Literal(written, Span(source, 0, len(written)))
    return parse_expression(source)
