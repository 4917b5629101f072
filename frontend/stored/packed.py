"""Files that may be gzipped."""

from __future__ import annotations

import gzip
import io
import os
from typing import Any, BinaryIO, cast

from .unfit import Unfit

GZIP = b"\x1f\x8b"
# What a gzipped file may unpack to: tables and images become 3 to 50 times as large, bombs 1000.
MOST_TIMES = 200
ALWAYS = 1 << 26  # [bytes]


def unpacked(file: BinaryIO) -> BinaryIO:
    """The file as what it holds, unpacked piece by piece as it is read, if it is gzipped."""
    start = file.read(len(GZIP))
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    if start != GZIP:
        return file
    limit = max(ALWAYS, MOST_TIMES * size)
    return cast(BinaryIO, io.BufferedReader(_Bounded(gzip.GzipFile(fileobj=file), limit)))


class _Bounded(io.RawIOBase):
    """A stream that may not go on without end."""

    def __init__(self, plain: gzip.GzipFile, limit: int) -> None:
        self._plain, self._left, self._limit = plain, limit, limit

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """As of every stream; Unfit beyond the limit."""
        piece = self._plain.read(len(buffer))
        self._left -= len(piece)
        if self._left < 0:
            raise Unfit(
                f"it unpacks to more than {self._limit} bytes, over {MOST_TIMES} times its size",
                "is this the file that you mean? An unpacked one may be as large as it likes",
            )
        buffer[: len(piece)] = piece
        return len(piece)
