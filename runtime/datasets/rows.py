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
from ...ir.diagnostics import Diagnostic
from ...ir.graph import Value
from .columns import INDEX_NAMES, Columns, columns_of, require_other_labels
from .data import Array, damaged, opened, room
from .split import Part

CELL = 24  # [bytes] of memory for a number while it is scaled
MOST_LABEL = 100  # characters
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
        table = _Table(separator, first, columns, room())
        for block in blocks(rest):
            table.add(block)
    if not table.values:
        raise damaged(path, "has a line of names and no samples")
    values = np.concatenate(table.values)
    labels = np.concatenate(table.labels)
    if arguments["header"] == "auto":
        require_other_labels(columns, labels, path)
    return Part(values, labels, path, columns, _counters(values, columns, path))


@dataclass(slots=True)
class _Table:
    """The cells of a table that are kept, by blocks of lines; `left` is the memory [bytes] for
    further ones."""

    separator: str | None
    first: Line
    columns: Columns
    left: int
    values: list[Array] = field(default_factory=list)
    labels: list[Array] = field(default_factory=list)  # of a block all numbers, or all texts

    def add(self, block: list[Line]) -> None:
        """Keep the cells of some lines; Unfit where they do not fit."""
        require_width(block, self.separator, self.first)
        values, labels = self._cells(block)
        if self.labels and labels.dtype.kind != self.labels[0].dtype.kind:
            raise self._mixed(block[0])
        self.left -= values.size * CELL + labels.nbytes
        if self.left < 0:
            raise Unfit("it holds more numbers than fit into memory", "give a part of it")
        self.values.append(values)
        self.labels.append(labels)

    def _cells(self, block: list[Line]) -> tuple[Array, Array]:
        columns = self.columns
        if not self.labels or self.labels[0].dtype.kind == "f":
            try:
                wanted = (*columns.values, columns.label)
                table = numbers_of(block, self.separator, wanted, columns.called)
                return table[:, :-1], table[:, -1]
            except Unfit:
                pass  # a label may be a text; another mistake is met again
        values = numbers_of(block, self.separator, columns.values, columns.called)
        return values, self._labels(block)

    def _labels(self, block: list[Line]) -> Array:
        cells = [cells_of(line, self.separator)[self.columns.label] for line in block]
        for line, cell in zip(block, cells, strict=True):
            if not 0 < len(cell) <= MOST_LABEL:
                where = (
                    f"line {line.number} has no label: {self.columns.called(self.columns.label)}"
                )
                what = f"has {len(cell)} characters" if cell else "is empty"
                raise Unfit(f"{where} {what}", "give the sample a label, or leave it out")
        numbers = [number_of(cell) for cell in cells]
        if None not in numbers:
            return np.array(numbers, np.float64)
        texts = [k for k, number in enumerate(numbers) if number is None]
        if len(texts) < len(numbers):
            raise self._mixed(block[texts[0]])
        return np.array(cells)

    def _mixed(self, line: Line) -> Unfit:
        """What is wrong with a line whose label is a text where others are numbers, or a number
        where they are texts."""
        label = self.columns.label
        cell = cells_of(line, self.separator)[label]
        others = "numbers" if number_of(cell) is None else "texts"
        way_out = "give all labels as numbers, or all as texts"
        if self.columns.names is None and line == self.first:
            way_out = f'if line {line.number} names the columns, say `header = "yes"`; {way_out}'
        where = f"line {line.number} has the label `{cell[:40]}` in {self.columns.called(label)}"
        return Unfit(f"{where}, and others are {others}", way_out)


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
