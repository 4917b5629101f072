"""Files that are written whole or not at all."""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
import stat
from collections.abc import Callable, Mapping
from pathlib import Path

from ...ir.diagnostics import CompileError, Diagnostic
from ...ir.files import read_bytes

TEMPORARY = re.compile(r"\.snncc-[0-9]+-[0-9a-f]{8}\.part")


def write_file(path: Path, content: bytes) -> None:
    """Put `content` at `path` so that a reader, or a crash, meets the old file or the new one.

    A link is written through, a file that is replaced keeps its permissions, and what is no file
    (/dev/null) is simply written to.
    """
    try:
        _write(path, content)
    except OSError as error:
        raise unwritable(path, error) from error


def _write(path: Path, content: bytes) -> None:
    mode = _mode(path)
    if mode is None or stat.S_ISREG(mode):
        target = _target(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        _replace_file(target, content, mode)
        return
    # A pipe that nobody reads is an error, not waited for.
    handle = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
    with os.fdopen(handle, "wb") as device:
        os.set_blocking(handle, True)
        device.write(content)


def _mode(path: Path) -> int | None:
    # The kind and the permissions of what is there; None for nothing.
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        return None


def _target(path: Path) -> Path:
    # Only a path without links and dots has a place to rename to.
    return Path(os.path.realpath(path))


def _replace_file(path: Path, content: bytes, mode: int | None) -> None:
    temporary = _beside(path)
    # Nobody may read in the temporary file what the old one hid.
    permissions = 0o666 if mode is None else 0o600
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, permissions)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            if mode is not None:
                os.fchmod(file.fileno(), stat.S_IMODE(mode))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def _beside(path: Path) -> Path:
    # Without the name of `path`: that may be as long as a name can be.
    return path.with_name(f".snncc-{os.getpid()}-{secrets.token_hex(4)}.part")


def write_folder(path: Path, members: Mapping[str, bytes], first: str) -> None:
    """Make `path` a folder of these members (relative names with / between parts) and no others.

    A new folder appears whole. In one that exists the files are replaced one by one, once all the
    new ones are on the disk: others go, then `first` comes, then the rest. So what a crash leaves
    in between is never more than the member `first` tells of.
    """
    try:
        _fill(_target(path), members, first)
    except OSError as error:
        raise unwritable(path, error) from error


def _fill(path: Path, members: Mapping[str, bytes], first: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = _beside(path)
    temporary.mkdir()
    try:
        for name, content in members.items():
            _write(temporary / name, content)
        if _mode(path) is None:
            temporary.rename(path)
        else:
            _replace_members(path, temporary, sorted(members, key=lambda name: name != first))
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    sync_folder(path.parent)


def _replace_members(path: Path, new: Path, names: list[str]) -> None:
    # The folder itself stays: it may be a mount, or the one that the user's shell is in.
    for old in files_in(path) - set(names):
        (path / old).unlink()
    for name in names:
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        mode = _mode(path / name)
        if mode is not None:
            (new / name).chmod(stat.S_IMODE(mode))
        (new / name).replace(path / name)
    sync_folder(path)


def files_in(folder: Path) -> set[str]:
    """The names of all that a folder holds, folders aside, with / between their parts."""
    entries = (entry for entry in folder.rglob("*") if entry.is_symlink() or not entry.is_dir())
    return {entry.relative_to(folder).as_posix() for entry in entries}


def sweep(folder: Path) -> None:
    """Remove what a killed process was writing into the folder."""
    try:
        for path in folder.glob(".snncc-*"):
            if TEMPORARY.fullmatch(path.name):
                _remove(path)
    except OSError as error:
        raise unwritable(folder, error) from error


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def is_file(path: Path) -> bool:
    """Whether the path is a file, seen through links; CompileError(E063) if it cannot be told."""
    return _is(path, stat.S_ISREG)


def is_folder(path: Path) -> bool:
    """Whether the path is a folder, seen through links; CompileError(E063) if it cannot be told."""
    return _is(path, stat.S_ISDIR)


def _is(path: Path, kind: Callable[[int], bool]) -> bool:
    try:
        mode = _mode(path)
    except NotADirectoryError:
        return False
    except OSError as error:
        raise unreadable(path, error) from error
    return mode is not None and kind(mode)


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
        return read_bytes(path, limit)
    except OSError as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: OSError) -> CompileError:
    """The diagnostic of a file that cannot be read."""
    reason = error.strerror or str(error)
    way_out = _WAYS_OUT.get(error.errno or 0, "")
    return CompileError(Diagnostic("E063", f"cannot read `{path}`: {reason}", help=way_out))


_WAYS_OUT = {
    errno.ENOENT: "check the spelling of the path",
    errno.ENOTDIR: "check the spelling of the path",
    errno.EACCES: "check the permissions of the file and of the folders above it",
}


def unwritable(path: Path, error: OSError) -> CompileError:
    """The diagnostic of a file that cannot be written."""
    reason = error.strerror or str(error)
    way_out = "check the permissions and the free space of the folder, or name another one"
    if error.errno in (errno.ENOTDIR, errno.EISDIR):
        way_out = "a file lies where a folder is to be, or a folder where a file is: name another"
    return CompileError(Diagnostic("E063", f"cannot write `{path}`: {reason}", help=way_out))
