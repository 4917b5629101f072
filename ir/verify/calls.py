"""Invariants of calls: the row is there, all arguments are given, each of its kind and range."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import isfinite

from ..arguments import Row
from ..expr import Apply, Const, Ref
from ..graph import Call
from .require import require


def verify_call(where: str, call: Call, table: Mapping[str, Row]) -> None:
    """GraphError unless the call names a row of the table and gives what the row wants."""
    require(call.kind in table, f"{where}: no row {call.kind!r}")
    given = [name for name, _ in call.arguments]
    rows = {argument.name: argument for argument in table[call.kind].arguments}
    silent = [name for name, row in rows.items() if row.silent and name not in given]
    fits = sorted([*given, *silent]) == sorted(rows)
    require(fits, f"{where}: arguments {given} of {call.kind}")
    for name, value in call.arguments:
        fits = _KINDS.get(rows[name].unit, _is_number)(value)
        require(fits, f"{where}: {name} is {value!r}"[:200])
        choices = rows[name].choices
        require(not choices or value in choices, f"{where}: {name} is {value!r}")
        problem = rows[name].problem(call.kind, value)
        require(not problem, f"{where}: {problem}")


def _is_number(value: object) -> bool:
    return type(value) in (int, float) and isfinite(float(str(value)))


def _are_numbers(value: tuple[object, ...]) -> bool:
    return bool(value) and all(map(_is_number, value))


def _is_integer(value: object) -> bool:
    return type(value) is int or (type(value) is float and value.is_integer())


def _is_shape(value: object) -> bool:
    return isinstance(value, tuple) and all(_is_integer(extent) for extent in value)


def _are_shapes(value: object) -> bool:
    return isinstance(value, tuple) and all(map(_is_shape, value))


def _is_pairs(value: object) -> bool:
    return isinstance(value, tuple) and all(_is_shape(v) and len(v) == 2 for v in value)


# What a value of each unit of `rules.Argument` must be; a unit that is not here has numbers.
_KINDS: dict[str, Callable[[object], bool]] = {
    "level": lambda value: _are_numbers(value) if isinstance(value, tuple) else _is_number(value),
    "text": lambda value: type(value) is str,
    "bool": lambda value: type(value) is bool,
    "int": _is_integer,
    "times": lambda value: isinstance(value, tuple) and _are_numbers(value),
    "shape": _is_shape,
    "list": _is_pairs,
    "train": _is_shape,
    "trains": lambda value: isinstance(value, tuple) and all(map(_are_shapes, value)),
    "expr": lambda value: isinstance(value, (Const, Ref, Apply)),
}
