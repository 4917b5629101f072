"""A row of operands and operators to a tree, by precedence."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ...ir.diagnostics import CompileError, Diagnostic, Note, Span
from ..limits import LIMITS
from .lexer import Token
from .tree import Expression, Operation

COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")
_NOT, _COMPARE, _SIGN, _POWER = 3, 4, 7, 8
_BINARY: dict[str, int] = {
    "or": 1,
    "and": 2,
    **dict.fromkeys(COMPARISONS, _COMPARE),
    "+": 5,
    "-": 5,
    "*": 6,
    "/": 6,
    "%": 6,
    "^": _POWER,
}
_PREFIX: dict[str, tuple[str, int]] = {"-": ("neg", _SIGN), "not": ("not", _NOT)}


class _Pending(NamedTuple):
    """An operator that waits for its right operand."""

    token: Token
    name: str
    binding: int
    operands: int


def climb(row: Iterable[Expression | Token]) -> Expression:
    """The tree of a row of operands (expressions) and operators (tokens), without recursion."""
    values: list[Expression] = []
    waiting: list[_Pending] = []
    wants_operand = True
    for item in row:
        if not isinstance(item, Token):
            values.append(item)
            wants_operand = False
        elif wants_operand:
            waiting.append(_Pending(item, *_PREFIX[item.text], operands=1))
        else:
            _push(_Pending(item, item.text, _BINARY[item.text], operands=2), waiting, values)
            wants_operand = True
    while waiting:
        _combine(waiting.pop(), values)
    return values[0]


def _push(new: _Pending, waiting: list[_Pending], values: list[Expression]) -> None:
    while waiting and _binds_before(waiting[-1], new):
        _combine(waiting.pop(), values)
    waiting.append(new)


def _binds_before(old: _Pending, new: _Pending) -> bool:
    if old.binding == _COMPARE and new.binding == _COMPARE:
        raise CompileError(_chained(old, new))
    # `^` groups from the right: 2^3^2 = 2^(3^2).
    return old.binding > new.binding or (old.binding == new.binding and new.binding != _POWER)


def _combine(operator: _Pending, values: list[Expression]) -> None:
    operands = tuple(values[-operator.operands :])
    del values[-operator.operands :]
    start = operator.token.span.start if operator.operands == 1 else operands[0].span.start
    span = Span(operator.token.span.source, start, operands[-1].span.end)
    values.append(Operation(operator.name, operands, span, deeper(operands, span)))


def deeper(parts: Iterable[Expression], span: Span) -> int:
    """The depth of an expression over `parts`; refuses what is too deep to walk."""
    depth = 1 + max((part.depth for part in parts), default=0)
    if depth > LIMITS.depth:
        raise CompileError(
            Diagnostic(
                "E005",
                f"more than {LIMITS.depth} operations within one another",
                span,
                help="name a part of it with `let`, or group it with parentheses",
            )
        )
    return depth


def _chained(old: _Pending, new: _Pending) -> Diagnostic:
    return Diagnostic(
        "E001",
        "comparisons do not chain",
        new.token.span,
        related=(Note(old.token.span, "first comparison"),),
        help="write `a < b and b < c`",
    )
