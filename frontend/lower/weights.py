"""Weight files: .npy, .npz, .safetensors and .csv, read without trusting them."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load as load_safetensors

from ...ir.diagnostics import CompileError, Diagnostic, Span
from ...ir.report import listing, nearest
from ..limits import LIMITS

Weights = npt.NDArray[np.float32]
Array = npt.NDArray[np.generic]


class _Unfit(Exception):
    """A file that is not what its name says; the message tells why."""


def read_weights(path: Path, key: str, span: Span) -> Weights:
    """The table of numbers in a weight file, float32 [rows, columns]."""
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        message = f"`{path.name}` is no weight file"
        way_out = f"the kinds are {listing(_READERS)}"
        raise CompileError(Diagnostic("E063", message, span, help=way_out))
    try:
        if path.exists() and not path.is_file():
            raise _Unfit("it is no file")
        if path.stat().st_size > LIMITS.tensor_bytes:
            raise _Unfit("it is too large")
        return _table(reader(path, key))
    except OSError as error:
        raise CompileError(_refusal(path, error.strerror or str(error), span)) from None
    except _Unfit as error:
        raise CompileError(_refusal(path, str(error), span)) from None


def _refusal(path: Path, reason: str, span: Span) -> Diagnostic:
    message = f"cannot read `{path.name}`: {reason}"
    way_out = "a path is relative to the file that names it"
    return Diagnostic("E063", message, span, help=way_out)


def _table(array: Array) -> Weights:
    if array.ndim != 2 or 0 in array.shape:
        raise _Unfit(f"it holds an array of shape {list(array.shape)}, not a table")
    if not np.issubdtype(array.dtype, np.number) or np.iscomplexobj(array):
        raise _Unfit(f"it holds {array.dtype}, not numbers")
    with np.errstate(over="ignore"):
        table = np.ascontiguousarray(array, dtype=np.float32)
    if not np.isfinite(table).all():
        raise _Unfit("it holds numbers that are not finite")
    return table


def _npy(path: Path, key: str) -> Array:
    with path.open("rb") as file:
        return _npy_array(file, path.stat().st_size)


def _npy_array(file: IO[bytes], available: int) -> Array:
    """The array of an .npy stream, whose header may not promise more than there is."""
    try:
        version = np.lib.format.read_magic(file)
        read_header = _HEADERS[version]
        shape, is_fortran, dtype = read_header(file)
        elements = _product(shape)
        if dtype.hasobject or elements * dtype.itemsize > available:
            raise _Unfit("its header does not fit its data")
        data = file.read(elements * dtype.itemsize)
        array = np.frombuffer(data, dtype=dtype, count=elements)
        return array.reshape(shape, order="F" if is_fortran else "C")
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise _Unfit(f"it is damaged ({error})") from None


def _product(shape: tuple[int, ...]) -> int:
    product = 1
    for extent in shape:
        product *= extent
    return product


_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def _npz(path: Path, key: str) -> Array:
    try:
        with zipfile.ZipFile(path) as archive:
            names = {n.removesuffix(".npy"): n for n in archive.namelist()}
            name = names[_chosen(key, list(names))]
            size = archive.getinfo(name).file_size
            if size > LIMITS.tensor_bytes:
                raise _Unfit("it is too large")
            with archive.open(name) as file:
                return _npy_array(file, size)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
        raise _Unfit(f"it is damaged ({error})") from None


def _safetensors(path: Path, key: str) -> Array:
    try:
        tensors = load_safetensors(path.read_bytes())
    except (SafetensorError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise _Unfit(f"it is damaged ({error})") from None
    return np.asarray(tensors[_chosen(key, list(tensors))])


def _chosen(key: str, names: list[str]) -> str:
    """The array that is meant: the one named, or the only one."""
    if key in names:
        return key
    if key:
        raise _Unfit(f"it has no array `{key}`; {nearest(key, names) or listing(names)}")
    if len(names) == 1:
        return names[0]
    raise _Unfit(f"say which array with `key = …`; it holds {listing(names) or 'none'}")


def _csv(path: Path, key: str) -> Array:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise _Unfit("it is not UTF-8 text") from None
    rows: list[list[float]] = []
    for count, line in enumerate(lines, start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        rows.append(_row(line, count))
        if len(rows[-1]) != len(rows[0]):
            raise _Unfit(f"line {count} has {len(rows[-1])} numbers, the first {len(rows[0])}")
    if not rows:
        raise _Unfit("it is empty")
    return np.array(rows)


def _row(line: str, count: int) -> list[float]:
    try:
        return [float(cell) for cell in line.split(",")]
    except ValueError:
        raise _Unfit(f"line {count} is not a row of numbers") from None


_READERS: dict[str, Callable[[Path, str], Array]] = {
    ".npy": _npy,
    ".npz": _npz,
    ".safetensors": _safetensors,
    ".csv": _csv,
}
