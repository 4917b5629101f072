"""Files that are made anew when they are lost, damaged, or not this user's own."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from .files import open_file

SEAL = hashlib.sha256().digest_size


def keep(path: Path, content: bytes) -> None:
    """Write a file whole, so that two processes starting at once both find a whole one; readable
    to this user alone. Where it cannot be written it is not kept: it can be made again."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            os.replace(temporary, path)
        except OSError:
            os.unlink(temporary)


def kept(path: Path) -> bytes | None:
    """What was kept; None where nothing is, or what another user may have written."""
    try:
        with open_file(path) as file:
            facts = os.fstat(file.fileno())
            is_own = facts.st_uid == os.geteuid()
            is_open = facts.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
            return file.read() if is_own and not is_open else None
    except OSError:
        return None


def keep_sealed(path: Path, content: bytes, *made_from: str) -> None:
    """Keep the content with a checksum of it and of what it was made from."""
    keep(path, _seal(content, made_from) + content)


def kept_sealed(path: Path, *made_from: str) -> bytes | None:
    """The content, if it was made from this and no bit of it has changed."""
    whole = kept(path) or b""
    content = whole[SEAL:]
    return content if whole[:SEAL] == _seal(content, made_from) else None


def _seal(content: bytes, made_from: tuple[str, ...]) -> bytes:
    head = "\0".join(made_from).encode()
    return hashlib.sha256(len(head).to_bytes(8, "big") + head + content).digest()
