"""The user's own arrays: NumPy archives and IDX files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ...frontend.stored.arrays import Accept, Header, read_npy, require_memory, within
from ...frontend.stored.arrays import read_npz as read_archive
from ...frontend.stored.unfit import Unfit
from ...ir.graph import Arguments, Value
from ...ir.report import listing
from ...ir.sources import MOST_COUNT
from .arguments import COUNTS
from .data import Array, Data, damaged, make_data, opened, room
from .idx import read_idx
from .labels import AUTO, plain_labels
from .scale import given_range, is_given, refuse_outside
from .split import Part, Parts, parts

ENDINGS = ("_train", "", "_test")  # of the names of arrays, in the order of preference
NAMES = tuple(f"{letter}{ending}" for ending in ENDINGS for letter in "xy")
HALF = 127  # what the values of an image in bytes go beyond
SAY = "say the range that becomes 0..1: `low = …, high = …`"


def load_npz(arguments: dict[str, Value], split: str) -> Data:
    """The split of an archive of `x`, `y`, or of `x_train`, `y_train`, `x_test`, `y_test`."""
    return _data(_archive(arguments, split), arguments, split)


def load_idx(arguments: dict[str, Value], split: str) -> Data:
    """The split of IDX files: images and labels, and those to test with, or a share."""
    return _data(_images(arguments), arguments, split)


def measure_npz(arguments: dict[str, Value]) -> Arguments:
    """What the training part of an archive fixes, as arguments: its range and its classes."""
    return _measured(arguments, lambda given: _archive(given, "train"))


def measure_idx(arguments: dict[str, Value]) -> Arguments:
    """As `measure_npz`, of IDX files."""
    return _measured(arguments, _images)


def _archive(arguments: dict[str, Value], split: str) -> Parts:
    path, named = Path(str(arguments["path"])), str(arguments["test"])
    is_own_test = Path(named) == path
    arrays = read_npz(path)
    whole = _pair(arrays, _ending(arrays), path)
    if "x_train" in arrays and (not named or is_own_test):
        return Parts(whole, _pair(arrays, "_test", path) if "x_test" in arrays else None)
    if _ending(arrays) != "_test" or is_own_test:
        return parts(whole, arguments, _read_test)
    if split == "test" and not named:
        return Parts(whole, whole)
    way_out = "name it by `test` beside a file to train with"
    raise damaged(path, "has x_test and y_test alone, nothing to train with", way_out)


def _ending(arrays: dict[str, Array]) -> str:
    return next((ending for ending in ENDINGS if f"x{ending}" in arrays), "")


def _read_test(path: Path) -> Part:
    arrays = read_npz(path)
    return _pair(arrays, "_test" if "x_test" in arrays else "", path)


def _images(arguments: dict[str, Value]) -> Parts:
    path, labels = Path(str(arguments["path"])), Path(str(arguments["labels"]))
    is_transposed = bool(arguments["transposed"])

    def read_test(images: Path) -> Part:
        return _read_images(images, Path(str(arguments["test_labels"])), is_transposed)

    return parts(_read_images(path, labels, is_transposed), arguments, read_test)


def _read_images(images: Path, labels: Path, is_transposed: bool) -> Part:
    """`is_transposed`: columns come before rows, as in EMNIST (Cohen et al. 2017)."""
    values, classes = read_idx(images), read_idx(labels)
    if is_transposed and values.ndim < 3:
        problem = f"has values of {values.ndim} axes, and none to transpose"
        raise damaged(images, problem, "leave `transposed` out")
    if is_transposed:
        values = np.ascontiguousarray(values.swapaxes(-1, -2))
    if values.ndim < 1 or len(values) != len(classes):
        raise damaged(images, f"has {len(values)} samples but {len(classes)} labels")
    return Part(values, classes, images)


def _data(both: Parts, arguments: dict[str, Value], split: str) -> Data:
    ends = _ends(both.train, arguments)
    scaled = _counts if _are_counts(arguments) else lambda part: _scaled(part, ends)
    data = both.data(split, arguments["classes"], scaled)
    return replace(data, measured=(*_recorded(ends), *data.measured))


def _measured(arguments: dict[str, Value], read: Callable[[dict[str, Value]], Parts]) -> Arguments:
    if arguments["classes"] != AUTO:
        # As a training records them, beside the range if there was one to find.
        return ()
    both = read(arguments)
    classes = both.classes(AUTO)
    return (*_recorded(_ends(both.train, arguments)), ("classes", classes.recorded))


Ends = tuple[Array, Array] | None  # the values that become 0 and 1; None: as they are


def _recorded(ends: Ends) -> Arguments:
    if ends is None:
        return ()
    low, high = ends
    return (("low", _plain(low)), ("high", _plain(high)))


def _plain(end: Array) -> Value:
    return tuple(end.tolist()) if end.ndim else float(end)


def _ends(train: Part, arguments: dict[str, Value]) -> Ends:
    """The range of the values, as it is given, or of bytes as the training part shows it."""
    if is_given(arguments):
        return given_range(arguments, train)
    if _are_counts(arguments):
        return None
    return _of_bytes(train, "say which value is 1, by `low = 0, high = {0}` or `high = 255`")


def _are_counts(arguments: dict[str, Value]) -> bool:
    """Whether the values are how many spikes there are, whatever range bytes have."""
    return bool(arguments.get(COUNTS, False)) and not is_given(arguments)


def _counts(part: Part) -> Array:
    """The values as counts of spikes, uint8; CompileError(E061) for what is none."""
    values, way_out = part.values, f"counts are whole numbers, 0 to {MOST_COUNT}"
    if values.dtype.kind not in "biuf" or values.ndim < 3:
        problem = f"holds {values.dtype} {list(values.shape)}, and the network takes counts"
        raise damaged(part.path, problem, "give [samples, steps, neurons] of whole numbers")
    refuse_outside(part, 0.0, MOST_COUNT, way_out)
    broken = np.argwhere(values % 1 != 0)
    if len(broken):
        sample, *within = (int(k) for k in broken[0])
        problem = f"has the value {values[sample, *within]:g} in sample {sample}, place {within}"
        raise damaged(part.path, f"{problem} (from 0)", way_out)
    return values.astype(np.uint8)


def _of_bytes(part: Part, way_out: str) -> Ends:
    """0..255 for uint8; CompileError(E061) where they end far below."""
    most = int(part.values.max(initial=0)) if part.values.dtype == np.uint8 else 0
    if most <= 1:
        return None
    if most <= HALF:
        problem = f"has uint8 values that end at {most}, which are no shares of 255"
        raise damaged(part.path, problem, way_out.format(most) + _or_counts(part.values))
    return np.array(0.0), np.array(255.0)


def _or_counts(values: Array) -> str:
    """What to do besides, if bytes are spikes of which there are several in a step."""
    if values.ndim < 3 or not values.size:
        return ""
    return f"; of counts of spikes, write `encode spikes(duration = …, most = {values.max()})`"


def _scaled(part: Part, ends: Ends, way_out: str = SAY) -> Array:
    """The values in 0..1, float32, or bool as spikes."""
    values = part.values
    if values.dtype == np.bool_:
        return values.astype(np.uint8)
    if values.dtype.kind not in "iuf":
        raise damaged(part.path, f"holds values of type {values.dtype}; numbers are needed")
    low, high = (0.0, 1.0) if ends is None else ends
    refuse_outside(part, low, high, way_out)
    if ends is None:
        return values.astype(np.float32)
    # float32 where it holds the values exactly; a quotient of such is rounded once either way.
    exact = np.result_type(values.dtype, np.float32)
    width = np.where(high > low, np.subtract(high, low), 1.0).astype(exact)
    shares: Array = (values.astype(exact) - np.asarray(low, exact)) / width
    return shares.astype(np.float32, copy=False)


def _pair(arrays: dict[str, Array], ending: str, path: Path) -> Part:
    for name in (f"x{ending}", f"y{ending}"):
        if name not in arrays:
            raise damaged(path, f"has no array `{name}`, but {listing(arrays)}", SAVE)
    values, labels = arrays[f"x{ending}"], arrays[f"y{ending}"]
    if labels.ndim != 1 or values.ndim < 2 or len(values) != len(labels):
        problem = (
            f"has x{ending} {values.shape} and y{ending} {labels.shape}; "
            "[samples, ...] and [samples] are needed"
        )
        way_out = "write `y.argmax(axis = 1)` of one-hot labels, `y.ravel()` of a column"
        raise damaged(path, problem, way_out if labels.ndim == 2 else "")
    return Part(values, plain_labels(labels), path)


def read_npz(path: Path) -> dict[str, Array]:
    """The arrays of an archive that data are read from; nothing in it is executed."""
    with opened(path) as file:
        return read_archive(file, _read, _together())


def _read(names: Sequence[str]) -> list[str]:
    """Those of an archive's arrays that data are read from."""
    if not {*NAMES} & {*names}:
        raise Unfit(f"it has no array `x`, but {listing(names) or 'none at all'}", SAVE)
    return [name for name in NAMES if name in names]


