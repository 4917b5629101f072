"""`run` blocks to `ir.running.RunSpec`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ...ir.diagnostics import CompileError, Diagnostic, Span
from ...ir.graph import Graph, Population, Projection
from ...ir.report import Report, twice
from ...ir.running import SPIKES, Probe, RunSpec, held, of_synapses
from ...ir.verify.durations import problem_of
from ..foreign import unknown
from ..syntax.files import Record, RecordOf, Run
from ..syntax.tree import Expression, Name, Setting, Slice
from ..typing.constants import Scope, evaluate, number
from ..units import TIME
from .arrays import neurons_of, without_slice
from .ends import between, by_ends
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
        elif isinstance(entry, RecordOf):
            report.attempt(_record_of, entry, read)
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
    every = 1 if line.every is None else _steps(line.every, line.what, read.scope, read.graph.dt)
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
        probe = Probe(line.what.text, name, first, end, every, span=path.span)
        read.probes[line.what.text, name] = probe


def _record_of(line: RecordOf, read: _Block) -> None:
    """A line about the synapses of all projections between two populations."""
    graph, what = read.graph, line.what
    if graph is None:
        return
    every = 0 if line.every is None else _steps(line.every, what, read.scope, graph.dt)
    ends = line.pre, line.post
    names = between(ends, line.span, by_ends(graph), graph, read.scope)
    own = {p.name: p for p in graph.projections if p.name in names}
    having = [name for name in names if what.text in held(own[name])]
    if not having:
        raise CompileError(_not_held(line, tuple(own.values())))
    for name in having:
        if (what.text, name) in read.probes:
            first = read.probes[what.text, name].span
            raise CompileError(twice(f"{what.text} of {name}", line.span, first, code="E014"))
        read.probes[what.text, name] = of_synapses(what.text, name, every, line.span)


def _not_held(line: RecordOf, projections: Sequence[Projection]) -> Diagnostic:
    what, known = line.what, dict.fromkeys(s for p in projections for s in held(p))
    if known:
        return unknown("state of the synapses", what.text, what.span, known)
    message = f"the synapses of `{projections[0].name}` hold nothing that changes"
    way_out = "states of synapses, and weights that they change, come with `via`"
    return Diagnostic("E044", message, line.span, help=way_out)


def _require_seen(line: Record, population: Population) -> None:
    model, what = population.model, line.what
    states = () if model is None else tuple(s.name for s in model.states)
    if what.text != SPIKES and what.text not in states:
        raise CompileError(unknown("state", what.text, what.span, (SPIKES, *states)))


def _steps(node: Expression, what: Name, scope: Scope, dt: float) -> int:
    """How many steps an interval is."""
    interval = number(evaluate(node, scope), node.span, TIME)
    if what.text == SPIKES:
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
