"""The user's own arrays: NumPy archives and IDX files."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

import numpy as np

from ...backends.artifact.storage import unreadable
from ...ir.graph import Value
from .data import Array, Data, damaged, make_data
from .idx import read_idx
from .split import Part, Parts, make_part, parts

LIMIT = 2**33  # [bytes] unpacked


def load_npz(arguments: dict[str, Value], split: str) -> Data:
    """The split of an archive of `x`, `y`, or of `x_train`, `y_train`, `x_test`, `y_test`."""
    path, named = Path(str(arguments["path"])), str(arguments["test"])
    arrays = read_npz(path)
    has_own_parts = "x_train" in arrays
    whole = _pair(arrays, "_train" if has_own_parts else "", path)
    if has_own_parts and (not named or Path(named) == path):
        test = _pair(arrays, "_test", path) if "x_test" in arrays else None
        return _split_data(Parts(whole, test), split)
    return _split_data(parts(whole, arguments, _read_test), split)


def _read_test(path: Path) -> Part:
    arrays = read_npz(path)
    return _pair(arrays, "_test" if "x_test" in arrays else "", path)


def load_idx(arguments: dict[str, Value], split: str) -> Data:
    """The split of IDX files: images and labels, and those to test with, or a share."""
    path, labels = Path(str(arguments["path"])), Path(str(arguments["labels"]))

    def read_test(images: Path) -> Part:
        return _read_images(images, Path(str(arguments["test_labels"])))

    return _split_data(parts(_read_images(path, labels), arguments, read_test), split)


def _read_images(images: Path, labels: Path) -> Part:
    values, classes = read_idx(images), read_idx(labels)
    if values.ndim < 1 or len(values) != len(classes):
        raise damaged(images, f"has {len(values)} samples but {len(classes)} labels")
    return make_part(values, classes, images)


def _split_data(both: Parts, split: str) -> Data:
    values, labels, path = both.choose(split)
    return make_data(scaled(values, path), labels, path, both.classes)


def scaled(values: Array, path: Path) -> Array:
    """uint8 0..255 becomes 0..1, bool becomes spikes; other numbers stay, see `checked_values`."""
    if values.dtype == np.bool_:
        return values.astype(np.uint8)
    if values.dtype == np.uint8:
        return values / np.float32(255.0)
    if values.dtype.kind not in "iuf":
        raise damaged(path, f"holds values of type {values.dtype}; numbers are needed")
    return values


def _pair(arrays: dict[str, Array], ending: str, path: Path) -> Part:
    for name in (f"x{ending}", f"y{ending}"):
        if name not in arrays:
            known = ", ".join(arrays) or "nothing"
            way_out = "save it by numpy.savez(path, x=..., y=...)"
            raise damaged(path, f"has no array `{name}`, but {known}", way_out)
    values, labels = arrays[f"x{ending}"], arrays[f"y{ending}"]
    if labels.ndim != 1 or values.ndim < 2 or len(values) != len(labels):
        raise damaged(
            path,
            f"has x{ending} {values.shape} and y{ending} {labels.shape}; "
            "[samples, ...] and [samples] are needed",
        )
    return make_part(values, labels, path)


def read_npz(path: Path) -> dict[str, Array]:
    """The arrays of an archive; nothing in it is executed."""
    try:
        with zipfile.ZipFile(path) as archive:
            _refuse_bombs(archive, path)
        with np.load(path, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except OSError as error:
        raise unreadable(path, error) from error
    except DAMAGE as error:
        raise damaged(path, f"is not a NumPy archive: {error}") from error


def load_npy(path: Path) -> Data:
    """An array as a data set without labels: bool or uint8 of 0 and 1, [samples, steps, inputs],
    are spike trains, other numbers [samples, inputs] as those of an archive."""
    try:
        values = np.load(path, allow_pickle=False)
    except OSError as error:
        raise unreadable(path, error) from error
    except DAMAGE as error:
        raise damaged(path, f"is not a NumPy array: {error}") from error
    if not isinstance(values, np.ndarray):
        raise damaged(path, "is an archive; one array is needed", "save it by numpy.save(path, x)")
    are_trains = values.ndim == 3 and values.dtype == np.uint8
    if values.ndim not in (2, 3) or (are_trains and values.max(initial=0) > 1):
        way_out = "[samples, steps, inputs] of 0 and 1, or [samples, inputs] of numbers in 0..1"
        raise damaged(path, f"holds no inputs, but {list(values.shape)}", f"give {way_out}")
    values = values if are_trains else scaled(values, path)
    return make_data(values, np.zeros(len(values), np.int32), path)


# What zipfile and numpy raise on a file that is cut, flipped, encrypted or not theirs.
DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    ValueError,
    EOFError,
    KeyError,
    RuntimeError,
    SyntaxError,
    TypeError,
    MemoryError,
)


def _refuse_bombs(archive: zipfile.ZipFile, path: Path) -> None:
    size = sum(member.file_size for member in archive.infolist())
    if size > LIMIT:
        raise damaged(path, f"unpacks to {size} bytes; at most {LIMIT} are read")
