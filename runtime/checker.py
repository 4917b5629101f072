"""Every mistake of a program that shows before any data are read."""

from __future__ import annotations

from pathlib import Path

from ..backends.compiled.plan import make_plan
from ..backends.memory import drawing, presenting, require_memory
from ..backends.rules.spike_train.check import refuse_shared, require_trainable
from ..backends.rules.spike_train.response import spike_response
from ..backends.rules.spike_train.tables import make_rule
from ..backends.runnable import require_spiking
from ..frontend.program import Program, survey_file
from ..ir.diagnostics import Diagnostic, Span
from ..ir.graph import Call, Graph, Projection, TrainSpec
from ..ir.passes.pipeline import examine
from ..ir.report import Poisoned, Report, in_text_order
from ..ir.types import Shape
from ..ir.wiring import Wiring, initial_weights, wire
from .datasets.arguments import completed
from .datasets.table import dataset
from .host import memory_bytes
from .loading import Options, finished


def check_program(path: Path, options: Options) -> tuple[Diagnostic, ...]:
    """The mistakes and warnings of a file, of all its networks unless the options choose one: what
    the frontend, the passes, `compile` and `train` refuse."""
    survey, report = survey_file(path, options.defines, options.network), Report()
    report.extend(survey.diagnostics)
    for program in survey.programs:
        _check_network(program, options.seed or 0, report)
    for call, place in survey.data:
        report.attempt(_check_data, call, place)
    return in_text_order(report.diagnostics)


def _check_network(program: Program, seed: int, report: Report) -> None:
    graph, mistakes = examine(program.graph)
    report.extend(mistakes)
    if mistakes:
        return
    report.extend(finished(program, graph).warnings)
    report.attempt(require_spiking, graph)
    wirings = _wirings(graph, seed, report)
    if program.train is not None and wirings is not None:
        _check_rule(graph, program.train, wirings, report)


def _wirings(graph: Graph, seed: int, report: Report) -> dict[str, Wiring] | None:
    """The wiring of every projection, its initial weights tried; None after a mistake."""
    last, wirings = report.last, dict[str, Wiring]()
    report.attempt(require_memory, graph, drawing(graph), memory_bytes())
    if report.last is not last:
        return None
    shapes = {p.name: p.shape for p in graph.populations}
    for p in graph.projections:
        wiring = report.attempt(_wiring, p, shapes[p.pre], shapes[p.post], seed, graph)
        if not isinstance(wiring, Poisoned):
            wirings[p.name] = wiring
    return wirings if report.last is last else None


def _wiring(projection: Projection, pre: Shape, post: Shape, seed: int, graph: Graph) -> Wiring:
    wiring = wire(projection, pre, post, seed)
    initial_weights(projection, wiring, seed, graph.tensors)
    return wiring


def _check_rule(graph: Graph, spec: TrainSpec, wirings: dict[str, Wiring], report: Report) -> None:
    """What the rule cannot train: first each thing by itself, then, if all is well, the whole."""
    last = report.last
    report.attempt(require_trainable, graph, spec.rule)
    report.attempt(refuse_shared, graph, wirings)
    for population in graph.populations:
        if population.step is not None:
            report.attempt(spike_response, population)
    if report.last is last and any(p.encoding is not None for p in graph.populations):
        report.attempt(_check_tables, graph, spec, wirings)


def _check_tables(graph: Graph, spec: TrainSpec, wirings: dict[str, Wiring]) -> None:
    require_memory(graph, presenting(graph, 0), memory_bytes())
    make_rule(graph, spec, make_plan(graph, wirings), wirings)


def _check_data(call: Call, place: Span) -> None:
    completed(call, dataset(call.kind, place).arguments, place)
