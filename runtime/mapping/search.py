"""A search for a mapping, saved now and then beside what it will write, and gone at its end."""

from __future__ import annotations

import errno
import os
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from ...backends.artifact.storage import is_file, is_folder, unwritable
from ...ir.diagnostics import CompileError, Diagnostic
from .trail import Trail, open_trail, save_trail

SEARCH = "search.snnpkg"
EVERY = 10.0  # [s], after which it is saved


class Stopped(Exception):
    """The user wants to stop."""


@dataclass(slots=True)
class Search:
    """The `trail` of a search with that digest, and the file that keeps it."""

    path: Path
    digest: str
    trail: Trail
    is_own: bool = False  # the folder was not there before
    saved: float = field(default_factory=time.monotonic)

    def save(self) -> None:
        """Keep it, now."""
        save_trail(self.path, self.digest, self.trail)
        self.saved = time.monotonic()

    def save_if_due(self) -> None:
        """Keep it if that is long ago."""
        if time.monotonic() - self.saved >= EVERY:
            self.save()

    def forget(self) -> None:
        """Remove the file, and the folder that was made for it if nothing else is in it."""
        self.path.unlink(missing_ok=True)
        if self.is_own:
            with suppress(OSError):
                self.path.parent.rmdir()


def begun(out: Path, digest: str, is_resumed: bool) -> Search:
    """The search in that folder, from its begin, or from where it was stopped; CompileError(E063)
    where none was or no folder can be, (E060) where it was another."""
    path, is_there = out / SEARCH, is_folder(out)
    if not is_there and (out.exists() or out.is_symlink()):
        message, way_out = f"`{out}` is no folder", "name another --out, or move what is there"
        raise CompileError(Diagnostic("E063", message, help=way_out))
    if not is_resumed:
        _require_writable(out)
        return Search(path, digest, Trail(), not is_there)
    if not is_file(path):
        message = f"`{out}` holds no mapping that was stopped"
        way_out = "begin without --resume, or name the --out that it was started with"
        raise CompileError(Diagnostic("E063", message, help=way_out))
    return Search(path, digest, open_trail(path, digest))


def _require_writable(out: Path) -> None:
    """Make the folder, if need be; CompileError(E063) where nothing can be written there, before
    anything is sought."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        if not os.access(out, os.W_OK | os.X_OK):
            raise OSError(errno.EACCES, "Permission denied")
    except OSError as error:
        raise unwritable(out, error) from error
