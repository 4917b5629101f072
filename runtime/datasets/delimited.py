"""The user's own tables: text files of numbers separated by commas, a row a sample."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from ...ir.diagnostics import CompileError, Diagnostic
from ...ir.graph import Arguments, Value
from .data import Array, Data, damaged, make_data
from .idx import read_plain
from .split import Part, Parts, make_part, parts

SCALES = ("auto", "min-max", "global", "none")


def load_csv(arguments: dict[str, Value], split: str) -> Data:
    """The split of a table: one column is the label, the others are scaled to 0..1."""
    both = _read(arguments)
    values, labels, path = both.choose(split)
    low, high = _range(both.train, arguments)
    if _is_unscaled(arguments):
        _refuse_outside(values, path)
    # A constant column has no width: it becomes 0.
    width = np.where(high > low, high - low, 1.0)
    scaled = np.clip((values - low) / width, 0.0, 1.0).astype(np.float32)
    data = make_data(scaled, labels, path, both.classes)
    return replace(data, measured=_recorded(low, high, arguments))


def measure_csv(arguments: dict[str, Value]) -> Arguments:
    """The range of a table's training part, as arguments for tables that are to be read alike."""
    if _is_unscaled(arguments):
        return ()
    return _recorded(*_range(_read(arguments).train, arguments), arguments)


def _is_given(arguments: dict[str, Value]) -> bool:
    return arguments["low"] != () or arguments["high"] != ()


def _is_unscaled(arguments: dict[str, Value]) -> bool:
    return arguments["scale"] == "none" and not _is_given(arguments)


def _read(arguments: dict[str, Value]) -> Parts:
    whole = read_table(Path(str(arguments["path"])), arguments)
    both = parts(whole, arguments, lambda path: read_table(path, arguments))
    if both.test is None:
        return both
    found, wanted = both.test.values.shape[1], both.train.values.shape[1]
    if found != wanted:
        problem = f"has {found} columns of values where `{whole.path}` has {wanted}"
        raise damaged(both.test.path, problem)
    return both


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
    if _is_given(arguments):
        return _given_range(arguments, train)
    inside = values.min() >= 0.0 and values.max() <= 1.0
    if scale == "none" or (scale == "auto" and inside):
        return np.zeros(columns), np.ones(columns)
    if scale == "global":
        return np.full(columns, values.min()), np.full(columns, values.max())
    return values.min(axis=0), values.max(axis=0)


def _given_range(arguments: dict[str, Value], train: Part) -> tuple[Array, Array]:
    low, high = (_end(arguments[name], name, train) for name in ("low", "high"))
    if (high < low).any():
        column = int(np.argmax(high < low))
        message = f"`high` of `csv` is below `low` in column {column} (from 0)"
        raise CompileError(Diagnostic("E022", message))
    return low, high


def _end(value: Value, name: str, train: Part) -> Array:
    columns = train.values.shape[1]
    ends = np.asarray(value, np.float64)
    if ends.size == 0:
        other = "high" if name == "low" else "low"
        message = f"`csv` has `{other}` but no `{name}`"
        raise CompileError(Diagnostic("E013", message, help="give both ends of the range"))
    if ends.ndim and len(ends) != columns:
        problem = f"has {columns} columns of values, but `{name}` has {len(ends)} numbers"
        raise damaged(train.path, problem)
    return np.broadcast_to(ends, (columns,))


def _refuse_outside(values: Array, path: Path) -> None:
    outside = (values < 0.0) | (values > 1.0)
    if outside.any():
        sample, column = (int(k) for k in np.argwhere(outside)[0])
        where = f"in sample {sample}, column {column} of the values (both from 0)"
        problem = f"has the value {values[sample, column]:g} {where}, outside 0..1"
        raise damaged(path, problem, OUTSIDE)


OUTSIDE = (
    'say how it is scaled, as `csv(path = "…", low = 0, high = 100)` by a range, or by '
    '`scale = "min-max"` or "global" by its own'
)
# What a package keeps beside its weights; the range of a wider table is measured anew.
COLUMNS_RECORDED = 100_000


def read_table(path: Path, arguments: dict[str, Value]) -> Part:
    """Values float64 [rows, columns - 1] and labels [rows] of a table."""
    try:
        text = read_plain(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise damaged(path, f"is not text: byte {error.start} is not UTF-8") from error
    lines = [(k, line) for k, line in enumerate(text.splitlines(), 1) if line.strip()]
    header = _header(lines, str(arguments["header"]))
    numbers = _numbers(lines[header is not None :], path)
    column = _label_column(str(arguments["label"]), header, numbers.shape[1], path)
    return make_part(np.delete(numbers, column, axis=1), numbers[:, column], path)


def _header(lines: list[tuple[int, str]], wanted: str) -> list[str] | None:
    if not lines or wanted == "no":
        return None
    cells = [cell.strip().strip('"') for cell in lines[0][1].split(",")]
    if wanted == "yes" or any(_number(cell) is None for cell in cells):
        return cells
    return None


def _numbers(lines: list[tuple[int, str]], path: Path) -> Array:
    if not lines:
        raise damaged(path, "holds no samples")
    columns = lines[0][1].count(",") + 1
    for number, line in lines:
        if line.count(",") + 1 != columns:
            found = line.count(",") + 1
            raise damaged(
                f"{path}:{number}", f"has {found} columns where line {lines[0][0]} has {columns}"
            )
    if columns < 2:
        raise damaged(path, "has one column; a label and at least one value are needed")
    try:
        table = np.loadtxt([line for _, line in lines], delimiter=",", comments=None, ndmin=2)
    except ValueError:
        raise _bad_cell(lines, path) from None
    if not np.isfinite(table).all():
        raise _bad_cell(lines, path)
    return np.asarray(table)


def _bad_cell(lines: list[tuple[int, str]], path: Path) -> CompileError:
    for number, line in lines:
        for column, cell in enumerate(line.split(","), 1):
            value = _number(cell)
            if value is None or not np.isfinite(value):
                return damaged(
                    f"{path}:{number}",
                    f"has `{cell.strip()[:40]}` in column {column}, which is not a number",
                )
    return damaged(path, "holds something that is not a number")


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None


def _label_column(label: str, header: list[str] | None, columns: int, path: Path) -> int:
    if label == "last":
        return columns - 1
    if header is not None and label in header:
        return header.index(label)
    if label.lstrip("-").isdigit() and -columns <= int(label) < columns:
        return int(label) % columns
    known = "" if header is None else f", or one of {', '.join(header[:20])}"
    raise damaged(path, f"has no column `{label}`", f"give `last`, a number from 0{known}")
