"""How names and operators are spelt: read by the printer and by the parser."""

from __future__ import annotations

import re

# A name that stands bare; any other is put in quotes.
NAME = r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+|\[[0-9]+\])*"
BARE = re.compile(NAME)
WORDS = frozenset({"true", "false", "and", "or", "none"})

# Infix operators: spelling and binding strength; all others are written as calls.
INFIX: dict[str, tuple[str, int]] = {
    "or": ("or", 1),
    "and": ("and", 2),
    "lt": ("<", 3),
    "le": ("<=", 3),
    "gt": (">", 3),
    "ge": (">=", 3),
    "eq": ("==", 3),
    "ne": ("!=", 3),
    "add": ("+", 4),
    "sub": ("-", 4),
    "mul": ("*", 5),
    "div": ("/", 5),
}
OPERATORS: dict[str, tuple[str, int]] = {
    spelling: (op, strength) for op, (spelling, strength) in INFIX.items()
}

# The first line of every text. Format 1 had steps without phases and no semantics.
VERSION = 2
