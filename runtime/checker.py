"""Every mistake of a program that shows before any data are read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..backends.compiled.plan import make_plan
from ..backends.memory import Need, drawing, looked_at, presenting, require_memory, wanted
from ..backends.rules.table import RULES, mistakes_of
from ..backends.runnable import require_clocked
from ..frontend.collection import no_collection
from ..frontend.program import Program, Survey, survey_file
from ..ir.deploy.choices import Asked
from ..ir.deploy.entries import Choice
from ..ir.diagnostics import Diagnostic, Span
from ..ir.expr import Expr, walk
from ..ir.graph import Call, Graph, TrainSpec
from ..ir.model import Model
from ..ir.passes.pipeline import examine
from ..ir.report import Poisoned, Report, in_text_order
from .datasets.arguments import completed
from .datasets.table import dataset
from .deploying import asked_of, require_fit
from .host import memory_bytes
from .loading import Options, draw, finished
from .training.learning_rate import spread

# Of all networks of a file together:
MOST_WORK = 45_000  # of the passes, by `_work`: two to three seconds
READ = 40  # characters that are read in the time of a piece of work
MOST_PAIRS = 30_000_000  # of neurons that a check looks at to wire them; they may all be synapses
MOST_BYTES = 700_000_000  # that a check takes for the weights and tables

# Looks further at a model without mistakes, with what is asked of its integers.
Further = Callable[[Model, Asked], None]


@dataclass(slots=True)
class _Spent:
    """What the networks before this one took; `reading` is what they are to take for the text, with
    the first of them: it is looked at, however long the text."""

    reading: int = 0
    work: int = 0
    pairs: int = 0
    bytes: int = 0


@no_collection()
def check_program(
    path: Path, options: Options, chip: str | None = None, further: Further | None = None
) -> tuple[Diagnostic, ...]:
    """The mistakes and warnings of a file, of all its networks unless the options choose one: what
    the frontend, the passes, `compile` and `train` refuse, and what does not fit the `chip`, or
    else the one that a network is to be deployed to; and what `further` refuses."""
    survey = survey_file(path, options.defines, options.network)
    return check_survey(survey, options.seed or 0, chip, further)


@no_collection()
def check_survey(
    survey: Survey, seed: int = 0, chip: str | None = None, further: Further | None = None
) -> tuple[Diagnostic, ...]:
    """The mistakes and warnings of what a file says; its initial weights are drawn with `seed`."""
    report, spent = Report(), _Spent(reading=survey.characters // READ)
    report.extend(survey.diagnostics)
    for program in survey.programs:
        model = _check_network(program, seed, spent, report)
        if not isinstance(model, Poisoned | None):
            report.attempt(_check_chip, model, program, chip, further)
    for call, place in survey.data:
        report.attempt(_check_data, call, place)
    return in_text_order(report.diagnostics)


def _check_network(
    program: Program, seed: int, spent: _Spent, report: Report
) -> Model | Poisoned | None:
    """The model, if there is one to look at further."""
    work = _work(program)
    if spent.work + work > MOST_WORK:
        report.extend([_not_examined(program.graph)])
        return None
    spent.work += work + spent.reading
    spent.reading = 0
    graph, mistakes = examine(program.graph)
    report.extend(mistakes)
    if mistakes:
        return None
    made = report.attempt(finished, program, graph)
    if isinstance(made, Poisoned):
        return made
    report.extend(made.warnings)
    report.attempt(require_clocked, graph, fires_often=True)
    if program.train is not None:
        report.attempt(spread, program.train)
    model = report.attempt(_drawn, graph, seed, spent, report)
    if program.train is not None and not isinstance(model, Poisoned):
        _check_rule(model, program.train, report)
    return model


def _check_chip(model: Model, program: Program, chip: str | None, further: Further | None) -> None:
    options: Mapping[str, Choice] = {} if chip is None else {"target": chip}
    asked = asked_of(program, options)
    require_fit(model, asked)
    if further is not None and len(model.wirings) == len(model.graph.projections):
        further(model, asked)


def _work(program: Program) -> int:
    """How much there is to be done for a network, in pieces of 0.05 ms: for itself, its training,
    its parts, each set of parameters, each operation of a model or of a function of i and j."""
    graph = program.graph
    with_model = [p for p in graph.populations if p.model is not None]
    models = {id(p.model): p.model for p in with_model if p.model is not None}
    sets = {(id(p.model), p.parameters) for p in with_model}
    operations = sum(sum(1 for _ in walk(e)) for m in models.values() for e in m.expressions)
    whole = 40 if program.train is None else 160
    parts = 2 * len(graph.populations) + 3 * len(graph.projections)
    calls = (call for p in graph.projections for call in (p.connectivity, p.init))
    functions = (v for call in calls for _, v in call.arguments if isinstance(v, Expr))
    of_pairs = sum(sum(1 for _ in walk(function)) for function in functions)
    return whole + parts + 3 * len(sets) + 2 * operations + of_pairs


def _not_examined(graph: Graph) -> Diagnostic:
    message = f"`{graph.name}` is checked by its text alone, as the file has so large networks"
    way_out = f"`snncc compile --network {graph.name}` says what else it shows"
    place = graph.populations[0].span if graph.populations else None
    return Diagnostic("W013", message, place, help=way_out)


def _drawn(graph: Graph, seed: int, spent: _Spent, report: Report) -> Model:
    """The graph with its synapses, or without them, and with a warning, where these would take long
    to draw: what they show is left to `compile`."""
    needs, pairs = drawing(graph), looked_at(graph)
    space, looks = spent.bytes + _total(needs), spent.pairs + _total(pairs)
    if space <= MOST_BYTES and looks <= MOST_PAIRS:
        spent.bytes, spent.pairs = space, looks
        return draw(graph, seed)
    require_memory(graph, needs, memory_bytes())
    work = f"{_total(needs) / 1e9:.2g} GB and a look at {_total(pairs):.2g} pairs of neurons"
    message = f"`{graph.name}` is checked without its synapses, which would take {work}"
    largest = max(pairs if looks > MOST_PAIRS else needs, key=lambda need: need.size)
    way_out = "`snncc compile` says what they show"
    report.extend([Diagnostic("W013", message, largest.span, help=way_out)])
    return Model(graph, {}, {}, seed)


def _total(needs: Iterable[Need]) -> int:
    return sum(need.size for need in needs)


def _check_rule(model: Model, spec: TrainSpec, report: Report) -> None:
    """What the rule cannot train: first each thing by itself, then, if all is well, the whole."""
    found = mistakes_of(model, spec)
    report.extend(found)
    if not found and any(p.encoding is not None for p in model.graph.populations):
        report.attempt(_check_tables, model, spec)


def _check_tables(model: Model, spec: TrainSpec) -> None:
    needs = (*presenting(model.graph, 0), *wanted(model.graph, spec))
    require_memory(model.graph, needs, memory_bytes())
    is_drawn = len(model.wirings) == len(model.graph.projections)
    if is_drawn and _total(needs) <= MOST_BYTES:
        RULES[spec.call("rule").kind].tables(model, spec, make_plan(model))


def _check_data(call: Call, place: Span) -> None:
    completed(call, dataset(call.kind, place).arguments, place)
