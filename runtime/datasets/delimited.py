"""The user's own tables: text files of numbers separated by commas, a row a sample."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...ir.diagnostics import CompileError
from ...ir.graph import Value
from .data import Array, Data, checked_labels, damaged, make_data
from .idx import read_plain
from .split import parts

SCALES = ("auto", "min-max", "global", "none")


def load_csv(arguments: dict[str, Value], split: str) -> Data:
    """The split of a table: one column is the label, the others are scaled to 0..1."""
    path = Path(str(arguments["path"]))
    train, test = parts(read_table(path, arguments), arguments, lambda p: read_table(p, arguments))
    low, high = _range(train[0], str(arguments["scale"]), path)
    values, labels = train if split == "train" else test
    # A constant column has no width: it becomes 0.
    width = np.where(high > low, high - low, 1.0)
    scaled = np.clip((values - low) / width, 0.0, 1.0)
    classes = int(max(train[1].max(initial=0), test[1].max(initial=0))) + 1
    return make_data(scaled.astype(np.float32), labels, path, classes)


def _range(values: Array, scale: str, path: Path) -> tuple[Array, Array]:
    # [columns] lowest and highest; taken from the training part alone.
    columns = values.shape[1]
    inside = bool(len(values)) and values.min() >= 0.0 and values.max() <= 1.0
    if scale == "none" and not inside:
        raise damaged(path, "has values outside 0..1", 'leave out `scale = "none"`')
    if scale == "none" or (scale == "auto" and inside):
        return np.zeros(columns), np.ones(columns)
    if scale == "global":
        return np.full(columns, values.min()), np.full(columns, values.max())
    return values.min(axis=0), values.max(axis=0)


def read_table(path: Path, arguments: dict[str, Value]) -> tuple[Array, Array]:
    """Values float64 [rows, columns - 1] and labels [rows] of a table."""
    try:
        text = read_plain(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise damaged(path, f"is not text: byte {error.start} is not UTF-8") from error
    lines = [(k, line) for k, line in enumerate(text.splitlines(), 1) if line.strip()]
    header = _header(lines, str(arguments["header"]))
    numbers = _numbers(lines[header is not None :], path)
    column = _label_column(str(arguments["label"]), header, numbers.shape[1], path)
    labels = checked_labels(numbers[:, column], path)
    return np.delete(numbers, column, axis=1), labels


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
