"""Calls against the tables of the IR: every argument checked, converted and filled in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ...ir.arguments import Argument as Formal
from ...ir.arguments import Row
from ...ir.diagnostics import CompileError, Diagnostic, Note, Span
from ...ir.expr import names
from ...ir.graph import Call as IrCall
from ...ir.graph import Value
from ...ir.report import Poisoned, Report, nearest, twice
from ..foreign import foreign, unknown
from ..syntax.tree import Call, Expression, Name, Reference
from ..units import NUMBER, UNITS, Dimension, to_unit
from .constants import Quantity, Scope, evaluate, number, text, truth, whole
from .equations import Typed, literal, lower_expression, variable
from .operators import Kind, Operand, mismatch
from .times import times
from .trains import train, trains

Bound = dict[str, Expression]
Kinds = tuple[Dimension, ...] | None  # of what a quantity of a row may be, None: of anything
PLAIN: Kinds = (NUMBER,)


def as_call(node: Expression, what: str) -> Call:
    """The expression as a call; a bare name is a call without arguments."""
    if isinstance(node, Call):
        return node
    if isinstance(node, Reference):
        return Call(Name(node.name, node.span), (), node.span)
    raise CompileError(Diagnostic("E020", f"expected {what}", node.span))


def bind(call: Call, positional: Sequence[str], named: Sequence[str] = ()) -> Bound:
    """The arguments of a call by name; `positional` may also be given in that order."""
    bound, places, mistakes = Bound(), dict[str, Span](), list[Diagnostic]()
    for position, argument in enumerate(call.arguments):
        span = argument.name.span if argument.name else argument.value.span
        name = argument.name.text if argument.name else ""
        if argument.name is None and position < len(positional):
            name = positional[position]
        if not name:
            mistakes.append(_too_many(call, len(positional), span))
        elif name not in positional and name not in named:
            owner, choices = f"argument of `{call.name.text}` named", [*positional, *named]
            mistakes.append(unknown(owner, name, span, choices, code="E012"))
        elif name in bound:
            mistakes.append(twice(name, span, places[name], code="E014"))
        else:
            bound[name], places[name] = argument.value, span
    if mistakes:
        raise CompileError(mistakes)
    return bound


def _too_many(call: Call, most: int, span: Span) -> Diagnostic:
    message = f"`{call.name.text}` takes {most or 'no'} arguments by position"
    return Diagnostic("E012", message, span, help="give further ones by name: `name = value`")


def is_distribution(node: Expression, table: Mapping[str, Row]) -> bool:
    """Whether the expression is a call of a row of the table, where a number could stand."""
    return isinstance(node, Call) and node.name.text in table


def look_up(table: Mapping[str, Row], call: Call, what: str) -> Row:
    """The row of a table that a call names."""
    row = table.get(call.name.text)
    if row is None:
        raise CompileError(unknown(what, call.name.text, call.name.span, table))
    return row


def fill(
    row: Row,
    call: Call,
    scope: Scope,
    report: Report,
    code: str = "E022",
    kinds: Kinds = PLAIN,
) -> IrCall:
    """The call of a table row with every argument checked and filled in; `code` is that of a
    number out of its range, `kinds` are those of its quantities."""
    bound = bind(call, [formal.name for formal in row.arguments])
    return IrCall(call.name.text, fill_bound(row, call, bound, scope, report, code, kinds))


def fill_bound(
    row: Row,
    call: Call,
    bound: Mapping[str, Expression],
    scope: Scope,
    report: Report,
    code: str = "E022",
    kinds: Kinds = PLAIN,
) -> tuple[tuple[str, Value], ...]:
    """The arguments of a row in its order, in the units of the table, defaults where none given;
    without those that are silent at their default, though not those that are told."""
    last = report.last
    values = report.each(_argument, row.arguments, call, bound, scope, code, kinds)
    report.require_none_since(last)
    if row.is_rising:
        _require_rising(row, call, values, code)
    return tuple(
        (formal.name, value)
        for formal, value in zip(row.arguments, values, strict=True)
        if not (formal.silent and value == formal.default) or (formal.told and formal.name in bound)
    )


def _require_rising(row: Row, call: Call, values: Sequence[Value], code: str) -> None:
    numbers = [value for value in values if isinstance(value, float)]
    if any(below >= above for below, above in pairwise(numbers)):
        order = " < ".join(f"`{formal.name}`" for formal in row.arguments)
        said = " and ".join(f"{value:g}" for value in numbers)
        message = f"`{call.name.text}` has {said}; {order} is needed"
        raise CompileError(Diagnostic(code, message, call.name.span, help="swap the two"))


def _argument(
    formal: Formal,
    call: Call,
    bound: Mapping[str, Expression],
    scope: Scope,
    code: str,
    kinds: Kinds,
) -> Value:
    kind = call.name.text
    if formal.name not in bound:
        if formal.default is None:
            raise CompileError(missing(call, formal.name))
        return formal.default
    node = bound[formal.name]
    value = convert(formal, node, scope, kinds)
    problem = formal.problem(kind, value)
    if problem:
        raise CompileError(Diagnostic(code, problem, node.span, help=formal.way_out()))
    return value


def missing(call: Call, name: str) -> Diagnostic:
    """The diagnostic for an argument that has no default and is not given."""
    return Diagnostic(
        "E013",
        f"`{call.name.text}` needs the argument `{name}`",
        call.name.span,
        help=f"write `{call.name.text}({name} = …)`",
    )


def convert(formal: Formal, node: Expression, scope: Scope, kinds: Kinds = PLAIN) -> Value:
    """The value of an argument in the unit that its table says; of a "quantity" in the coherent
    unit of one of `kinds`."""
    if formal.unit == "quantity":
        return quantity(node, scope, kinds)
    if formal.unit == "expr":
        return _over_indices(formal, node, scope, kinds)
    converter = _CONVERTERS.get(formal.unit)
    if converter is None:
        dimension = UNITS[formal.unit].dimension
        return to_unit(number(evaluate(node, scope), node.span, dimension), formal.unit)
    return converter(formal, node, scope)


def _one_of(formal: Formal, node: Expression, scope: Scope) -> Value:
    if isinstance(node, Reference) and node.name in set(formal.choices) - scope.names.keys():
        message = f"`{formal.name}` is a text, and `{node.name}` stands without quotes"
        raise CompileError(Diagnostic("E020", message, node.span, help=f'write "{node.name}"'))
    value = text(evaluate(node, scope), node.span)
    if formal.choices and value not in formal.choices:
        choices = " or ".join(f'"{choice}"' for choice in formal.choices)
        message = f"`{formal.name}` is {choices}, not {value!r}"
        way_out = foreign(formal.name, value) or nearest(value, formal.choices)
        raise CompileError(Diagnostic("E022", message, node.span, help=way_out))
    return value


def shape(node: Expression, scope: Scope) -> tuple[int, ...]:
    """A list of whole numbers, each at least 1."""
    value = evaluate(node, scope)
    if not isinstance(value, tuple):
        return (extent(node, scope),)
    return tuple(at_least_one(whole(item, node.span), node.span) for item in value)


def extent(node: Expression, scope: Scope) -> int:
    """A whole number of at least 1."""
    return at_least_one(whole(evaluate(node, scope), node.span), node.span)


def at_least_one(value: int, span: Span) -> int:
    """The value, unless it is below 1."""
    if value < 1:
        raise CompileError(Diagnostic("E022", f"expected 1 or more, got {value}", span))
    return value


def _level(node: Expression, scope: Scope) -> float | tuple[float, ...]:
    """A number, or a list of them."""
    value = evaluate(node, scope)
    if not isinstance(value, tuple):
        return number(value, node.span, NUMBER)
    if not value:
        raise CompileError(Diagnostic("E022", "expected a number or more, got none", node.span))
    return tuple(number(each, node.span, NUMBER) for each in value)


def quantity(node: Expression, scope: Scope, kinds: Kinds) -> float:
    """A number of one of the kinds, in its coherent unit."""
    value = evaluate(node, scope)
    if not isinstance(value, Quantity) or kinds is None:
        return number(value, node.span, value.dimension if isinstance(value, Quantity) else NUMBER)
    return number(value, node.span, value.dimension if value.dimension in kinds else kinds[-1])


def _over_indices(formal: Formal, node: Expression, scope: Scope, kinds: Kinds) -> Value:
    wanted: tuple[Kind, ...] | None = (None,) if formal.name == "where" else kinds
    typed = index_expression(node, scope)
    if wanted is not None and typed.kind not in wanted:
        raise mismatch(wanted[-1], Operand(typed.kind, node.span))
    return typed.expr


def index_expression(node: Expression, scope: Scope) -> Typed:
    """An expression over the flat indices `i` (pre) and `j` (post)."""
    typed = lower_expression(node, IndexSymbols(scope))
    for index in sorted(names(typed.expr) & scope.names.keys()):
        if not isinstance(scope.names[index].value, Poisoned):
            message = f"`{index}` is the index of a neuron here, and a constant of the program too"
            related = (Note(scope.names[index].span, "the constant"),)
            way_out = "rename the constant"
            raise CompileError(Diagnostic("E011", message, node.span, "", related, way_out))
    return typed


@dataclass(frozen=True, slots=True)
class IndexSymbols(Mapping[str, Typed | Poisoned]):
    """`i`, `j` and the constants in scope that can be computed with."""

    scope: Scope

    def __getitem__(self, name: str) -> Typed | Poisoned:
        if name in _INDICES:
            return _INDICES[name]
        value, span = self.scope.names[name]
        if isinstance(value, (str, tuple)):
            raise KeyError(name)
        return value if isinstance(value, Poisoned) else literal(value, span)

    def __iter__(self) -> Iterator[str]:
        yield from _INDICES
        yield from (n for n, b in self.scope.names.items() if not isinstance(b.value, (str, tuple)))

    def __len__(self) -> int:
        return sum(1 for _ in self)


_INDICES = {"i": variable("i", NUMBER), "j": variable("j", NUMBER)}

_CONVERTERS: dict[str, Callable[[Formal, Expression, Scope], Value]] = {
    "1": lambda formal, node, scope: number(evaluate(node, scope), node.span, NUMBER),
    "level": lambda formal, node, scope: _level(node, scope),
    "int": lambda formal, node, scope: whole(evaluate(node, scope), node.span),
    "bool": lambda formal, node, scope: truth(evaluate(node, scope), node.span),
    "text": _one_of,
    "shape": lambda formal, node, scope: shape(node, scope),
    "train": lambda formal, node, scope: train(node, scope),
    "times": lambda formal, node, scope: times(node, scope),
    "trains": lambda formal, node, scope: trains(node, scope),
}
