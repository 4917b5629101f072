"""The arguments of a `data` line, checked against its row and filled in."""

from __future__ import annotations

from math import isfinite
from pathlib import Path
from typing import TypeGuard

from ...ir.diagnostics import CompileError, Diagnostic, Span
from ...ir.files import resolved
from ...ir.graph import Call, Value
from ...ir.report import nearest
from ...ir.rules import Argument


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
    if not _fits(row, value):
        message = f"`{row.name}` of `{call.kind}` is {value!r}, but should be {KINDS[row.unit]}"
        return [Diagnostic("E020", message, span)]
    if row.choices and value not in row.choices:
        message = f"`{row.name}` of `{call.kind}` cannot be `{value}`"
        return [Diagnostic("E022", message, span, help=f"choose from {', '.join(row.choices)}")]
    problem = row.problem(call.kind, value)
    return [Diagnostic("E051", problem, span, help=row.way_out())] if problem else []


KINDS = {
    "text": "a text",
    "path": "a text",
    "1": "a number",
    "int": "a whole number",
    "numbers": "a number, or a list of one a column",
}


def _fits(row: Argument, value: Value) -> bool:
    if row.unit in ("text", "path"):
        # `label = 0` is as good as `label = "0"`.
        return isinstance(value, str | int) and not isinstance(value, bool)
    if row.unit == "int":
        return _is_number(value) and float(value).is_integer()
    if row.unit == "numbers":
        items = value if isinstance(value, tuple) else (value,)
        return all(_is_number(item) and isfinite(item) for item in items)
    return _is_number(value)


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


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
