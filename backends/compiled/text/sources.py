"""Hand-written kernel files joined into one module, as both compiled backends want them.

Numba compiles and caches by file, and the simulator of CUDA swaps names by module, so kernels are
checked as ordinary files and run as one.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from importlib import resources
from importlib.util import resolve_name

# Packages below `backends`, and files of each, in the order in which they are joined.
Parts = tuple[tuple[str, tuple[str, ...]], ...]

assert __package__ is not None
BACKENDS = __package__.removesuffix(".compiled.text")
IR = f"{BACKENDS.rpartition('.')[0]}.ir"


def joined(parts: Iterable[tuple[str, tuple[str, ...]]]) -> str:
    """The texts of the files, one after the other, without imports between them."""
    files = ((f"{BACKENDS}.{package}", name) for package, names in parts for name in names)
    return "\n".join(without_imports(package, text_of(package, name)) for package, name in files)


def text_of(package: str, name: str) -> str:
    """The text of a file that ships with a package."""
    return resources.files(package).joinpath(name).read_text(encoding="utf-8")


def without_imports(package: str, text: str) -> str:
    """The text without `from __future__` and what it imports from other kernels; what comes from
    `ir` is imported by its absolute name. Lines keep their numbers."""
    lines = text.splitlines()
    for node in ast.parse(text).body:
        if isinstance(node, ast.ImportFrom) and (node.level or node.module == "__future__"):
            assert node.end_lineno is not None
            lines[node.lineno - 1 : node.end_lineno] = [
                _kept(package, node),
                *[""] * (node.end_lineno - node.lineno),
            ]
    return "\n".join(lines) + "\n"


def _kept(package: str, node: ast.ImportFrom) -> str:
    module = resolve_name("." * node.level + (node.module or ""), package) if node.level else ""
    if not module.startswith(IR):
        return ""
    return f"from {module} import " + ", ".join(alias.name for alias in node.names)
