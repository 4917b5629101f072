"""The value of an expression that is constant when the network is built."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ...ir.diagnostics import CompileError, Diagnostic, Note, Span
from ...ir.drawn import DRAWS
from ...ir.report import Poisoned, twice
from ..foreign import unknown
from ..syntax.tree import Call, Expression, Indexed, Literal, Name, Number, Operation, Reference
from ..syntax.tree import Sequence as Listed
from ..units import NUMBER, UNITS, Dimension, describe
from .names import Names
from .operators import FUNCTIONS, OPERATORS, Operand, Operator, mismatch


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number in its coherent unit. Whole numbers without a unit are int."""

    value: int | float
    dimension: Dimension


Constant = Quantity | bool | str | tuple[Any, ...]


class Binding(NamedTuple):
    """What a constant's name stands for, and where it was defined."""

    value: Constant | Poisoned
    span: Span


@dataclass(frozen=True, slots=True)
class Scope:
    """The constants that can be named at a place."""

    names: Names[Binding] = field(default_factory=Names)

    def bind(self, name: Name, value: Constant | Poisoned) -> Scope:
        """The scope with one more name; a name that is taken is refused."""
        first = self.names.get(name.text)
        if first is not None:
            raise CompileError(twice(name.text, name.span, first.span))
        return Scope(self.names.extended(name.text, Binding(value, name.span)))

    def known(self) -> list[str]:
        """The constants that have a value."""
        return [n for n, b in self.names.items() if not isinstance(b.value, Poisoned)]


EMPTY = Scope()


def evaluate(node: Expression, scope: Scope) -> Constant:
    """The value of a constant expression."""
    return _EVALUATE[type(node)](node, scope)


def _number(node: Number, scope: Scope) -> Constant:
    if not node.unit:
        return Quantity(_finite(node.value, node.span), NUMBER)
    unit = UNITS[node.unit]
    return Quantity(_finite(node.value * unit.scale, node.span), unit.dimension)


def _finite(value: int | float, span: Span) -> int | float:
    # Beyond float32 the network could not hold it; whole numbers stay exact in a double.
    if not math.isfinite(value) or abs(value) > (_WHOLE if type(value) is int else 3e38):
        raise _too_large(span)
    return value


_WHOLE = 2**53


def _too_large(span: Span) -> CompileError:
    return CompileError(Diagnostic("E022", "this number is too large", span))


def _reference(node: Reference, scope: Scope) -> Constant:
    binding = scope.names.get(node.name)
    if binding is None:
        raise CompileError(unknown_constant(node, scope))
    if isinstance(binding.value, Poisoned):
        raise binding.value.error
    return binding.value


def unknown_constant(node: Reference, scope: Scope) -> Diagnostic:
    """The diagnostic for a name that no constant has."""
    if node.name in UNITS:
        return Diagnostic(
            "E010",
            f"`{node.name}` is a unit, which follows a number",
            node.span,
            help=f"write `1 {node.name}`",
        )
    return unknown("constant", node.name, node.span, scope.known())


def _operation(node: Operation, scope: Scope) -> Constant:
    operands = [evaluate(operand, scope) for operand in node.operands]
    return _compute(OPERATORS[node.operator], node.span, node.operands, operands)


def _call(node: Call, scope: Scope) -> Constant:
    row = function_row(node)
    values = [evaluate(argument.value, scope) for argument in node.arguments]
    return _compute(row, node.span, [a.value for a in node.arguments], values)


def function_row(node: Call) -> Operator:
    """The function that is called; refuses unknown ones, named arguments and wrong counts."""
    if node.name.text in DRAWS or node.name.text == "file":
        raise CompileError(_drawn(node))
    if node.name.text not in FUNCTIONS:
        raise CompileError(unknown("function", node.name.text, node.name.span, FUNCTIONS))
    row = OPERATORS[node.name.text]
    for argument in node.arguments:
        if argument.name is not None:
            message = f"`{node.name.text}` takes its arguments by position"
            raise CompileError(Diagnostic("E012", message, argument.name.span))
    if len(node.arguments) != row.arity:
        code = "E013" if len(node.arguments) < row.arity else "E012"
        message = f"`{node.name.text}` takes {row.arity}, not {len(node.arguments)} arguments"
        raise CompileError(Diagnostic(code, message, node.name.span))
    return row


def _drawn(node: Call) -> Diagnostic:
    kind = node.name.text
    message = f"`{kind}` is a value for each neuron, and stands by itself"
    way_out = (
        "write it as the whole value of a parameter, as in `lif(tau_mem = uniform(10 ms, 20 ms))`, "
        "or of a state; another parameter of the model may read that one: `param b: ms = 2 * a`"
    )
    return Diagnostic("E023", message, node.span, help=way_out)


def _compute(
    row: Operator, span: Span, nodes: Sequence[Expression], values: Sequence[Constant]
) -> Constant:
    kinds = [operand_of(n.span, v) for n, v in zip(nodes, values, strict=True)]
    kind = row.rule(span, kinds)
    try:
        result = row.constant(*(v.value if isinstance(v, Quantity) else v for v in values))
    except (ArithmeticError, ValueError):
        raise CompileError(Diagnostic("E022", "this has no value", span)) from None
    if kind is None:
        return bool(result)
    return Quantity(_finite(result, span), kind)


