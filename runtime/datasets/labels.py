"""Labels of any kind as the numbers of classes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ...frontend.stored.text import number_of
from ...ir.diagnostics import CompileError, Diagnostic
from ...ir.graph import Value
from ...ir.report import listing
from .data import Array, Labels, checked_labels, damaged

AUTO, NUMBERS = "auto", "numbers"


class Classes(NamedTuple):
    """The labels that there are, in the order of their classes; `names` is empty where a label is
    the number of its class. `occurring` are the numbers of those of which there are samples."""

    names: tuple[Value, ...]
    number: int
    occurring: tuple[int, ...]

    @property
    def recorded(self) -> Value:
        """Them as the argument `classes`: with it other labels mean the same."""
        return self.names or NUMBERS

    def gaps(self, path: Path) -> tuple[Diagnostic, ...]:
        """W060 where a class has no sample, or all samples have one class."""
        if len(self.occurring) == 1:
            label = self.names[0] if self.names else self.occurring[0]
            message = f"all samples of `{path}` have the label `{label}`"
            way_out = "there is nothing to tell apart; is this the file that you mean?"
            return (Diagnostic("W060", message, help=way_out),)
        if len(self.occurring) == self.number:
            return ()
        missing = next(k for k, found in enumerate((*self.occurring, -1)) if k != found)
        labels = listing(map(str, self.occurring), most=6)
        message = f"`{path}` has no sample of class {missing}: its labels are {labels}"
        way_out = f"if those are all classes there are, say {naming(self.occurring)}"
        return (Diagnostic("W060", message, help=way_out),)


class Labelled(NamedTuple):
    """Labels as a file has them; `rows` are their samples in the file, all of them if None."""

    labels: Array
    path: Path
    rows: Array | None = None


def naming(occurring: Sequence[int]) -> str:
    """The argument `classes` that numbers these labels from 0."""
    few = ", ".join(map(str, occurring[:20]))
    return f"`classes = [{few}{', …' if len(occurring) > 20 else ''}]`"


def plain_labels(labels: Array) -> Array:
    """Labels of an array: texts where some of them are no numbers, else numbers."""
    if labels.dtype.kind == "S":
        labels = np.char.decode(labels, "utf-8", "replace")
    if labels.dtype.kind != "U":
        return labels
    numbers = [number_of(label) for label in np.unique(labels).tolist()]
    return labels if None in numbers else labels.astype(np.float64)


def classes_of(named: Value, parts: Sequence[Labelled]) -> Classes:
    """The classes of all labels of a data set, where `named` is the argument `classes`.

    "auto" takes texts in the order of the alphabet, and numbers as they are.
    """
    if isinstance(named, tuple):
        return _named(named)
    distinct = [np.unique(part.labels) for part in parts]
    if named == AUTO and all(labels.dtype.kind == "U" for labels in distinct):
        return _named(tuple(sorted({str(k) for labels in distinct for k in labels})))
    found = [np.unique(checked_labels(*part)) for part in parts]
    occurring = tuple(int(k) for k in np.unique(np.concatenate(found)))
    return Classes((), occurring[-1] + 1 if occurring else 0, occurring)


def _named(names: tuple[Value, ...]) -> Classes:
    if len({_key(name) for name in names}) != len(names):
        message = "`classes` names a label twice"
        raise CompileError(Diagnostic("E022", message, help="name each label once"))
    return Classes(names, len(names), tuple(range(len(names))))


def numbered(part: Labelled, classes: Classes) -> Labels:
    """The class of every label, int32 [samples]; CompileError(E061) where one has none."""
    if not classes.names:
        return checked_labels(*part)
    known = {_key(name): k for k, name in enumerate(classes.names)}
    distinct, places = np.unique(part.labels, return_inverse=True)
    found = np.array([known.get(_key(label.item()), -1) for label in distinct], np.int32)
    numbers: Labels = found[places.reshape(part.labels.shape)]
    if len(numbers) and numbers.min() < 0:
        bad = int(np.argmin(numbers))
        sample = bad if part.rows is None else part.rows[bad]
        label = _shown(part.labels[bad])
        problem = f"has the label `{label}` in sample {sample} (from 0), which is none of"
        way_out = "name all labels by `classes = […]`, or leave the sample out"
        known_names = listing(map(str, classes.names))
        raise damaged(part.path, f"{problem} the classes {known_names}", way_out)
    return numbers


def _shown(label: object) -> str:
    return f"{label:.15g}" if isinstance(label, float) else str(label)


def _key(label: object) -> object:
    """Labels that are the same number are the same label: 1, 1.0, "1"."""
    number = number_of(str(label))
    return str(label) if number is None else number
