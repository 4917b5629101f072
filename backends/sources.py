"""Hand-written kernel files joined into one module, as both compiled backends want them.

Numba compiles and caches by file, and the simulator of CUDA swaps names by module, so a backend's
kernels are checked as ordinary files and run as one.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from importlib import resources


def joined(package: str, files: Sequence[str]) -> str:
    """The texts of the files of a package, one after the other, without imports between them."""
    return "\n".join(without_imports(package, text_of(package, name)) for name in files)


def text_of(package: str, name: str) -> str:
    """The text of a file that ships with a package."""
    return resources.files(package).joinpath(name).read_text(encoding="utf-8")


def without_imports(package: str, text: str) -> str:
    """The text without `from __future__` and what it imports from its neighbours; what comes from
    `ir` is imported by its absolute name. Lines keep their numbers."""
    lines = text.splitlines()
    for node in ast.parse(text).body:
        if isinstance(node, ast.ImportFrom) and (node.level or node.module == "__future__"):
            kept = _absolute(package, node) if node.level == 4 else ""
            assert node.end_lineno is not None
            lines[node.lineno - 1 : node.end_lineno] = [kept] + [""] * (
                node.end_lineno - node.lineno
            )
    return "\n".join(lines) + "\n"


def _absolute(package: str, node: ast.ImportFrom) -> str:
    root = package.split(".")[0]
    return f"from {root}.{node.module} import " + ", ".join(alias.name for alias in node.names)