def operand_of(span: Span, value: Constant) -> Operand:
    """A constant as an operand; only numbers and truth values can be computed with."""
    if isinstance(value, Quantity):
        return Operand(value.dimension, span, float(value.value))
    if isinstance(value, bool):
        return Operand(None, span)
    raise wrong_type("a number", value, span)


def _sequence(node: Listed, scope: Scope) -> Constant:
    return tuple(evaluate(item, scope) for item in node.items)


def _indexed(node: Indexed, scope: Scope) -> Constant:
    """An item of a list, of one of its items, and so on."""
    said = node.name.text
    value = _reference(Reference(said, node.name.span), scope)
    for place in node.indices:
        if not isinstance(value, tuple):
            message = f"`{said}` is {describe_constant(value)}, and only a list has items"
            raise CompileError(Diagnostic("E020", message, node.span))
        index = whole(evaluate(place, scope), place.span)
        if not 0 <= index < len(value):
            message = f"`{said}` has no item {index}"
            way_out = f"it has {len(value)}, from 0 to {len(value) - 1}" if value else "it is empty"
            raise CompileError(Diagnostic("E022", message, place.span, help=way_out))
        value, said = value[index], f"{said}[{index}]"
    return value


def _literal(node: Literal, scope: Scope) -> Constant:
    """A truth value, or a text with the values of the constants that it names: `w{k}.npy`."""
    if isinstance(node.value, bool) or not _BRACES.search(node.value):
        return node.value
    return _BRACES.sub(lambda found: _worth(found, node, scope), node.value)


# `{{` and `}}` are single braces; `{name}` is a constant; any other brace is a mistake.
_BRACES = re.compile(r"\{\{|\}\}|\{([A-Za-z_]\w*)\}|[{}]", re.ASCII)


def _worth(found: re.Match[str], node: Literal, scope: Scope) -> str:
    name, whole_text = found.group(1), found.group(0)
    start = node.span.start + 1 + found.start()
    span = Span(node.span.source, start, start + len(whole_text))
    if name is None and len(whole_text) == 2:
        return whole_text[0]
    if name is None:
        message = f"`{whole_text}` in a text stands around the name of a constant"
        way_out = f'as in "w{{k}}.npy"; write `{whole_text * 2}` for a brace of the text'
        raise CompileError(Diagnostic("E022", message, span, help=way_out))
    value = _reference(Reference(name, span), scope)
    if isinstance(value, str):
        return value
    if (
        isinstance(value, Quantity)
        and value.dimension == NUMBER
        and float(value.value).is_integer()
    ):
        return str(whole(value, span))
    way_out = f"name it by a whole number: `let k = …`, and `{{k}}` for `{{{name}}}`"
    message = f"a text takes whole numbers and texts; `{name}` is {_as_said(value)}"
    raise CompileError(Diagnostic("E020", message, span, help=way_out))


def _as_said(value: Constant) -> str:
    is_plain = isinstance(value, Quantity) and value.dimension == NUMBER
    return f"{value.value:g}" if is_plain else describe_constant(value)  # type: ignore[union-attr]


_EVALUATE: dict[type, Callable[[Any, Scope], Constant]] = {
    Number: _number,
    Literal: _literal,
    Reference: _reference,
    Indexed: _indexed,
    Operation: _operation,
    Call: _call,
    Listed: _sequence,
}


# What a place asks for.


def describe_constant(value: Constant) -> str:
    """The type of a constant in words."""
    if isinstance(value, Quantity):
        return describe(value.dimension)
    a_list = "a list" if value else "an empty list"
    return {bool: "true or false", str: "a text"}.get(type(value), a_list)


def wrong_type(wanted: str, value: Constant, span: Span, note: Note | None = None) -> CompileError:
    """The error for a constant of the wrong type."""
    got = describe_constant(value)
    related = (note,) if note else ()
    return CompileError(
        Diagnostic("E020", f"expected {wanted}, got {got}", span, f"this is {got}", related)
    )


def number(value: Constant, span: Span, dimension: Dimension, note: Note | None = None) -> float:
    """A number of that dimension."""
    if not isinstance(value, Quantity):
        raise wrong_type(describe(dimension), value, span, note)
    if value.dimension != dimension:
        raise mismatch(dimension, Operand(value.dimension, span), because=note)
    return float(value.value)


def whole(value: Constant, span: Span, note: Note | None = None) -> int:
    """A whole number without a unit."""
    result = number(value, span, NUMBER, note)
    if not result.is_integer():
        message = f"expected a whole number, got {result:g}"
        related = (note,) if note else ()
        raise CompileError(Diagnostic("E020", message, span, related=related))
    if abs(result) > _WHOLE:
        raise _too_large(span)
    return int(result)


def truth(value: Constant, span: Span, note: Note | None = None) -> bool:
    """`true` or `false`."""
    if not isinstance(value, bool):
        raise wrong_type("`true` or `false`", value, span, note)
    return value


def text(value: Constant, span: Span, note: Note | None = None) -> str:
    """A text."""
    if not isinstance(value, str):
        raise wrong_type('a text in `"…"`', value, span, note)
    return value
