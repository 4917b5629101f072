"""C's names for the parts of a network."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TypeVar

Key = TypeVar("Key")
RESERVED = frozenset(
    """
    auto break case char const continue default do double else enum extern float for goto if inline
    int long register restrict return short signed sizeof static struct switch typedef union
    unsigned void volatile while main
    """.split()  # noqa: SIM905 - a list would be as long as the alphabet
)


def identifiers(names: Iterable[str]) -> dict[str, str]:
    """An identifier for each name: the name, with `_` in place of what C does not allow, and a
    number behind it where another one has it already."""
    return distinct({name: name for name in names})


def distinct(wanted: Mapping[Key, str]) -> dict[Key, str]:
    """An identifier for each key, like the name that is wanted for it."""
    made: dict[Key, str] = {}
    taken: set[str] = set(RESERVED)
    for key, name in wanted.items():
        plain = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_") or "x"
        plain = f"n{plain}" if plain[0].isdigit() else plain
        found, number = plain, 2
        while found in taken:
            found, number = f"{plain}_{number}", number + 1
        taken.add(found)
        made[key] = found
    return made
