"""`train` blocks to `ir.graph.TrainSpec`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ...ir.arguments import Row
from ...ir.diagnostics import CompileError, Diagnostic, Span
from ...ir.graph import Call as IrCall
from ...ir.graph import Graph, TrainSpec, Value
from ...ir.graph import Setting as Chosen
from ...ir.ranges import BELOW_ONE
from ...ir.report import Report, twice, unknown
from ...ir.rules import TRAIN_ENTRIES
from ...ir.verify.dropout import dropout_problem
from ...ir.verify.images import image_problem, image_shape, size_problem
from ..syntax.files import EntryOf, Train
from ..syntax.tree import Argument, Call, Expression, Name, Reference, Setting
from ..typing.arguments import as_call, fill, look_up
from ..typing.constants import (
    Constant,
    Quantity,
    Scope,
    evaluate,
    number,
    truth,
    whole,
    wrong_type,
)
from ..typing.operators import Operand, mismatch
from ..units import NUMBER
from .paths import part_text


def lower_train(block: Train, scope: Scope, graph: Graph | None, report: Report) -> TrainSpec:
    """The plan of a `train` block; the parameters of its network can be named in it. The graph is
    None of one with mistakes, which what is said of its samples is not held against."""
    last, places = report.last, dict[str, Span]()
    settings: dict[str, Chosen] = {name: entry.default for name, entry in TRAIN_ENTRIES.items()}
    for line in block.entries:
        report.attempt(_set, line, settings, places, scope, report)
    lacking = [
        _lacking(block, n) for n, e in TRAIN_ENTRIES.items() if e.example and n not in places
    ]
    if lacking:
        report.fail(CompileError(lacking))
    report.require_none_since(last)
    spec = TrainSpec(block.network.text, settings, span=block.network.span)
    if graph is not None:
        _require_images(block, spec, graph)
        _require_senders(block, spec, graph)
    return spec


def _require_images(block: Train, spec: TrainSpec, graph: Graph) -> None:
    """E051 for samples that cannot be transformed as the block says."""
    calls, shape = spec.calls("augment"), image_shape(graph)
    places = [_place(line) for line in block.entries if line.name.text == "augment"]
    problems = [image_problem(graph)] if shape is None else [size_problem(c, shape) for c in calls]
    found = [
        Diagnostic("E051", problem[0], place, help=problem[1])
        for problem, place in zip(problems, places, strict=False)
        if problem is not None
    ]
    if found:
        raise CompileError(found)


def _place(line: Setting | EntryOf) -> Span:
    return line.path.span if isinstance(line, EntryOf) else line.value.span


def _require_senders(block: Train, spec: TrainSpec, graph: Graph) -> None:
    """CompileError for populations of which no units can be left out, or that there are not."""
    known, first, found = graph.index(), dict[str, Span](), list[Diagnostic]()
    hidden = [p.name for p in graph.populations if p.role == "hidden"]
    places = [_place(line) for line in block.entries if line.name.text == "dropout"]
    for call, place in zip(spec.calls("dropout"), places, strict=True):
        population = known.get(call.kind)
        if population is None:
            found.append(unknown("population", call.kind, place, hidden))
        elif call.kind in first:
            found.append(twice(call.kind, place, first[call.kind], code="E014"))
        elif problem := dropout_problem(graph, population):
            found.append(Diagnostic("E051", problem[0], place, help=problem[1]))
        first.setdefault(call.kind, place)
    if found:
        raise CompileError(found)


def _lacking(block: Train, needed: str) -> Diagnostic:
    return Diagnostic(
        "E013",
        f"the training of `{block.network.text}` does not say its `{needed}`",
        block.network.span,
        help=f"add a line such as `{TRAIN_ENTRIES[needed].example}`",
    )


def _set(
    line: Setting | EntryOf,
    settings: dict[str, Chosen],
    places: dict[str, Span],
    scope: Scope,
    report: Report,
) -> None:
    name = line.name
    if name.text not in TRAIN_ENTRIES:
        raise CompileError(unknown("training setting", name.text, name.span, TRAIN_ENTRIES, "E012"))
    entry = TRAIN_ENTRIES[name.text]
    if name.text in places and not entry.may_repeat:
        raise CompileError(twice(name.text, name.span, places[name.text], code="E014"))
    places[name.text] = name.span
    if entry.row is not None:
        call = _of_population(line, entry.row, scope, report)
    elif isinstance(line, EntryOf):
        message = f"`{name.text}` is said of the whole training, not of a population"
        raise CompileError(Diagnostic("E020", message, line.path.span, help="write it alone"))
    elif entry.table is None:
        settings[name.text] = _TYPES[entry.type](line.value, scope, report)
        return
    else:
        call = _call(name.text, entry.table, entry.what, line.value, scope, report)
    before = settings[name.text] if entry.may_repeat else None
    settings[name.text] = (*_several(before), call) if entry.may_repeat else call


def _several(calls: Chosen) -> tuple[IrCall, ...]:
    return calls if isinstance(calls, tuple) else ()


def _of_population(line: Setting | EntryOf, row: Row, scope: Scope, report: Report) -> IrCall:
    """What a line says of a population, whose name it begins with."""
    if isinstance(line, EntryOf):
        text = ".".join(part_text(part, scope) for part in line.path.parts)
        call = Call(Name(text, line.path.span), line.arguments, line.path.span)
    else:
        said = f"{line.name.text} h({row.arguments[0].name} = 0.2)"
        call = as_call(line.value, f"a population after `{line.name.text}`, such as `{said}`")
    return fill(row, call, scope, report, "E051")


def _call(
    name: str,
    table: Mapping[str, Row],
    what: str,
    node: Expression,
    scope: Scope,
    report: Report,
) -> IrCall:
    """What a line names, a row of its table."""
    call = as_call(node, f"a name after `{name}`, such as `{_example(table)}`")
    return fill(look_up(table, call, what), call, scope, report, "E051")


def _example(table: Mapping[str, Row]) -> str:
    """A call of the first row of a table, with its first argument."""
    kind, row = next(iter(table.items()))
    first = next((a for a in row.arguments if isinstance(a.default, float)), None)
    return kind if first is None else f"{kind}({first.name} = {first.default:g})"


def lower_data(node: Expression, scope: Scope, report: Report) -> IrCall:
    """A data set by name; which ones there are is known where they are read."""
    call = as_call(node, "a data set, such as `fashion_mnist`")
    values, last = dict[str, Value](), report.last
    report.each(_data_argument, call.arguments, values, scope)
    report.require_none_since(last)
    return IrCall(call.name.text, tuple(values.items()))


def _data_argument(argument: Argument, values: dict[str, Value], scope: Scope) -> None:
    span = argument.value.span
    if argument.name is None:
        way_out = 'such as `path = "…"`'
        raise CompileError(
            Diagnostic("E012", "give the arguments of data by name", span, help=way_out)
        )
    if argument.name.text in values:
        raise CompileError(twice(argument.name.text, argument.name.span, None, code="E014"))
    values[argument.name.text] = _plain(argument.value, scope)


def _plain(node: Expression, scope: Scope) -> Value:
    value = evaluate(node, scope)
    if isinstance(value, tuple):
        return tuple(_item(item, node) for item in value)
    return value if not isinstance(value, Quantity) else _unitless(value, node)


def _item(value: Constant, node: Expression) -> float | str:
    if isinstance(value, Quantity):
        return _unitless(value, node)
    if isinstance(value, str):
        return value
    raise wrong_type("a number or a text", value, node.span)


def _unitless(value: Quantity, node: Expression) -> float:
    if value.dimension != NUMBER:
        raise mismatch(NUMBER, Operand(value.dimension, node.span))
    return value.value


def _count(node: Expression, scope: Scope, report: Report) -> int:
    value = whole(evaluate(node, scope), node.span)
    if value < 1:
        raise CompileError(Diagnostic("E051", f"expected 1 or more, got {value}", node.span))
    return value


def _share(node: Expression, scope: Scope, report: Report) -> float | None:
    """A share below 1; none is none at all."""
    value = number(evaluate(node, scope), node.span, NUMBER)
    if value not in BELOW_ONE:
        message = f"expected a share {BELOW_ONE}, got {value:g}"
        raise CompileError(Diagnostic("E051", message, node.span))
    return value or None


def _switch(node: Expression, scope: Scope, report: Report) -> bool:
    """`on` or `off`, or a truth value."""
    if isinstance(node, Reference) and node.name == "off" and "off" not in scope.names:
        return False
    return truth(evaluate(node, scope), node.span)


_TYPES: dict[str, Callable[[Expression, Scope, Report], Chosen]] = {
    "data": lower_data,
    "count": _count,
    "share": _share,
    "switch": _switch,
}
