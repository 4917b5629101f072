"""HDF5, the container of NIR files, read without trusting it.

What a file says of itself is judged before its numbers take memory: shapes, types, filters, and how
much they unpack to. Nothing is followed out of the file, nor back to where one came from: only hard
links, to a bounded number of objects, a bounded number of groups deep.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from ...ir.files import open_file
from ...ir.nir.graph import DAMAGED, Array, refusal
from ..limits import LIMITS
from ..stored.packed import ALWAYS, MOST_TIMES

MOST_OBJECTS = 200_000
MOST_NAME = 1000  # characters
MOST_TEXT = 1 << 16  # [bytes] of one text
FILTERS = {1: "gzip", 2: "shuffle", 3: "fletcher32", 32000: "lzf"}
_OF_HDF5 = (OSError, KeyError, RuntimeError)  # with words of the library about the file
_DAMAGE = (*_OF_HDF5, ValueError, TypeError, OverflowError, IndexError)  # of the bindings
NO_FILE = "a NIR file is HDF5, as `nir.write` makes it; make it anew, or copy it again"
PIP = "pip install 'snncc[nir]'"


@dataclass(slots=True)
class Budget:
    """What may still be read of a file: bytes of numbers, and objects. `most` bytes may be one."""

    most: int
    bytes_left: int
    objects_left: int = MOST_OBJECTS

    def take(self, size: int, where: str) -> None:
        """Count numbers in; CompileError(E090) for more than the file can be meant to hold."""
        if size > min(self.most, self.bytes_left):
            raise refusal(
                DAMAGED,
                f"{where} would take {size / 1e9:.3g} GB of memory, which is more than a file of "
                "this size is unpacked to",
                "is this the file that you mean?",
            )
        self.bytes_left -= size

    def count(self, where: str) -> None:
        """Count an object in; CompileError(E090) beyond the bound."""
        self.objects_left -= 1
        if self.objects_left < 0:
            raise refusal(DAMAGED, f"{where} has more than {MOST_OBJECTS} objects before it")


@dataclass(frozen=True, slots=True)
class Group:
    """A group of the file: `where` is how messages call it."""

    handle: Any
    where: str
    budget: Budget

    def names(self) -> list[str]:
        """The names of its members, as the file has them."""
        if len(self.handle) > self.budget.objects_left:
            raise refusal(DAMAGED, f"{self.where} has {len(self.handle)} members")
        return [_proper(name, self.where) for name in self.handle]

    def __contains__(self, name: str) -> bool:
        return name in self.handle

    def group(self, name: str) -> Group:
        """A member that is a group; CompileError(E090) if it is none."""
        return Group(self._member(name, "Group"), f"{self.where}/{name}", self.budget)

    def is_dataset(self, name: str) -> bool:
        """Whether it has a dataset of that name with anything in it."""
        if name not in self.handle or type(self._member(name, None)).__name__ != "Dataset":
            return False
        return self.handle[name].shape is not None

    def text(self, name: str) -> str:
        """A member that is one text."""
        data, where = self._dataset(name)
        if data.shape != () or _string(data) is None:
            raise refusal(DAMAGED, f"{where} is not one text but {_said(data)}")
        return str(_words(data, where, self.budget))

    def is_text(self, name: str) -> bool:
        """Whether a dataset holds texts."""
        return _string(self._dataset(name)[0]) is not None

    def texts(self, name: str) -> list[list[str]]:
        """A member that is rows of texts; a dataset of nothing is no rows."""
        data, where = self._dataset(name)
        if prod(data.shape) == 0:
            return []
        if len(data.shape) != 2 or _string(data) is None:
            raise refusal(DAMAGED, f"{where} is not rows of texts but {_said(data)}")
        return [list(map(str, row)) for row in _words(data, where, self.budget)]

    def numbers(self, name: str) -> Array:
        """A member that holds finite numbers."""
        data, where = self._dataset(name)
        if data.dtype.kind not in "biuf" or data.dtype.itemsize > 8:
            raise refusal(DAMAGED, f"{where} holds {_said(data)}, not numbers")
        self.budget.take(prod(data.shape) * data.dtype.itemsize, where)
        if prod(data.shape) and not data.id.get_storage_size():
            raise refusal(DAMAGED, f"{where} was made, and its numbers never written")
        values = np.asarray(data[()], data.dtype.newbyteorder("="))
        bad = np.argwhere(~np.isfinite(values))
        if len(bad):
            place = [int(k) for k in bad[0]]
            raise refusal(
                DAMAGED,
                f"{where} holds {values[tuple(place)]:g} at {place} (from 0)",
                "numbers are finite: see how the network was trained, and write the file anew",
            )
        return values

    def _member(self, name: str, kind: str | None) -> Any:
        where = f"{self.where}/{name}"
        if name not in self.handle:
            raise refusal(DAMAGED, f"{self.where} has no `{name}`", "write the file anew")
        link = type(self.handle.get(name, getlink=True)).__name__
        if link != "HardLink":
            raise refusal(DAMAGED, f"{where} is a link ({link}), and no link is followed")
        self.budget.count(where)
        member = self.handle[name]
        if kind is not None and type(member).__name__ != kind:
            raise refusal(DAMAGED, f"{where} is not a {kind.lower()}")
        return member

    def _dataset(self, name: str) -> tuple[Any, str]:
        data, where = self._member(name, "Dataset"), f"{self.where}/{name}"
        if data.shape is None:
            raise refusal(DAMAGED, f"{where} is empty")
        if data.is_virtual or data.external:
            raise refusal(DAMAGED, f"{where} lies in another file, and none is followed")
        _require_filters(data, where)
        chunk = prod(data.chunks or ()) * data.dtype.itemsize
        if chunk > max(ALWAYS, 2 * prod(data.shape) * data.dtype.itemsize):
            raise refusal(DAMAGED, f"{where} comes in pieces of {chunk} bytes")
        return data, where


def _require_filters(data: Any, where: str) -> None:
    kept = data.id.get_create_plist()
    for k in range(kept.get_nfilters()):
        number = kept.get_filter(k)[0]
        if number not in FILTERS:
            way_out = f"the filters are {', '.join(FILTERS.values())}"
            raise refusal(DAMAGED, f"{where} is packed by the filter {number}", way_out)


def _proper(name: str, where: str) -> str:
    if len(name) > MOST_NAME or any("\ud800" <= c <= "\udfff" for c in name):
        raise refusal(DAMAGED, f"{where} has a member whose name is too long, or no UTF-8")
    return name


def _string(data: Any) -> Any:
    from h5py import check_string_dtype

    return check_string_dtype(data.dtype)


def _words(data: Any, where: str, budget: Budget) -> Any:
    found = _string(data)
    # Texts of no fixed length lie in the file as they are: there is no more than it is long.
    size = found.length if found.length is not None else 64
    if size > MOST_TEXT:
        raise refusal(DAMAGED, f"{where} has texts of {size} bytes")
    budget.take(prod(data.shape) * size, where)
    return data.asstr()[()]


def _said(data: Any) -> str:
    return f"{data.dtype} {list(data.shape)}"


def size_of(path: Path) -> int:
    """The bytes of a file; CompileError(E063) if there is none that can be read."""
    try:
        with open_file(path) as plain:
            return plain.seek(0, 2)
    except OSError as error:
        message = f"cannot read `{path}`: {_reason(error)}"
        raise refusal(
            "E063", message, "check the spelling and the permissions of the path"
        ) from None


def most_of(path: Path) -> int:
    """The bytes of numbers that a file may unpack to; CompileError(E063) as `size_of`."""
    return min(LIMITS.tensor_bytes, max(ALWAYS, MOST_TIMES * size_of(path)))


@contextmanager
def opened(path: Path) -> Iterator[Group]:
    """The root of an HDF5 file; CompileError(E090) for whatever is none, or is damaged."""
    try:
        import h5py
    except ImportError:
        raise refusal(DAMAGED, "NIR files are read by h5py, which is missing", PIP) from None
    try:
        most = most_of(path)
        with h5py.File(path, "r", locking=False) as file:
            yield Group(file, path.name, Budget(most, most))
    except _DAMAGE as error:
        raise refusal(
            DAMAGED,
            f"cannot read `{path.name}`: {_reason(error)}",
            NO_FILE,
        ) from None


def _reason(error: Exception) -> str:
    """What the library says; what its bindings say of Python's types and texts tells nobody of the
    file."""
    if not isinstance(error, _OF_HDF5):
        return "what it says of its types, texts or sizes has no meaning"
    said = getattr(error, "strerror", None) or (error.args[0] if error.args else "")
    return next(iter(str(said).splitlines()), "")[:200]
