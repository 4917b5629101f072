"""Arrays in NumPy's files: .npy, and .npz of several.

An array is .npy's magic number and version, the length of its header, the header (a Python literal
that says type, order and shape), and the values. Nothing of it is executed; nothing is allocated
before the header has been judged.
"""

from __future__ import annotations

import ast
import os
import warnings
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import prod
from typing import IO, Any, BinaryIO

import numpy as np
import numpy.typing as npt

from .unfit import Unfit, damage

Array = npt.NDArray[Any]

MAGIC = b"\x93NUMPY"
LENGTH_BYTES = {b"\1\0": 2, b"\2\0": 4, b"\3\0": 4}  # of the header's length, by version
MOST_HEADER = 10_000  # [bytes]
PIECE = 1 << 20  # [bytes]
# A value is also kept as float32, and compared, while it is made what a network takes.
BESIDE = 5  # [bytes]


@dataclass(frozen=True, slots=True)
class Header:
    """What an array says of itself before its values."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    is_fortran: bool

    @property
    def size(self) -> int:
        """Of the values [bytes]."""
        return prod(self.shape) * self.dtype.itemsize

    @property
    def memory(self) -> int:
        """What reading it and making it float32 takes [bytes]."""
        return prod(self.shape) * (self.dtype.itemsize + BESIDE)


# Judges an array by its header, before any of its values is read, and raises if it is not wanted.
Accept = Callable[[Header], None]


def within(limit: int) -> Accept:
    """Accepts arrays that take at most `limit` bytes of memory."""

    def accept(header: Header) -> None:
        require_memory(header, limit)

    return accept


def require_memory(header: Header, limit: int) -> None:
    """Unfit if reading the array takes more than `limit` bytes."""
    if header.memory > limit:
        shape = list(header.shape)
        raise Unfit(
            f"its {header.dtype} {shape} would take {header.memory / 1e9:.3g} GB of memory, and "
            f"at most {limit / 1e9:.3g} GB are given to it",
            "is this the file that you mean?",
        )


def read_npy(file: BinaryIO, accept: Accept) -> Array:
    """The array of an .npy file; Unfit if it is none."""
    with damage():
        available = file.seek(0, os.SEEK_END)
        file.seek(0)
        return _array(file, available, accept)


def read_npz(
    file: BinaryIO, choose: Callable[[list[str]], Iterable[str]], accept: Accept
) -> dict[str, Array]:
    """The arrays of an archive that are chosen from its names; Unfit if it is none."""
    with damage(), zipfile.ZipFile(file) as archive:
        members = {m.filename.removesuffix(".npy"): m for m in archive.infolist()}
        return {name: _member(archive, members[name], accept) for name in choose(list(members))}


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, accept: Accept) -> Array:
    with archive.open(member) as file:
        return _array(file, member.file_size, accept)


def _array(file: IO[bytes], available: int, accept: Accept) -> Array:
    header, start = _header(file)
    _refuse_objects(header.dtype)
    found = available - start
    if found != header.size:
        reason = f"its header tells of {header.size} bytes of values, and it holds {found}"
        raise Unfit(reason, "make it anew, or copy it again")
    accept(header)
    flat = np.frombuffer(read_values(file, header.size), header.dtype, prod(header.shape))
    return flat.reshape(header.shape, order="F" if header.is_fortran else "C")


def read_values(file: IO[bytes], size: int) -> bytearray:
    """The next `size` bytes; Unfit if there are fewer. What is not there takes no memory."""
    values, done = bytearray(size), 0
    while done < size:
        piece = file.read(min(PIECE, size - done))
        if not piece:
            raise Unfit(f"it ends after {done} of {size} bytes of values")
        values[done : done + len(piece)] = piece
        done += len(piece)
    return values


def _refuse_objects(dtype: np.dtype[Any]) -> None:
    if dtype.hasobject:
        raise Unfit(
            "it holds Python objects, which are never loaded",
            "store numbers, or texts, by `array.astype(float)` or `array.astype(str)`",
        )
    if dtype.names or dtype.subdtype:
        raise Unfit("it holds records, not numbers", "store an array for each of their fields")


def _header(file: IO[bytes]) -> tuple[Header, int]:
    """The header of an .npy stream, and where its values start."""
    start = file.read(8)
    width = LENGTH_BYTES.get(start[6:])
    if start[:6] != MAGIC or width is None:
        archive = "it is an archive, .npz; one of samples is named by --data"
        way_out = archive if start[:2] == b"PK" else ""
        said = start[:6].hex() or "nothing"
        raise Unfit(f"it is no NumPy array: it starts with {said}", way_out)
    length = int.from_bytes(file.read(width), "little")
    if length > MOST_HEADER:
        raise Unfit(f"it is damaged (a header of {length} bytes)")
    return _parsed(file.read(length).decode("latin-1")), 8 + width + length


def _parsed(text: str) -> Header:
    with warnings.catch_warnings():
        # Python warns of odd literals, NumPy of odd names of types.
        warnings.simplefilter("ignore")
        try:
            fields = ast.literal_eval(text.strip())
        except (MemoryError, RecursionError):
            raise Unfit("it is damaged (a header too deeply nested)") from None
        shape, is_fortran = fields["shape"], fields["fortran_order"]
        header = Header(shape, np.dtype(fields["descr"]), is_fortran)
    are_sizes = isinstance(shape, tuple) and all(type(n) is int and n >= 0 for n in shape)
    if not are_sizes or not isinstance(is_fortran, bool):
        raise Unfit(f"it is damaged (a header with the shape {str(shape)[:40]})")
    return header
