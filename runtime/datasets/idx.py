"""The IDX format of MNIST: big-endian arrays behind a header of types and sizes."""

from __future__ import annotations

import io
from pathlib import Path
from typing import IO

import numpy as np

from ...backends.artifact.storage import read_file
from ...frontend.stored.arrays import Header, read_values, require_memory
from ...frontend.stored.packed import unpacked
from ...frontend.stored.unfit import Unfit, damage
from .data import Array, damaged, judged, opened, room

LIMIT = 2**28  # [bytes] of a file of a public data set
MOST_AXES = 8

TYPES: dict[int, str] = {
    0x08: ">u1",
    0x09: ">i1",
    0x0B: ">i2",
    0x0C: ">i4",
    0x0D: ">f4",
    0x0E: ">f8",
}


def read_idx(path: Path) -> Array:
    """The array in an IDX file, gzipped or not."""
    with opened(path) as file, damage():
        return _array(unpacked(file))


def read_plain(path: Path) -> bytes:
    """The content of a file, unpacked if it is gzipped."""
    return gunzip(read_file(path, LIMIT), path)


def gunzip(content: bytes, name: str | Path, limit: int = LIMIT) -> bytes:
    """The content, unpacked if it is gzipped; refuses damage and more than `limit` bytes."""
    with judged(name), damage():
        plain = unpacked(io.BytesIO(content)).read(limit + 1)
    if len(plain) > limit:
        raise damaged(name, f"unpacks to more than {limit} bytes")
    return plain


def parse_idx(content: bytes, name: str | Path) -> Array:
    """The array of an IDX file's content, in the machine's byte order."""
    with judged(name):
        return _array(io.BytesIO(content))


def _array(file: IO[bytes]) -> Array:
    """Two zero bytes, the type, the number of axes, their sizes as 32-bit numbers, the values."""
    header = _header(file)
    require_memory(header, room())
    values = np.frombuffer(read_values(file, header.size), header.dtype).reshape(header.shape)
    if file.read(1):
        raise Unfit(
            f"it holds more than the {header.size} bytes of values that its header tells of"
        )
    return values.astype(header.dtype.newbyteorder("="))


def _header(file: IO[bytes]) -> Header:
    start = file.read(4)
    if len(start) < 4 or start[:2] != b"\0\0" or start[2] not in TYPES:
        raise Unfit(f"it is not an IDX file: it starts with {start.hex() or 'nothing'}")
    axes = start[3]
    if not 1 <= axes <= MOST_AXES:
        raise Unfit(f"it has {axes} axes; an IDX file has 1 to {MOST_AXES}")
    sizes = file.read(4 * axes)
    if len(sizes) < 4 * axes:
        raise Unfit("its IDX header is cut short")
    shape = tuple(int(n) for n in np.frombuffer(sizes, ">u4"))
    if 0 in shape:
        raise Unfit(f"it holds no values: its shape is {list(shape)}")
    return Header(shape, np.dtype(TYPES[start[2]]), False)
