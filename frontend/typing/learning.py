"""What a program says of the training of a parameter: `trainable(lr_mult = 0.1, low = 1 mV)`."""

from __future__ import annotations

from dataclasses import dataclass

from ...ir.calls import number as number_of
from ...ir.diagnostics import CompileError, Diagnostic, Note, Span
from ...ir.graph import Call as IrCall
from ...ir.report import Report
from ...ir.rules import VALUE_LEARNING
from ..syntax.tree import Expression, Learning
from ..units import TIME
from .arguments import Bound, bind, fill_bound
from .constants import Scope, evaluate, number
from .declarations import Declared

ENDS = ("low", "high")


@dataclass(frozen=True, slots=True)
class Learns:
    """That a parameter is trained: as `ir.graph.Learnt`, but the ends of its range, in its coherent
    unit, are None where the program leaves them to its kind."""

    lr_mult: float
    is_shared: bool
    low: float | None
    high: float | None
    span: Span


def learns(
    said: Learning | None, declared: Declared, name: str, scope: Scope, report: Report
) -> Learns | None:
    """How a parameter is trained; None where it is not, by `fixed` or for want of a word."""
    if said is None or said.trainable is None:
        return None
    call = said.trainable
    formals = [formal.name for formal in VALUE_LEARNING.arguments]
    bound = bind(call, formals, named=ENDS)
    arguments = fill_bound(VALUE_LEARNING, call, bound, scope, report, "E051")
    row = IrCall(call.name.text, arguments)
    note = Note(declared.span, f"`{name}` is declared here")
    low, high = (_end(end, bound, declared, scope, note) for end in ENDS)
    if low is not None and high is not None and not low < high:
        message = f"the range of `{name}` is empty: `low` must be below `high`"
        raise CompileError(Diagnostic("E051", message, bound["low"].span, related=(note,)))
    if low is not None and low < 0.0 and declared.dimension == TIME:
        message = f"`low` of `{name}` is {low:g} ms, and a time is above 0"
        way_out = "leave `low` out, or say what the shortest time is"
        raise CompileError(Diagnostic("E051", message, bound["low"].span, "", (note,), way_out))
    if number_of(row, "lr_mult") == 0.0:
        return None
    return Learns(number_of(row, "lr_mult"), bool(row["shared"]), low, high, said.span)


def _end(end: str, bound: Bound, declared: Declared, scope: Scope, note: Note) -> float | None:
    node: Expression | None = bound.get(end)
    if node is None:
        return None
    return number(evaluate(node, scope), node.span, declared.dimension, note)
