"""`deploy` blocks to `ir.deploy.choices.DeploySpec`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ...ir.deploy.choices import DeploySpec, chosen
from ...ir.deploy.entries import DEPLOY_ENTRIES, Choice, problem
from ...ir.deploy.forms import contradictions
from ...ir.diagnostics import CompileError, Diagnostic, Span
from ...ir.expr import names
from ...ir.graph import Graph
from ...ir.report import Report, nearest, twice
from ..foreign import unknown
from ..syntax.files import ChoiceOf, Deploy
from ..syntax.tree import Expression, Literal, Reference, Setting
from ..typing.constants import Quantity, Scope, evaluate, number, whole, wrong_type
from ..units import coherent
from .ends import Ends, between, by_ends


@dataclass(slots=True)
class _Block:
    """A block as far as it has been read; `graph` is None where the network has mistakes. `named`
    are its projections by both ends as they may be written, with the port and without."""

    scope: Scope
    graph: Graph | None
    named: Ends = field(default_factory=dict)
    said: dict[str, Choice] = field(default_factory=dict)
    bits: dict[str, int] = field(default_factory=dict)
    places: dict[str, Span] = field(default_factory=dict)


def lower_deploy(block: Deploy, scope: Scope, graph: Graph | None, report: Report) -> DeploySpec:
    """What a `deploy` block says of a network, whose parameters can be named in it; of one with
    mistakes (None) nothing is asked. E086 for what the chip that it names does not have."""
    last, read = report.last, _Block(scope, graph)
    for entry in block.entries:
        if isinstance(entry, ChoiceOf):
            report.attempt(_of_projections, entry, read)
        else:
            report.attempt(_set, entry, read)
    report.require_none_since(last)
    spec = DeploySpec(read.said, read.bits, read.places)
    wrong = contradictions(chosen(spec))
    if wrong:
        raise CompileError(wrong)
    return spec


def _set(line: Setting, read: _Block) -> None:
    name = _known(line)
    if name in read.places:
        raise CompileError(twice(name, line.name.span, read.places[name], code="E014"))
    read.places[name] = line.name.span
    read.said[name] = _value(name, line.value, read)


def _known(line: Setting) -> str:
    """The name of an entry, if there is such an entry."""
    name = line.name
    if name.text not in DEPLOY_ENTRIES:
        raise CompileError(unknown("deploy setting", name.text, name.span, DEPLOY_ENTRIES, "E012"))
    return name.text


def _of_projections(line: ChoiceOf, read: _Block) -> None:
    """A line about all projections between two populations."""
    name = _known(line.setting)
    if not DEPLOY_ENTRIES[name].is_of_projections:
        ours = ", ".join(f"`{n}`" for n, e in DEPLOY_ENTRIES.items() if e.is_of_projections)
        message = f"`{name}` is said of the whole network, not of a projection"
        way_out = f"write it alone; of a projection there can be said {ours}"
        raise CompileError(Diagnostic("E012", message, line.setting.name.span, help=way_out))
    value = _value(name, line.setting.value, read)
    assert isinstance(value, int)
    if read.graph is None:
        return
    for projection in _between(line, read, read.graph):
        if projection in read.places:
            first = read.places[projection]
            raise CompileError(twice(projection, line.span, first, code="E014"))
        read.places[projection], read.bits[projection] = line.span, value


def _between(line: ChoiceOf, read: _Block, graph: Graph) -> Sequence[str]:
    """The projections from one end to the other, maybe to a port of it."""
    if not read.named:
        read.named = by_ends(graph)
    return between((line.pre, line.post), line.span, read.named, graph, read.scope)


def _value(name: str, node: Expression, read: _Block) -> Choice:
    entry = DEPLOY_ENTRIES[name]
    if entry.rows is not None:
        return _row(name, entry.rows, node, read.scope)
    value = evaluate(node, read.scope)
    if not entry.is_quantity:
        found: Choice = whole(value, node.span)
    elif isinstance(value, Quantity):
        found = _of_membranes(value, node.span, read.graph)
    else:
        raise wrong_type("a number in the unit of membranes", value, node.span)
    wrong = problem(name, found)
    if wrong:
        default = "" if entry.default is None else f", {entry.default}"
        way_out = f"leave `{name}` out for its default{default}"
        raise CompileError(Diagnostic("E087", wrong, node.span, help=way_out))
    return found


def _row(name: str, rows: Mapping[str, object], node: Expression, scope: Scope) -> str:
    """A name of `rows`, as a word, a text, or a constant that is a text."""
    word = node.name if isinstance(node, Reference) else None
    if isinstance(node, Literal) or (word is not None and word in scope.names):
        value = evaluate(node, scope)
        word = value if isinstance(value, str) else None
    if word is not None and word in rows:
        return word
    what = f"there is no {name} `{word}`" if word is not None else f"`{name}` is a name"
    way_out = nearest(word or "", rows) or f"there are {', '.join(f'`{row}`' for row in rows)}"
    raise CompileError(Diagnostic("E087", what, node.span, help=way_out))


def _of_membranes(value: Quantity, span: Span, graph: Graph | None) -> float:
    """A number in the unit of every state that a threshold reads."""
    unit = coherent(value.dimension)
    for population in () if graph is None else graph.populations:
        model = population.model
        if model is None or model.spike is None:
            continue
        read = names(model.spike)
        units = {state.unit for state in model.states if state.name in read}
        if unit not in units:
            message = f"the membrane of `{population.name}` is in {', '.join(units)}, not in {unit}"
            raise CompileError(Diagnostic("E021", message, span, help=f"write it in {min(units)}"))
    return number(value, span, value.dimension)
