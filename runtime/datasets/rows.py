"""The rows of a table in a text file: values, labels, and what is odd about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import numpy as np

from ...frontend.stored.text import (
    Line,
    blocks,
    cells_of,
    number_of,
    numbers_of,
    read_lines,
    require_width,
    separator_of,
)
from ...frontend.stored.unfit import Unfit
from ...ir.diagnostics import CompileError, Diagnostic
from ...ir.graph import Value
from .columns import INDEX_NAMES, Columns, columns_of
from .data import Array, damaged, opened, room
from .split import Part

CELL = 24  # [bytes] of memory for a number while it is scaled
FEW = 10  # rows that a column with a name may count without a warning


def read_table(path: Path, arguments: dict[str, Value]) -> Part:
    """Values float64 [rows, columns of values] and labels [rows], numbers or texts, of a table."""
    with opened(path) as file:
        lines = read_lines(file)
        first = next(lines, None)
        if first is None:
            raise damaged(path, "holds no samples")
        separator = separator_of(first)
        columns = columns_of(cells_of(first, separator), arguments, path)
        rest = lines if columns.names is not None else chain([first], lines)
        table = _Table(separator, first, columns, room() // CELL)
        for block in blocks(rest):
            table.add(block)
    if not table.values:
        raise damaged(path, "has a line of names and no samples")
    return _part(table, columns, path)


@dataclass(slots=True)
class _Table:
    """The cells of a table that are kept; `left` is how many more there may be."""

    separator: str | None
    first: Line
    columns: Columns
    left: int
    values: list[Array] = field(default_factory=list)
    labels: list[tuple[int, str]] = field(default_factory=list)  # line and cell

    def add(self, block: list[Line]) -> None:
        """Keep the cells of some lines; Unfit where they do not fit."""
        require_width(block, self.separator, self.first)
        self.left -= len(block) * len(self.columns.values)
        if self.left < 0:
            raise Unfit("it holds more numbers than fit into memory", "give a part of it")
        columns = self.columns
        self.labels += [(k.number, cells_of(k, self.separator)[columns.label]) for k in block]
        self.values.append(numbers_of(block, self.separator, columns.values, columns.called))


def _part(table: _Table, columns: Columns, path: Path) -> Part:
    values = np.concatenate(table.values)
    labels = _labels(table.labels, columns, path)
    return Part(values, labels, path, columns, _counters(values, columns, path))


def _labels(cells: list[tuple[int, str]], columns: Columns, path: Path) -> Array:
    """The labels as numbers, or all of them as texts; CompileError(E061) for some of both."""
    for line, cell in cells:
        if not cell:
            problem = f"has no label: {columns.called(columns.label)} is empty"
            raise damaged(f"{path}:{line}", problem, "give the sample a label, or leave it out")
    numbers = [number_of(cell) for _, cell in cells]
    if all(number is not None for number in numbers):
        return np.array(numbers, np.float64)
    texts = [k for k, number in enumerate(numbers) if number is None]
    if len(texts) < len(numbers):
        raise _mixed(cells, texts, columns, path)
    return np.array([cell for _, cell in cells])


def _mixed(
    cells: list[tuple[int, str]], texts: list[int], columns: Columns, path: Path
) -> CompileError:
    line, cell = cells[texts[0]]
    problem = (
        f"has the label `{cell[:40]}` in {columns.called(columns.label)}, where other lines have "
        "numbers"
    )
    way_out = "give all labels as numbers, or all as texts"
    if texts == [0] and columns.names is None:
        way_out = f'if the line names the columns, say `header = "yes"`; {way_out}'
    return damaged(f"{path}:{line}", problem, way_out)


def _counters(values: Array, columns: Columns, path: Path) -> tuple[Diagnostic, ...]:
    """W060 for columns that only count the rows; CompileError(E061) for one without a name, which
    is the index of a table of pandas."""
    found = []
    rows = np.arange(len(values))
    for k, column in enumerate(columns.values):
        is_unnamed = columns.names is not None and columns.names[column] in INDEX_NAMES
        start = values[0, k]
        if start not in (0.0, 1.0) or len(rows) < (2 if is_unnamed else FEW):
            continue
        if not np.array_equal(values[:, k], rows + start):
            continue
        problem = f"counts the rows in {columns.called(column)}"
        leave = f"leave it out: `leave_out = {column}`"
        if is_unnamed:
            raise damaged(path, f"{problem}, which has no name", f"{leave}; or give it a name")
        found.append(Diagnostic("W060", f"`{path}` {problem}", help=leave))
    return tuple(found)
