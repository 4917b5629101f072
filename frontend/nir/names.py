"""Names of nodes as names of a program, from which the nodes' can be told.

A name that is a word of letters, digits and underscores stays. Every other character becomes
`_xHH` for each byte of its UTF-8, as does the underscore of an `_x` that is in the name itself and
a digit at the start; a word of the language, or a name that ends with an underscore, gets one more.
"""

from __future__ import annotations

import re

from ..syntax.lexer import KEYWORDS
from ..units import UNITS

SETTINGS = ("dt", "readout", "file", "nir_sum")
RESERVED = frozenset({*KEYWORDS, *UNITS, *SETTINGS})


def mangled(name: str) -> str:
    """The name of a program that stands for the node's."""
    made = re.sub(r"[^A-Za-z0-9_]|^[0-9]|_(?=x)", _escaped, name)
    return f"{made}_" if made in RESERVED or made.endswith("_") or not made else made


def _escaped(found: re.Match[str]) -> str:
    return "".join(f"_x{byte:02x}" for byte in found[0].encode())


def key_of(name: str, field: str) -> str:
    """What a node's numbers are called in the file of weights: a text that needs no quoting."""
    is_plain = re.fullmatch(r"[A-Za-z0-9_.-]+", name) and "_x" not in name
    return f"{name if is_plain else mangled(name)}.{field}"
