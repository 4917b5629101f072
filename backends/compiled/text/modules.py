"""Generated modules on disk and in memory, named by a digest of their text."""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

from ....ir.kept import keep, kept
from .sources import STAMP, pieces


def digest(*texts: str) -> str:
    """A short checksum of the texts, in their order."""
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:20]


def writable(folder: Path) -> Path:
    """The folder, made if need be; a temporary one where it cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return Path(tempfile.mkdtemp(prefix="snncc-kernels-"))
    if os.access(folder, os.W_OK):
        return folder
    return Path(tempfile.mkdtemp(prefix="snncc-kernels-"))


def load_module(name: str, text: str, folder: Path) -> ModuleType:
    """The module of that name with this text, written into `folder` and imported once."""
    if name in sys.modules:
        return sys.modules[name]
    path = folder / f"{name}.py"
    if kept(path) != text.encode():
        keep(path, text.encode())
    module = ModuleType(name)
    module.__file__ = str(path)
    setattr(module, STAMP, digest(text))
    sys.modules[name] = module
    from .cache import keep_by_text  # loads Numba, which is not needed for the rest

    keep_by_text()
    try:
        execute(text, path, vars(module))
    except BaseException:  # a half one must not be found again
        del sys.modules[name]
        raise
    return module


def execute(text: str, path: Path, names: dict[str, Any]) -> None:
    """Run a module's text; its functions bear the file and the line where they are written."""
    for file, part in pieces(text, str(path)):
        exec(compile(part, file, "exec", dont_inherit=True), names)  # noqa: S102 - our own text
