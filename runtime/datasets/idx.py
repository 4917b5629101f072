"""The IDX format of MNIST: big-endian arrays behind a header of types and sizes."""

from __future__ import annotations

import gzip
import io
import zlib
from math import prod
from pathlib import Path

import numpy as np

from ...backends.artifact.storage import read_file
from .data import Array, damaged

LIMIT = 2**31
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
    return parse_idx(read_plain(path), path)


def read_plain(path: Path) -> bytes:
    """The content of a file, unpacked if it is gzipped."""
    content = read_file(path, LIMIT)
    return gunzip(content, path) if content[:2] == b"\x1f\x8b" else content


def gunzip(content: bytes, name: str | Path, limit: int = LIMIT) -> bytes:
    """The unpacked content; refuses damage and more than `limit` bytes."""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
            plain = file.read(limit + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise damaged(name, f"is a damaged gzip file: {error}") from error
    if len(plain) > limit:
        raise damaged(name, f"unpacks to more than {limit} bytes")
    return plain


def parse_idx(content: bytes, name: str | Path) -> Array:
    """The array of an IDX file's content, in the machine's byte order.

    Two zero bytes, the type, the number of axes, their sizes as 32-bit numbers, then the values.
    """
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in TYPES:
        raise damaged(name, f"is not an IDX file: it starts with {content[:4].hex() or 'nothing'}")
    axes, start = content[3], 4 + 4 * content[3]
    if not 1 <= axes <= MOST_AXES:
        raise damaged(name, f"has {axes} axes; an IDX file has 1 to {MOST_AXES}")
    if len(content) < start:
        raise damaged(name, "has an IDX header that is cut short")
    shape = tuple(int(n) for n in np.frombuffer(content, ">u4", axes, 4))
    dtype = np.dtype(TYPES[content[2]])
    expected = prod(shape) * dtype.itemsize
    if len(content) - start != expected:
        found = len(content) - start
        raise damaged(name, f"should hold {expected} bytes of values, but holds {found}")
    if not expected:
        raise damaged(name, f"holds no values: its shape is {list(shape)}")
    values = np.frombuffer(content, dtype, offset=start).reshape(shape)
    return values.astype(dtype.newbyteorder("="))
