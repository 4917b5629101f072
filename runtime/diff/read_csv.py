"""Spike logs that are tables: a line `sample,step,population,neuron` each spike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ...frontend.stored.text import (
    Line,
    blocks,
    cells_of,
    number_of,
    read_lines,
    require_width,
    separator_of,
)
from ...frontend.stored.unfit import Unfit
from ...ir.graph import MOST_NEURONS
from ...ir.report import nearest
from ..datasets.data import room
from .log import COLUMNS, FROM_0, Log, Rows, opened_log, ordered

HEADER = ("sample", "step", "population", "neuron")
MOST = MOST_NEURONS  # also of samples and of steps
MOST_POPULATIONS = 50_000
DIGITS = 9  # that are below MOST, whatever they are
ROW = 100  # [bytes] of memory for a spike until all are sorted


def read_csv_log(path: Path) -> Log:
    """The log; its rows may be in any order. CompileError(E063, E064) if it is none."""
    with opened_log(path) as file:
        lines = read_lines(file)
        first = next(lines, None)
        if first is None:
            raise Unfit("it is empty", HEADED)
        table = _Table(first, separator_of(first), room())
        table.require_header()
        for block in blocks(lines):
            table.add(block)
        return ordered(table.log(path))


HEADED = f"its first line is `{','.join(HEADER)}`, then comes a line a spike"


@dataclass(slots=True)
class _Table:
    """The spikes by blocks of lines; `left` is the memory [bytes] for further ones."""

    header: Line
    separator: str | None
    left: int
    names: dict[str, int] = field(default_factory=dict)
    rows: list[Rows] = field(default_factory=list)  # line, population, sample, step, neuron

    def require_header(self) -> None:
        """Unfit unless the first line names the columns."""
        found = cells_of(self.header, self.separator)
        if sorted(found) == sorted(HEADER):
            return
        line = f"line {self.header.number}"
        named = [cell for cell in found if number_of(cell) is None]
        if not named:
            raise Unfit(f"{line} has numbers in place of the columns' names", HEADED)
        lacking = next((name for name in HEADER if name not in found), None)
        if lacking is None:
            raise Unfit(f"{line} names a column that a log does not have, or one twice", HEADED)
        raise Unfit(f"{line} names no column `{lacking}`", nearest(lacking, found) or HEADED)

    def add(self, block: list[Line]) -> None:
        """Keep the spikes of some lines."""
        require_width(block, self.separator, self.header)
        self.left -= ROW * len(block)
        if self.left < 0:
            raise Unfit("it holds more spikes than fit into memory", "give a part of it")
        order = cells_of(self.header, self.separator)
        cells = dict(
            zip(order, zip(*(cells_of(x, self.separator) for x in block), strict=True), strict=True)
        )
        numbers = [_whole(cells[name], block, name) for name in COLUMNS]
        lines = np.array([line.number for line in block], np.int64)
        self.rows.append(np.stack([lines, self._populations(cells["population"], block), *numbers]))

    def _populations(self, cells: Sequence[str], block: list[Line]) -> Rows:
        for line, cell in zip(block, cells, strict=True):
            if not cell:
                raise Unfit(f"line {line.number} names no population", HEADED)
            self.names.setdefault(cell, len(self.names))
        if len(self.names) > MOST_POPULATIONS:
            raise Unfit(f"it names more than {MOST_POPULATIONS} populations")
        return np.array([self.names[cell] for cell in cells], np.int64)

    def log(self, path: Path) -> Log:
        """The spikes that were kept, by population."""
        lines, populations, *numbers = np.concatenate([np.zeros((5, 0), np.int64), *self.rows], 1)
        order = np.argsort(populations, kind="stable")
        bounds = np.searchsorted(populations[order], np.arange(len(self.names) + 1))
        spikes = np.stack(numbers, axis=1)
        own = {n: order[bounds[k] : bounds[k + 1]] for n, k in self.names.items()}
        return Log(
            path,
            {name: spikes[rows] for name, rows in own.items()},
            {name: lines[rows] for name, rows in own.items()},
            dict.fromkeys(self.names),
            is_table=True,
        )


def _whole(cells: Sequence[str], block: list[Line], name: str) -> Rows:
    """The cells of a column as whole numbers from 0."""
    if all(cell.isdigit() and cell.isascii() and len(cell) <= DIGITS for cell in cells):
        return np.array(list(map(int, cells)), np.int64)
    found = [_number(cell, line, name) for cell, line in zip(cells, block, strict=True)]
    return np.array(found, np.int64)


def _number(cell: str, line: Line, name: str) -> int:
    number = number_of(cell)
    where = f"line {line.number} has the {name} `{cell[:40]}`"
    if number is None:
        raise Unfit(f"{where}, which is no number", FROM_0)
    if number < 0:
        raise Unfit(f"{where}, which is negative", FROM_0)
    if not number < MOST:  # infinite or none, too
        raise Unfit(f"{where}; none is {MOST} or beyond", FROM_0)
    if number != int(number):
        raise Unfit(f"{where}, which is not whole", FROM_0)
    return int(number)
