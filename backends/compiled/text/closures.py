"""What a function of an assembled module is made of: its own text and all that it reads there.

Modules that are assembled for different rules, or different features of a network, hold many
functions with the same closure. Under the name that `named` gives them these are one function:
compiled once, and found in the cache by whatever module needs them.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from .modules import digest
from .sources import STAMP

CLOSURES = "__closures__"  # a module's: the digest of each name's closure
HOUSE = "snncc_kernels"  # the module that named functions bear: Numba asks for it by this name
_STATEMENT = re.compile(r"^(?=[A-Za-z_@])", re.MULTILINE)
_ASIDE = re.compile(r'"""(?s:.*?)"""|#.*')  # the kernels have no other texts with a #
_WORD = re.compile(r"(?<![.\w])[A-Za-z_]\w*")
_DEFINED = re.compile(r"(?:@(?s:.*?)\n)?(?:def|class) (\w+)")
_IMPORTED = re.compile(r"((?:from \S+ )?import) ((?s:.*))")
_ASSIGNED = re.compile(r"(\w+(?:, \w+)*)(?:: [^=\n]+)? = ")


def closures(text: str, base: str = "") -> dict[str, str]:
    """By name the digest of all that makes it what it is: the statements that give it a value in a
    module of this text, those that give values to what they read, and so on; and `base`, what is
    outside."""
    made: dict[str, set[str]] = {}
    for statement in _statements(text):
        for name, what in _bound(statement):
            made.setdefault(name, set()).add(what)
    read = {
        name: {w for s in parts for w in _WORD.findall(s)} & made.keys()
        for name, parts in made.items()
    }
    return {
        name: digest(
            base, name, *(s for n in sorted(_reached(name, read)) for s in sorted(made[n]))
        )
        for name in made
    }


def _statements(text: str) -> Iterator[str]:
    """The statements of a module as the formatter leaves them: each begins a line, and no other
    line begins with a letter. Without texts in three quotes and comments."""
    decorators = ""
    for part in _STATEMENT.split(_ASIDE.sub("", text)):
        if part.startswith("@"):
            decorators += part
        else:
            yield f"{decorators}{part}".rstrip()
            decorators = ""


def _bound(statement: str) -> Iterator[tuple[str, str]]:
    """The names to which a statement gives a value, each with what gives it."""
    if defined := _DEFINED.match(statement):
        yield defined[1], statement
    elif imported := _IMPORTED.match(statement):
        for item in imported[2].strip("()\n ,").split(","):
            yield item.split(" as ")[-1].strip(), f"{imported[1]} {item.strip()}"
    else:
        for part in statement.split("; "):  # as `sources` writes numbers out
            if assigned := _ASSIGNED.match(part):
                yield from ((name, part) for name in assigned[1].split(", "))


def _reached(name: str, read: dict[str, set[str]]) -> set[str]:
    reached, waiting = {name}, [name]
    while waiting:
        new = read[waiting.pop()] - reached
        reached |= new
        waiting += new
    return reached


def named(function: Any) -> Any:
    """The function, under a name that tells its closure; as it is in a module that knows none."""
    stamp = function.__globals__.get(CLOSURES, {}).get(function.__name__)
    if stamp is not None:
        sys.modules.setdefault(HOUSE, ModuleType(HOUSE))
        function.__module__, function.__qualname__ = HOUSE, f"{function.__name__}_{stamp}"
        setattr(function, STAMP, stamp)
    return function
