"""Parameters of networks and modules: `(hidden: int = 400, tau: ms = 20 ms)`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ...ir.diagnostics import CompileError, Diagnostic, Note, Span
from ...ir.report import Poisoned, Report
from ..syntax.tree import Call, Expression, Param, Reference
from ..typing.arguments import bind
from ..typing.constants import (
    EMPTY,
    Constant,
    Quantity,
    Scope,
    evaluate,
    number,
    text,
    truth,
    whole,
)
from ..typing.equations import unit_of
from ..units import NUMBER

_TYPES: dict[str, Callable[[Constant, Span, Note | None], Constant]] = {
    "int": lambda value, span, note: Quantity(whole(value, span, note), NUMBER),
    "real": lambda value, span, note: Quantity(number(value, span, NUMBER, note), NUMBER),
    "bool": truth,
    "text": text,
}


def typed(param: Param, value: Constant, span: Span) -> Constant:
    """The value as the type of the parameter asks."""
    note = Note(param.name.span, f"`{param.name.text}` is declared here")
    if isinstance(param.unit, Reference) and param.unit.name in _TYPES:
        return _TYPES[param.unit.name](value, span, note)
    dimension = unit_of(param.unit)
    return Quantity(number(value, span, dimension, note), dimension)


def is_text(param: Param) -> bool:
    """Whether the parameter is declared as text."""
    return isinstance(param.unit, Reference) and param.unit.name == "text"


def module_scope(params: tuple[Param, ...], call: Call, caller: Scope, report: Report) -> Scope:
    """The constants that the body of an instantiated module sees."""
    bound = bind(call, [param.name.text for param in params])
    return open_scope(params, bound, caller, call.name.span, report)


def open_scope(
    params: tuple[Param, ...],
    given: Mapping[str, Expression],
    caller: Scope,
    span: Span,
    report: Report,
) -> Scope:
    """The parameters with the values given in the caller's scope, else their defaults."""
    scope, last = EMPTY, report.last
    for param in params:
        bound = report.attempt(_bind, param, given, caller, scope, span)
        scope = scope if isinstance(bound, Poisoned) else bound
    report.require_none_since(last)
    return scope


def partial_scope(
    params: tuple[Param, ...],
    given: Mapping[str, Expression],
    unknown: Callable[[Param], Diagnostic],
    report: Report,
) -> Scope:
    """The parameters of a definition that is checked without a caller. One that has no value
    stands for `unknown` of it, which is told if anything depends on it; a wrong one is reported."""
    scope = EMPTY
    for param in params:
        name = param.name
        if name.text not in given and param.default is None:
            scope = scope.bind(name, Poisoned(CompileError(unknown(param))))
            continue
        bound = report.attempt(_bind, param, given, EMPTY, scope, name.span)
        scope = scope.bind(name, bound) if isinstance(bound, Poisoned) else bound
    return scope


def _bind(
    param: Param, given: Mapping[str, Expression], caller: Scope, scope: Scope, span: Span
) -> Scope:
    name = param.name.text
    if name in given:
        node = given[name]
        return scope.bind(param.name, typed(param, evaluate(node, caller), node.span))
    if param.default is None:
        raise CompileError(_lacking(param, span))
    value = evaluate(param.default, scope)
    return scope.bind(param.name, typed(param, value, param.default.span))


def _lacking(param: Param, span: Span) -> Diagnostic:
    return Diagnostic(
        "E013",
        f"the parameter `{param.name.text}` has no default and is not given",
        span,
        related=(Note(param.name.span, "declared here"),),
        help=f"give it: `{param.name.text} = …`, for a network on the command line with "
        f"`-D {param.name.text}=…`",
    )
