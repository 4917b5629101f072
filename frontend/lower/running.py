"""`run` blocks to `ir.running.RunSpec`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ...ir.diagnostics import CompileError, Diagnostic, Span
from ...ir.graph import Graph, Population
from ...ir.report import Report, twice
from ...ir.running import SPIKES, Probe, RunSpec
from ...ir.verify.durations import problem_of
from ..foreign import unknown
from ..syntax.files import Record, Run
from ..syntax.tree import Expression, Setting, Slice
from ..typing.constants import Scope, evaluate, number
from ..units import TIME
from .arrays import neurons_of, without_slice
from .paths import part_text


@dataclass(slots=True)
class _Block:
    """A block as far as it has been read; `graph` is None where the network has mistakes."""

    scope: Scope
    graph: Graph | None
    duration: float | None = None
    place: Span | None = None  # of the duration
    probes: dict[tuple[str, str], Probe] = field(default_factory=dict)


def lower_run(block: Run, scope: Scope, graph: Graph | None, report: Report) -> RunSpec:
    """What a `run` block says of a network, whose parameters can be named in it; of one with
    mistakes (None) nothing is recorded."""
    last, read = report.last, _Block(scope, graph)
    for entry in block.entries:
        if isinstance(entry, Record):
            report.attempt(_record, entry, read)
        else:
            report.attempt(_set, entry, read)
    report.require_none_since(last)
    return RunSpec(read.duration, tuple(read.probes.values()), block.network.span)


def _set(line: Setting, read: _Block) -> None:
    name = line.name
    if name.text != "duration":
        known = ("duration", "record")
        raise CompileError(unknown("run setting", name.text, name.span, known, "E012"))
    if read.place is not None:
        raise CompileError(twice(name.text, name.span, read.place, code="E014"))
    read.place = name.span
    value = number(evaluate(line.value, read.scope), line.value.span, TIME)
    wrong = None if read.graph is None else problem_of(value, read.graph.dt)
    if wrong is not None:
        raise CompileError(replace(wrong, span=line.value.span))
    read.duration = value


def _record(line: Record, read: _Block) -> None:
    if read.graph is None:
        return
    every = 1 if line.every is None else _steps(line.every, line, read.scope, read.graph.dt)
    index = read.graph.index()
    for path in line.paths:
        *before, last = path.parts
        named, item = without_slice(last)
        name = ".".join(part_text(part, read.scope) for part in (*before, named))
        if name not in index:
            raise CompileError(unknown("population", name, path.span, index))
        population = index[name]
        _require_seen(line, population)
        first, end = _range(item, population, read.scope)
        if (line.what.text, name) in read.probes:
            before_ = read.probes[line.what.text, name].span
            raise CompileError(
                twice(f"{line.what.text} of {name}", path.span, before_, code="E014")
            )
        probe = Probe(line.what.text, name, first, end, every, path.span)
        read.probes[line.what.text, name] = probe


def _require_seen(line: Record, population: Population) -> None:
    model, what = population.model, line.what
    states = () if model is None else tuple(s.name for s in model.states)
    if what.text != SPIKES and what.text not in states:
        raise CompileError(unknown("state", what.text, what.span, (SPIKES, *states)))


def _steps(node: Expression, line: Record, scope: Scope, dt: float) -> int:
    """How many steps an interval is."""
    interval = number(evaluate(node, scope), node.span, TIME)
    if line.what.text == SPIKES:
        message, way_out = "every spike is recorded, whenever it is", "leave out `every`"
        raise CompileError(Diagnostic("E022", message, node.span, help=way_out))
    wrong = problem_of(interval, dt)
    if wrong is not None:
        message = f"states are recorded at steps, and {interval:g} ms is no number of steps of"
        way_out = "choose a multiple of dt, at least one step"
        raise CompileError(Diagnostic("E045", f"{message} {dt:g} ms", node.span, help=way_out))
    return round(interval / dt)


def _range(item: Slice | None, population: Population, scope: Scope) -> tuple[int, int]:
    """The neurons that a path names; an end of 0 is that of a shape that a projection will fix."""
    count = population.neurons if population.shape else None
    if item is None:
        return 0, count or 0
    return neurons_of(item, population.name, count, scope)