SAVE = "save it by numpy.savez(path, x=..., y=...)"


def _together() -> Accept:
    """Accepts arrays as long as all of them fit into memory together."""
    left = room()

    def accept(header: Header) -> None:
        nonlocal left
        require_memory(header, left)
        left -= header.memory

    return accept


def load_npy(path: Path, has_range: bool = True, counts: bool = False) -> Data:
    """An array as a data set without labels: bool or uint8 of 0 and 1, [samples, steps, inputs],
    are spike trains, where there may be `counts` also of whole numbers; other numbers [samples,
    inputs] as those of an archive, or, without a range, any that are finite."""
    with opened(path) as file:
        return inputs_of(read_npy(file, within(room())), path, has_range, counts)


def inputs_of(values: Array, path: Path, has_range: bool = True, counts: bool = False) -> Data:
    """The same of an array; `path` is what mistakes call it."""
    if counts:
        part = Part(values, np.zeros(len(values), np.int32), path)
        return make_data(_counts(part), part.labels, path)
    if not has_range and values.ndim == 2 and values.size and values.dtype.kind in "if":
        return _as_they_are(values, path)
    are_trains = values.ndim == 3 and values.dtype == np.uint8
    if values.ndim not in (2, 3) or (are_trains and values.max(initial=0) > 1):
        way_out = "[samples, steps, inputs] of 0 and 1, or [samples, inputs] of numbers in 0..1"
        way_out = f"give {way_out}{_or_counts(values)}"
        raise damaged(path, f"holds no inputs, but {list(values.shape)}", way_out)
    part = Part(values, np.zeros(len(values), np.int32), path)
    ends = None if are_trains else _of_bytes(part, GIVE)
    return make_data(values if are_trains else _scaled(part, ends, GIVE), part.labels, path)


def _as_they_are(values: Array, path: Path) -> Data:
    with np.errstate(over="ignore"):
        numbers = values.astype(np.float32)
    if not np.isfinite(numbers).all():
        sample, column = (int(k) for k in np.argwhere(~np.isfinite(numbers))[0])
        problem = f"has the value {values[sample, column]:g} in sample {sample}, column {column}"
        raise damaged(path, f"{problem} (from 0)", "give finite numbers below 3.4e38")
    return Data(numbers, np.zeros(len(numbers), np.int32), 1, occurring=(0,))


GIVE = "give numbers in 0..1, or uint8 0..255"
