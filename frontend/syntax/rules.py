"""What becomes of the parts of a complete rule of grammar.lark.

A rule whose name begins with `_` is a piece of others: its value is the list of its parts, which
become parts of the rule it stands in. Terminals of such names are left out. For what stands in
`[…]` and is missing there is None.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .builder import builder

Build = Callable[[list[Any]], Any]
MISSING = -1


def build_of(rule: Any) -> Build:
    """What makes the value of lark's rule of the values of its parts; it may keep and change the
    list."""
    name, build = rule.alias or str(rule.origin.name), None
    if not name.startswith("_"):
        build = getattr(builder, name)
    taken = _taken(rule)
    if taken == [(place, False) for place in range(len(rule.expansion))]:
        return build or _unchanged
    return _of_taken(build or _unchanged, taken)


def _taken(rule: Any) -> list[tuple[int, bool]]:
    """The places of the parts that are taken, and whether each is a piece."""
    missing = _missing(rule)
    taken = [(MISSING, False)] * missing[0]
    for place, symbol in enumerate(rule.expansion):
        if not (symbol.is_term and symbol.filter_out):
            taken.append((place, not symbol.is_term and symbol.name.startswith("_")))
        taken += [(MISSING, False)] * missing[place + 1]
    return taken


def _missing(rule: Any) -> list[int]:
    """How many parts are missing before the first part, and after each."""
    is_missing = rule.options.empty_indices or [False] * len(rule.expansion)
    return [len(run) for run in "".join("01"[each] for each in is_missing).split("0")]


def _unchanged(parts: list[Any]) -> list[Any]:
    return parts


def _of_taken(build: Build, taken: Sequence[tuple[int, bool]]) -> Build:
    """Builds of some of the parts; a list that grows by a part at a time is not copied."""
    grows = bool(taken) and taken[0][1]
    first, rest = taken[0][0] if grows else MISSING, taken[grows:]

    def built(parts: list[Any]) -> Any:
        found: list[Any] = parts[first] if grows else []
        for place, is_piece in rest:
            if is_piece:
                found += parts[place]
            else:
                found.append(None if place == MISSING else parts[place])
        return build(found)

    return built


def in_turn(builds: Sequence[Build]) -> Callable[[Any], Any]:
    """What rules of one part each make of a part, one after another."""

    def built(part: Any) -> Any:
        for build in builds:
            part = build([part])
        return part

    return built
