"""The arguments of a `data` line, checked against its row and filled in."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from pathlib import Path
from typing import NamedTuple, TypeGuard

from ...ir.arguments import Argument
from ...ir.diagnostics import CompileError, Diagnostic, Span
from ...ir.files import resolved
from ...ir.graph import Call, Value
from ...ir.report import nearest

COUNTS = "counts"  # beside the arguments, where the network takes counts of spikes


def completed(call: Call, rows: tuple[Argument, ...], span: Span | None) -> dict[str, Value]:
    """Every argument of the row with its value; all mistakes are raised at once."""
    given = dict(call.arguments)
    known = [row.name for row in rows]
    problems = [_unknown(call, name, known, span) for name in given if name not in known]
    for row in rows:
        problems += _problems(call, row, given, span)
    if problems:
        raise CompileError(problems)
    return {row.name: _value(row, given) for row in rows}


def _value(row: Argument, given: dict[str, Value]) -> Value:
    value = given.get(row.name, row.default)
    assert value is not None
    return value


def _unknown(call: Call, name: str, known: list[str], span: Span | None) -> Diagnostic:
    takes = ", ".join(known) or "no arguments"
    way_out = nearest(name, known, apart=10) or f"`{call.kind}` takes {takes}"
    return Diagnostic("E012", f"`{call.kind}` has no argument `{name}`", span, help=way_out)


def _problems(
    call: Call, row: Argument, given: dict[str, Value], span: Span | None
) -> list[Diagnostic]:
    if row.name not in given:
        if row.default is not None:
            return []
        return [Diagnostic("E013", f"`{call.kind}` needs the argument `{row.name}`", span)]
    value = given[row.name]
    kind = KINDS[row.unit]
    if not kind.fits(value):
        message = f"`{row.name}` of `{call.kind}` is {value!r}, but should be {kind.words}"
        return [Diagnostic("E020", message, span)]
    if row.choices and value not in row.choices:
        message = f"`{row.name}` of `{call.kind}` cannot be `{value}`"
        return [Diagnostic("E022", message, span, help=f"choose from {', '.join(row.choices)}")]
    problem = row.problem(call.kind, value)
    return [Diagnostic("E051", problem, span, help=row.way_out())] if problem else []


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_whole(value: object) -> bool:
    return _is_number(value) and float(value).is_integer()


def _is_text(value: object) -> bool:
    # `label = 0` is as good as `label = "0"`.
    return isinstance(value, str) or _is_whole(value)


def _each(fits: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: all(map(fits, value if isinstance(value, tuple) else (value,)))


class Kind(NamedTuple):
    """What an argument may be, in words, and whether a value is that."""

    words: str
    fits: Callable[[object], bool]


KINDS = {
    "text": Kind("a text", _is_text),
    "path": Kind("a text", _is_text),
    "1": Kind("a number", _is_number),
    "int": Kind("a whole number", _is_whole),
    "bool": Kind("true or false", lambda value: isinstance(value, bool)),
    "numbers": Kind(
        "a number, or a list of one a column",
        _each(lambda item: _is_number(item) and isfinite(item)),
    ),
    "columns": Kind(
        "a column, by its name or its number from 0, or a list of such", _each(_is_text)
    ),
    "classes": Kind(
        '"auto", "numbers", or a list of labels in the order of their classes',
        lambda value: (
            value in ("auto", "numbers")
            or (
                isinstance(value, tuple) and all(isinstance(k, str) or _is_number(k) for k in value)
            )
        ),
    ),
}


def anchored(call: Call, rows: tuple[Argument, ...], folder: Path) -> Call:
    """The call with its relative paths made absolute, seen from the program's folder."""
    paths = {row.name for row in rows if row.unit == "path"}
    arguments = tuple(
        (name, str(resolved(folder / value)) if name in paths and value else value)
        if isinstance(value, str)
        else (name, value)
        for name, value in call.arguments
    )
    return Call(call.kind, arguments)
