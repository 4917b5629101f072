"""What a data set gives, and how one that is damaged is refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from ...backends.artifact.storage import unreadable
from ...frontend.stored.unfit import Unfit
from ...ir.diagnostics import CompileError, Diagnostic
from ...ir.files import open_file
from ...ir.graph import Arguments
from ..host import memory_bytes

SPLITS = ("train", "test")
LIMIT = 2**33  # [bytes] of memory for the arrays of one file

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Data:
    """One split: `values` float32 [samples, ...] in 0..1, or uint8 spikes [samples, steps, ...];
    `labels` int32 [samples] in 0..classes-1, of which `occurring` occur in all of the data.
    `names` are the labels of the classes in the user's words, if those are not their numbers.
    `measured` is what the training part fixed, as arguments of the `data` line: with them, other
    samples are read as these were."""

    values: Array
    labels: Labels
    classes: int
    names: tuple[str, ...] = ()
    occurring: tuple[int, ...] = ()
    measured: Arguments = ()
    warnings: tuple[Diagnostic, ...] = ()

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def is_spikes(self) -> bool:
        """Whether the values are spike trains already."""
        return self.values.dtype == np.uint8

    def first(self, samples: int | None) -> Data:
        """The first `samples` of it, all if None."""
        return replace(self, values=self.values[:samples], labels=self.labels[:samples])


def room() -> int:
    """The memory [bytes] that the arrays of one file may take."""
    return min(LIMIT, memory_bytes())


def damaged(name: str | Path, problem: str, way_out: str = "") -> CompileError:
    """The diagnostic of a data file that is not what it should be."""
    return CompileError(Diagnostic("E061", f"`{name}` {problem}", help=way_out))


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """The user's file, open; CompileError(E063) if it cannot be read, E061 as `judged`."""
    try:
        file = open_file(path)
    except OSError as error:
        raise unreadable(path, error) from error
    with file, judged(path):
        yield file


@contextmanager
def judged(name: str | Path) -> Iterator[None]:
    """What is read inside and is not what it should be is CompileError(E061)."""
    try:
        yield
    except Unfit as error:
        raise CompileError(Diagnostic("E061", f"`{name}`: {error}", help=error.way_out)) from None


def make_data(values: Array, labels: Array, name: str | Path, classes: int | None = None) -> Data:
    """Data of checked shape and content; `classes` None counts them from the labels."""
    whole = checked_labels(labels, name)
    if len(values) != len(whole):
        raise damaged(name, f"has {len(values)} samples but {len(whole)} labels")
    if not len(whole):
        raise damaged(name, "holds no samples")
    found = int(whole.max()) + 1
    if classes is not None and found > classes:
        raise damaged(name, f"has the label {found - 1}, but labels end at {classes - 1}")
    checked, occurring = checked_values(values, name), tuple(map(int, np.unique(whole)))
    data = Data(checked, whole, found if classes is None else classes, occurring=occurring)
    nothing = _nothing(data)
    warning = Diagnostic("W060", f"`{name}` {nothing}", help="is this the file that you mean?")
    return replace(data, warnings=(warning,) if nothing else ())


def _nothing(data: Data) -> str:
    """Why inputs that show these values tell nothing; "" if they tell something."""
    if not data.values.any():
        return "gives 0 to all inputs, so none spikes for its sake"
    first, has_classes = data.values[0], len(data.occurring) > 1
    if has_classes and all(np.array_equal(first, other) for other in data.values[1:]):
        return "gives the same values to all samples, whatever their labels"
    return ""


def checked_values(values: Array, name: str | Path) -> Array:
    """The values as float32 or spikes; refuses, with its place, what is not a number in 0..1."""
    if values.ndim < 2:
        raise damaged(name, f"has values of {values.ndim} axes; samples and features are needed")
    if not values[:1].size:
        shape = list(values.shape)
        raise damaged(name, f"has samples without values: its shape is {shape}")
    if values.dtype == np.uint8:
        return np.ascontiguousarray(values)
    # A comparison with NaN is false.
    good = (values >= 0) & (values <= 1)
    if not good.all():
        raise _bad_value(values, tuple(int(k) for k in np.argwhere(~good)[0]), name)
    return np.ascontiguousarray(values, dtype=np.float32)


def _bad_value(values: Array, place: tuple[int, ...], name: str | Path) -> CompileError:
    sample, *within = place
    where = f"column {within[0]}" if len(within) == 1 else f"place {within}"
    problem = f"has the value {values[place]:g} in sample {sample}, {where} (both from 0)"
    if not np.isfinite(values[place]):
        return damaged(name, problem, "leave the sample out, or give it a number in 0..1")
    return damaged(name, problem, "values are in 0..1, or uint8 0..255")


def checked_labels(labels: Array, name: str | Path, rows: Array | None = None) -> Labels:
    """The labels as int32 [samples]; refuses fractions, negatives and huge ones. `rows` are their
    samples in the file, all if None."""
    if labels.ndim != 1 or labels.dtype.kind not in "biuf":
        raise _no_numbers(labels, name)
    good = np.isfinite(labels) & (labels >= 0) & (labels < 2**31 - 1)
    good &= labels == np.floor(labels)
    if not good.all():
        bad = int(np.argmin(good))
        sample = bad if rows is None else rows[bad]
        problem = f"has the label {float(labels[bad]):.15g} in sample {sample} (from 0)"
        raise damaged(name, problem, NUMBER_CLASSES)
    return labels.astype(np.int32)


def _no_numbers(labels: Array, name: str | Path) -> CompileError:
    problem = "has labels that are not one whole number a sample"
    shown = f"shape {list(labels.shape)}"
    if labels.ndim == 1:
        first = repr(labels[0].item())[:40] if len(labels) else "none"
        shown = f"type {labels.dtype}, {first} in sample 0"
    return damaged(name, f"{problem}: {shown}", NUMBER_CLASSES)


NUMBER_CLASSES = "number the classes 0, 1, 2, …, or name the labels by `classes = […]`"
