"""Files that a user names, opened without trusting what lies there."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

_NO_FILES = (
    (stat.S_ISDIR, errno.EISDIR, "it is a folder"),
    (stat.S_ISFIFO, errno.EINVAL, "it is a pipe, which cannot be read twice: copy it to a file"),
    (stat.S_ISCHR, errno.EINVAL, "it is a device"),
    (stat.S_ISBLK, errno.EINVAL, "it is a device"),
)


def open_file(path: Path) -> BinaryIO:
    """The file, open for reading.

    OSError, whose `strerror` says why, for whatever is no plain file that can be read: also for a
    pipe, which would be waited for, a circle of links and a path that no system takes.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except ValueError:
        reason = "its name holds a character that no file name can have"
        raise OSError(errno.EINVAL, reason) from None
    mode = os.fstat(handle).st_mode
    for is_kind, number, reason in _NO_FILES:
        if is_kind(mode):
            os.close(handle)
            raise OSError(number, reason)
    return os.fdopen(handle, "rb")


def read_bytes(path: Path, limit: int) -> bytes:
    """The content of a file; OSError as `open_file`, and if it has more than `limit` bytes."""
    with open_file(path) as file:
        is_large = os.fstat(file.fileno()).st_size > limit
        content = b"" if is_large else file.read()
    if is_large or len(content) > limit:
        raise OSError(errno.EFBIG, f"it is larger than {limit} bytes")
    return content


def resolved(path: Path) -> Path:
    """The absolute path without links and dots. What leads nowhere, as a circle of links, stays as
    it is: opening it says why."""
    try:
        return Path(os.path.realpath(path))
    except ValueError:
        return path.absolute()
