"""Lines of one kind that stand together, aligned in columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

WIDEST = 100  # characters; what is wider takes no part in a column, or it would pad all lines of it


class Line(NamedTuple):
    """A line of code: its cells, each with the space before it, and the comment at its end.

    Neighbouring lines of the same `kind` ("" for none) and indentation are aligned.
    """

    indent: int
    cells: tuple[tuple[str, str], ...] = ()
    comment: str = ""
    kind: str = ""

    @property
    def code(self) -> str:
        """The line without its comment."""
        body = "".join(space + text for space, text in self.cells)
        return " " * self.indent + body if body else ""


def align(lines: Iterable[Line]) -> list[str]:
    """The text of the lines, their columns and then their comments aligned."""
    aligned: list[Line] = []
    for (kind, _), group in groupby(lines, key=lambda line: (line.kind, line.indent)):
        block = list(group)
        aligned += _align_cells(block) if kind else block
    return _align_comments(aligned)


def _align_cells(block: Sequence[Line]) -> list[Line]:
    """Pad every cell that another follows to the width of its column."""
    rows = [[text for _, text in line.cells] for line in block]
    widths = [0] * max(len(row) for row in rows)
    for row in rows:
        for column, text in enumerate(row[:-1]):
            if len(text) <= WIDEST:
                widths[column] = max(widths[column], len(text))
    return [_padded(line, widths) for line in block]


def _padded(line: Line, widths: Sequence[int]) -> Line:
    last = len(line.cells) - 1
    cells = tuple(
        (space, text if column == last else text.ljust(width))
        for column, ((space, text), width) in enumerate(zip(line.cells, widths, strict=False))
    )
    return line._replace(cells=cells)


def _align_comments(lines: Sequence[Line]) -> list[str]:
    """The lines as text; comments that end neighbouring lines stand in one column."""
    texts: list[str] = []
    for has_comment, group in groupby(lines, key=lambda line: bool(line.comment and line.cells)):
        block = list(group)
        codes = [len(line.code) for line in block] if has_comment else []
        width = max((size for size in codes if size <= WIDEST), default=0)
        texts += [_with_comment(line, width) for line in block]
    return texts


def _with_comment(line: Line, width: int) -> str:
    if not line.cells:
        return " " * line.indent + line.comment if line.comment else ""
    if not line.comment:
        return line.code
    return f"{line.code.ljust(width)}  {line.comment}"
