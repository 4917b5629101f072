"""Values that each neuron has its own of: `uniform(10 ms, 20 ms)`, `10 ms + 0.1 ms * i`, a file."""

from __future__ import annotations

from collections.abc import Iterator

from ...ir.arguments import Row
from ...ir.calls import number
from ...ir.diagnostics import CompileError, Diagnostic, Note
from ...ir.drawn import DRAWS, INDEX, ROW_OF_FILE, ends
from ...ir.expr import names
from ...ir.graph import Call as IrCall
from ...ir.report import Report
from ..syntax.tree import Call, Expression, Operation, Reference
from ..units import NUMBER, describe
from .arguments import fill, index_expression
from .constants import Scope
from .declarations import Declared, Drawn
from .equations import Symbols, lower_as
from .operators import Operand, mismatch

FILE = "file"
# What a program may write; the others follow from it.
ROWS: dict[str, Row] = {
    **{kind: row for kind, row in DRAWS.items() if kind not in ("constant", "given")},
    FILE: ROW_OF_FILE,
}


def draw_of(node: Expression, scope: Scope, of: Declared, report: Report) -> Drawn | None:
    """What a call says of each neuron, such as `uniform(10 ms, 20 ms)`; None of another."""
    if not isinstance(node, Call) or node.name.text not in ROWS:
        return None
    call = fill(ROWS[node.name.text], node, scope, report, kinds=(of.dimension,))
    if call.kind == "expression":
        _require_index(call, node)
    if call.kind == "uniform" and not number(call, "low") <= number(call, "high"):
        raise _empty(node)
    if call.kind == "normal" and not ends(call)[0] < ends(call)[1]:
        raise _empty(node)
    if call.kind == FILE and of.dimension != NUMBER and len(node.arguments) < _with_unit(node):
        message = f"numbers of a file have no unit, and this is {describe(of.dimension)}"
        way_out = 'say what 1 means: `file("a.npy", unit = 1 ms)`'
        raise CompileError(Diagnostic("E013", message, node.span, help=way_out))
    return Drawn(call, node.span)


def _with_unit(node: Call) -> int:
    """The least number of arguments of a file that says its unit."""
    named = any(a.name is not None and a.name.text == "unit" for a in node.arguments)
    return 0 if named else 3


def _empty(node: Call) -> CompileError:
    message = f"`{node.name.text}` is drawn between `low` and `high`, and nothing is between them"
    return CompileError(Diagnostic("E022", message, node.span, help="swap the two"))


def by_index(node: Expression, scope: Scope, of: Declared, note: Note) -> Drawn | None:
    """A function of the neuron's index `i`; None where the expression reads no index."""
    read = {reference.name for reference in references(node)} - scope.names.keys()
    if not read & {INDEX, "j"}:
        return None
    typed = index_expression(node, scope)
    if typed.kind != of.dimension:
        raise mismatch(of.dimension, Operand(typed.kind, node.span), because=note)
    call = IrCall("expression", (("value", typed.expr),))
    _require_index(call, node)
    return Drawn(call, node.span)


def derived(node: Expression, symbols: Symbols, of: Declared, note: Note) -> Drawn | None:
    """A parameter that follows others, the `symbols`; None of one that reads none of them."""
    if not any(r.name in symbols for r in references(node)):
        return None
    value = lower_as(node, symbols, of.dimension, note)
    return Drawn(IrCall("expression", (("value", value),)), node.span)


def references(node: Expression) -> Iterator[Reference]:
    """The names that an expression reads."""
    open_ = [node]
    while open_:
        each = open_.pop()
        if isinstance(each, Reference):
            yield each
        elif isinstance(each, Operation):
            open_ += each.operands
        elif isinstance(each, Call):
            open_ += [argument.value for argument in each.arguments]


def _require_index(call: IrCall, node: Expression) -> None:
    value = call["value"]
    assert not isinstance(value, (float, int, str, tuple))
    if "j" in names(value):
        message = "a neuron has one index, `i`, and no `j`"
        raise CompileError(Diagnostic("E010", message, node.span, help="write `i`"))
