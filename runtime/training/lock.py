"""One process at a time trains in a folder."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from ...backends.artifact.storage import sweep, unwritable
from ...ir.diagnostics import CompileError, Diagnostic
from .run_folder import CHECKPOINTS

LOCK = "run.lock"
TRIES, PAUSE = 3, 0.02  # s


@contextmanager
def hold(path: Path) -> Iterator[Path]:
    """Within it the folder, which is made, is this process's; CompileError(E063) where another one
    trains in it.

    The system's lock ends with the process, however that ends. What a killed process was writing
    is swept, and folders that were made but stayed empty are removed again.
    """
    made = [folder for folder in (path, *path.parents) if not os.path.lexists(folder)]
    try:
        handle = _lock(path)
    except OSError as error:
        raise unwritable(path, error) from error
    try:
        for folder in (path, path / CHECKPOINTS):
            sweep(folder)
        yield path
    finally:
        (path / LOCK).unlink(missing_ok=True)
        os.close(handle)
        with suppress(OSError):
            for folder in made:
                folder.rmdir()


def in_progress(path: Path) -> tuple[Diagnostic, ...]:
    """W062 of a folder in which a process trains; nothing of any other path."""
    with suppress(OSError, ValueError), ExitStack() as closing:
        handle = os.open(path / LOCK, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        closing.callback(os.close, handle)
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            message = f"`{path}` is still training: this is its best model so far"
            way_out = "wait until it ends, or name one of its packages"
            return (Diagnostic("W062", message, help=way_out),)
    return ()


def _lock(path: Path) -> int:
    """The handle of the locked file; while it is open nobody else gets one. Who looks whether it
    is locked holds it for an instant: it is tried again."""
    left = TRIES
    while True:
        path.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError), ExitStack() as closing:
            handle = os.open(path / LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
            closing.callback(os.close, handle)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                left -= 1
                if not left:
                    raise CompileError(_in_use(path)) from None
                time.sleep(PAUSE)
                continue
            # Its last owner may have removed it before we had it.
            if os.path.samestat(os.fstat(handle), (path / LOCK).stat()):
                closing.pop_all()
                return handle


def _in_use(path: Path) -> Diagnostic:
    message = f"another process trains in `{path}`"
    way_out = "wait until it ends, stop it, or name another --out"
    return Diagnostic("E063", message, help=way_out)
