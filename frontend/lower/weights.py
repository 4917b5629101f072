"""Weight files: .npy, .npz, .safetensors and .csv, read without trusting them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import BinaryIO

import numpy as np
from safetensors import SafetensorError, safe_open

from ...ir.diagnostics import CompileError, Diagnostic, Span
from ...ir.report import listing, nearest
from ..limits import LIMITS
from ..stored.arrays import Accept, Array, Header, read_npy, read_npz, require_memory
from ..stored.opened import read_array
from ..stored.text import (
    blocks,
    cells_of,
    is_gap,
    number_of,
    numbers_of,
    read_lines,
    require_width,
    separator_of,
)
from ..stored.unfit import Unfit, damage


def read_weights(path: Path, key: str, accept: Accept, span: Span) -> Array:
    """The table of finite numbers in a weight file [rows, columns], in its own type.

    `accept` judges it by its header, before its values take any memory. CompileError(E063) if there
    is no such table.
    """

    def judge(header: Header) -> None:
        _require_table(header)
        accept(header)

    return read_numbers(path, key, judge, span)


def read_numbers(path: Path, key: str, accept: Accept, span: Span) -> Array:
    """The same of an array of any shape."""
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        message = f"`{path.name or path}` is no weight file"
        way_out = f"the kinds are {listing(_READERS)}"
        raise CompileError(Diagnostic("E063", message, span, help=way_out))

    def judge(header: Header) -> None:
        _require_numbers(header)
        accept(header)
        require_memory(header, LIMITS.tensor_bytes)

    return read_array(path, span, lambda file: _finite(reader(file, path, key, judge)))


def _require_table(header: Header) -> None:
    if len(header.shape) != 2 or 0 in header.shape:
        reason = f"it holds an array of shape {list(header.shape)}, not a table"
        raise Unfit(reason, "weights are [pre, post], or rows of pre, post, weight")


def _require_numbers(header: Header) -> None:
    if header.dtype.kind not in "biuf":
        raise Unfit(f"it holds {header.dtype}, not numbers", "store it as float32")


def _finite(table: Array) -> Array:
    with np.errstate(over="ignore"):
        bad = np.argwhere(~np.isfinite(table.astype(np.float32, copy=False)))
    if len(bad):
        place = tuple(int(k) for k in bad[0])
        where = f"place {', '.join(map(str, place))} (from 0)"
        if len(place) == 2:
            where = f"row {place[0]}, column {place[1]} (both from 0)"
        reason = f"it holds {table[place]:g} in {where}"
        raise Unfit(reason, f"numbers are finite and below {np.finfo(np.float32).max:.3g}")
    return table


def _npz(file: BinaryIO, _path: Path, key: str, accept: Accept) -> Array:
    (array,) = read_npz(file, lambda names: [_chosen(key, names)], accept).values()
    return array


def _safetensors(_file: BinaryIO, path: Path, key: str, accept: Accept) -> Array:
    try:
        with damage(), safe_open(path, framework="numpy") as tensors:
            name = _chosen(key, list(tensors.keys()))
            stored = tensors.get_slice(name)
            accept(Header(tuple(stored.get_shape()), _dtype(stored.get_dtype()), False))
            return np.asarray(tensors.get_tensor(name))
    except SafetensorError as error:
        raise Unfit(f"it is damaged ({error})", "make it anew, or copy it again") from None


def _dtype(name: str) -> np.dtype[np.generic]:
    """NumPy's type for safetensors' name of it: F32, U8, BOOL."""
    known = {"BOOL": "b1", "F": "f", "I": "i", "U": "u"}
    letters, bits = name.rstrip("0123456789"), name.lstrip("BFIUO")
    kind = known.get(letters)
    if kind is None:
        raise Unfit(f"it holds {name}, a type that NumPy lacks", "store it as float32")
    return np.dtype(kind if letters == "BOOL" else f"{kind}{int(bits) // 8}")


def _chosen(key: str, names: list[str]) -> str:
    """The array that is meant: the one named, or the only one."""
    if key in names:
        return key
    if key:
        raise Unfit(f"it has no array `{key}`", nearest(key, names) or f"it has {listing(names)}")
    if len(names) == 1:
        return names[0]
    raise Unfit(f"it holds {listing(names) or 'no array'}", "say which with `key = …`")


def _csv(file: BinaryIO, _path: Path, _key: str, accept: Accept) -> Array:
    lines = read_lines(file)
    first = next(lines, None)
    if first is None:
        raise Unfit("it is empty")
    separator = separator_of(first)
    names = cells_of(first, separator)
    has_header = all(number_of(cell) is None for cell in names) and not all(map(is_gap, names))
    found, rows = [], 0
    for block in blocks(lines if has_header else chain([first], lines)):
        require_width(block, separator, first)
        rows += len(block)
        accept(Header((rows, len(names)), np.dtype(np.float64), False))
        columns = range(len(names))
        found.append(numbers_of(block, separator, columns, lambda c: f"column {c} (from 0)"))
    if not found:
        raise Unfit("it has a header and no rows")
    return np.concatenate(found)


_Reader = Callable[[BinaryIO, Path, str, Accept], Array]
_READERS: dict[str, _Reader] = {
    ".npy": lambda file, _path, _key, accept: read_npy(file, accept),
    ".npz": _npz,
    ".safetensors": _safetensors,
    ".csv": _csv,
}
