"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path

from ...ir.diagnostics import CompileError, Diagnostic


def write_file(path: Path, content: bytes) -> None:
    """Put `content` at `path` so that a reader, or a crash, meets the old file or the new one."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace_file(path, content)
    except OSError as error:
        raise unwritable(path, error) from error


def _replace_file(path: Path, content: bytes) -> None:
    temporary = _beside(path, "part")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.{ending}")


def write_folder(path: Path, members: Mapping[str, bytes]) -> None:
    """Put a folder of `members` (relative names with / between parts) in place of `path`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace_folder(path, members)
    except OSError as error:
        raise unwritable(path, error) from error


def _replace_folder(path: Path, members: Mapping[str, bytes]) -> None:
    temporary = _beside(path, "part")
    temporary.mkdir()
    try:
        for name, content in members.items():
            write_file(temporary / name, content)
        _swap(temporary, path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    sync_folder(path.parent)


def _swap(new: Path, path: Path) -> None:
    # rename() cannot replace a folder that holds something: the old one steps aside first and
    # goes only when the new one stands.
    if not path.exists():
        new.rename(path)
        return
    aside = _beside(path, "old")
    path.rename(aside)
    new.rename(path)
    shutil.rmtree(aside, ignore_errors=True)


def sweep(folder: Path) -> None:
    """Remove what a killed process was writing into the folder."""
    try:
        for path in folder.glob(".*.part"):
            path.unlink()
    except OSError as error:
        raise unwritable(folder, error) from error


def sync_folder(folder: Path) -> None:
    """Make the folder's names durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_file(path: Path, limit: int) -> bytes:
    """The bytes of a file of at most `limit` bytes; CompileError(E063) if it cannot be read."""
    try:
        with path.open("rb") as file:
            content = file.read(limit + 1)
    except OSError as error:
        raise unreadable(path, error) from error
    if len(content) > limit:
        message = f"`{path}` is larger than {limit} bytes"
        raise CompileError(Diagnostic("E063", message, help="is this the file that you mean?"))
    return content


def unreadable(path: Path, error: OSError) -> CompileError:
    """The diagnostic of a file that cannot be read."""
    reason = error.strerror or str(error)
    way_out = "check the spelling and the permissions of the path"
    return CompileError(Diagnostic("E063", f"cannot read `{path}`: {reason}", help=way_out))


def unwritable(path: Path, error: OSError) -> CompileError:
    """The diagnostic of a file that cannot be written."""
    reason = error.strerror or str(error)
    way_out = "check the permissions and the free space of the folder, or name another one"
    return CompileError(Diagnostic("E063", f"cannot write `{path}`: {reason}", help=way_out))
