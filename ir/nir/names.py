"""Names of nodes, of what stands for them in a program."""

from __future__ import annotations

import re


def demangled(name: str) -> str:
    """The node's name, of what `frontend.nir.names.mangled` made: `_xHH` is a byte of its UTF-8,
    and an underscore at the end was added."""
    parts = re.split(r"_x([0-9a-f]{2})", name.removesuffix("_"))
    pieces = [bytes([int(p, 16)]) if k % 2 else p.encode() for k, p in enumerate(parts)]
    return b"".join(pieces).decode()


def node_name(name: str) -> str:
    """The name of a node that stands for a part of a network: the one that it has in a file which
    the network was made of, if it can be that of a file."""
    try:
        found = demangled(name)
    except UnicodeDecodeError:
        return name
    is_plain = found.isprintable() and "/" not in found and found not in ("", ".", "..")
    return found if is_plain else name
