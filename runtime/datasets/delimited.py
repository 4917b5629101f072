"""The user's own tables: text files of cells, a row a sample."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from ...ir.graph import Arguments, Value
from .data import Array, Data, damaged
from .labels import AUTO
from .rows import read_table
from .scale import given_range, is_given, refuse_outside
from .split import Part, Parts, parts

SCALES = ("auto", "min-max", "global", "none")


def load_csv(arguments: dict[str, Value], split: str) -> Data:
    """The split of a table: one column is the label, the others are scaled to 0..1."""
    both = _read(arguments)
    low, high = _range(both.train, arguments)

    def scaled(part: Part) -> Array:
        if _is_unscaled(arguments):
            refuse_outside(part, 0.0, 1.0, OUTSIDE)
        # A constant column has no width: it becomes 0.
        width = np.where(high > low, high - low, 1.0)
        return np.clip((part.values - low) / width, 0.0, 1.0).astype(np.float32)

    data = both.data(split, arguments["classes"], scaled)
    return replace(data, measured=(*_recorded(low, high, arguments), *data.measured))


def measure_csv(arguments: dict[str, Value]) -> Arguments:
    """The range and the classes of a table's training part, as arguments for tables that are to be
    read alike."""
    has_range = is_given(arguments) or _is_unscaled(arguments)
    if has_range and arguments["classes"] != AUTO:
        return ()
    both = _read(arguments)
    classes = (("classes", both.classes(arguments["classes"]).recorded),)
    return (*_recorded(*_range(both.train, arguments), arguments), *classes)


def _is_unscaled(arguments: dict[str, Value]) -> bool:
    return arguments["scale"] == "none" and not is_given(arguments)


def _read(arguments: dict[str, Value]) -> Parts:
    whole = read_table(Path(str(arguments["path"])), arguments)
    both = parts(whole, arguments, lambda path: read_table(path, arguments))
    if both.test is not None:
        _require_alike(whole, both.test)
    return both


def _require_alike(whole: Part, test: Part) -> None:
    found, wanted = test.values.shape[1], whole.values.shape[1]
    if found != wanted:
        problem = f"has {found} columns of values where `{whole.path}` has {wanted}"
        raise damaged(test.path, problem)
    first, second = (part.columns.of_values() if part.columns else () for part in (whole, test))
    if first and second and first != second:
        wanted_name, name = next(
            pair for pair in zip(first, second, strict=True) if len({*pair}) > 1
        )
        problem = f"has a column `{name}` where `{whole.path}` has `{wanted_name}`"
        raise damaged(test.path, problem, "give both the same columns in the same order")


def _recorded(low: Array, high: Array, arguments: dict[str, Value]) -> Arguments:
    if _is_unscaled(arguments) or len(low) > COLUMNS_RECORDED:
        return ()
    return (("low", _plain(low)), ("high", _plain(high)))


def _plain(ends: Array) -> Value:
    first, *rest = ends.tolist()
    return float(first) if all(end == first for end in rest) else (first, *rest)


def _range(train: Part, arguments: dict[str, Value]) -> tuple[Array, Array]:
    # [columns] lowest and highest; measured in the training part alone.
    scale, values = arguments["scale"], train.values
    columns = values.shape[1]
    if is_given(arguments):
        return given_range(arguments, train)
    inside = values.min() >= 0.0 and values.max() <= 1.0
    if scale == "none" or (scale == "auto" and inside):
        return np.zeros(columns), np.ones(columns)
    if scale == "global":
        return np.full(columns, values.min()), np.full(columns, values.max())
    return values.min(axis=0), values.max(axis=0)


OUTSIDE = (
    'say how it is scaled, as `csv(path = "…", low = 0, high = 100)` by a range, or by '
    '`scale = "min-max"` or "global" by its own'
)
# What a package keeps beside its weights; the range of a wider table is measured anew.
COLUMNS_RECORDED = 100_000
