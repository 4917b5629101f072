"""Generated modules on disk and in memory, named by a digest of their text."""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

from .cache import STAMP, keep_by_text
from .sources import pieces


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
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        write_text(path, text)
    module = ModuleType(name)
    module.__file__ = str(path)
    setattr(module, STAMP, digest(text))
    sys.modules[name] = module
    keep_by_text()
    execute(text, path, vars(module))
    return module


def execute(text: str, path: Path, names: dict[str, Any]) -> None:
    """Run a module's text; its functions bear the file and the line where they are written."""
    for file, part in pieces(text, str(path)):
        exec(compile(part, file, "exec", dont_inherit=True), names)  # noqa: S102 - our own text


def write_text(path: Path, content: str) -> None:
    """Write atomically, so that two processes starting at once both find a whole file."""
    write_bytes(path, content.encode())


def write_bytes(path: Path, content: bytes) -> None:
    """As `write_text`."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    os.replace(temporary, path)
