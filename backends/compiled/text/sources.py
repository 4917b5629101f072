"""Hand-written kernel files joined into one module, as both compiled backends want them.

Numba compiles and caches by file, and the simulator of CUDA swaps names by module, so kernels are
checked as ordinary files and run as one. Each keeps its lines, and a mark says where it is from:
`modules` lets its functions bear its name.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Set
from functools import lru_cache
from importlib import import_module, resources
from importlib.util import resolve_name
from threading import Lock

# Packages below `backends`, and files of each, in the order in which they are joined.
Parts = tuple[tuple[str, tuple[str, ...]], ...]

assert __package__ is not None
BACKENDS = __package__.removesuffix(".compiled.text")
# What a joined module imports as well: decorators, and functions that are made of machine code.
IMPORTED = (f"{BACKENDS}.cpu.units", f"{BACKENDS}.cpu.vectors")
FORMULA = "formula = as_written"
STAMP = "__text_digest__"  # a joined module's, of its whole text
MARK = re.compile(r"^# from backends/(\S+)\n", re.MULTILINE)
_READING = Lock()


def joined(parts: Iterable[tuple[str, tuple[str, ...]]], formula: str) -> str:
    """The texts of the files, one after the other; `formula` is the device's decorator of formulas
    that both have, `as_written` in the files."""
    files = {f"{BACKENDS}.{package}.{name}": (package, name) for package, n in parts for name in n}
    modules = frozenset(module.removesuffix(".py") for module in files)
    made = (_marked(package, name, modules) for package, name in files.values())
    return "".join(made).replace(FORMULA, f"formula = {formula}")


@lru_cache(maxsize=256)
def _marked(package: str, name: str, modules: frozenset[str]) -> str:
    text = resources.files(f"{BACKENDS}.{package}").joinpath(name).read_text(encoding="utf-8")
    place = f"{package.replace('.', '/')}/{name}"
    return f"# from backends/{place}\n{alone(f'{BACKENDS}.{package}', text, modules)}"


def statements(text: str) -> list[ast.stmt]:
    """The statements of a module's text. One thread at a time: CPython counts how deep it is in all
    of them together, and takes two at once for a fault of its own (SystemError)."""
    with _READING:
        return ast.parse(text).body


def alone(package: str, text: str, modules: Set[str]) -> str:
    """The text without imports of the package's own: those of `modules`, which are joined with it,
    are left out, numbers from elsewhere are written out, functions are imported by their full
    names. Lines keep their places."""
    lines = text.splitlines()
    for node in statements(text):
        if isinstance(node, ast.ImportFrom) and (node.level or node.module == "__future__"):
            assert node.end_lineno is not None
            lines[node.lineno - 1 : node.end_lineno] = [
                _written_out(package, node, modules),
                *[""] * (node.end_lineno - node.lineno),
            ]
    return "\n".join(lines) + "\n"


def _written_out(package: str, node: ast.ImportFrom, modules: Set[str]) -> str:
    if not node.level:
        return ""
    module = resolve_name("." * node.level + (node.module or ""), package)
    if module in modules:
        return ""
    values = {alias.name: getattr(import_module(module), alias.name) for alias in node.names}
    if module in IMPORTED:
        return f"from {module} import {', '.join(values)}"
    assert all(isinstance(v, int | float | tuple) for v in values.values()), (module, values)
    return "; ".join(f"{name} = {value!r}" for name, value in values.items())


def pieces(text: str, path: str) -> Iterator[tuple[str, str]]:
    """(file, lines) of a module's text: what was joined by the file that it is from, what comes
    before by `path`."""
    head, *rest = MARK.split(text)
    yield path, head
    for place, part in zip(rest[::2], rest[1::2], strict=True):
        yield str(resources.files(BACKENDS).joinpath(*place.split("/"))), part
