"""The columns of a table: what its first line says of them, which is the label, which are left
out. Columns are counted from 0."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...frontend.stored.text import is_gap, number_of
from ...ir.graph import Value
from .data import Array, damaged

INDEX_NAMES = ("", "Unnamed: 0")  # of the column that pandas writes beside a table


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a table; `names` is None where it has no header."""

    names: tuple[str, ...] | None
    label: int
    values: tuple[int, ...]

    def called(self, column: int) -> str:
        """A column in the user's words."""
        name = "" if self.names is None else self.names[column]
        return f"column {column} (from 0{f', `{name}`' if name else ''})"

    def of_values(self) -> tuple[str, ...]:
        """The names of the columns of the values; none where there is no header."""
        return () if self.names is None else tuple(self.names[k] for k in self.values)


def columns_of(first: list[str], arguments: dict[str, Value], path: Path) -> Columns:
    """The columns of a table whose first line has these cells; CompileError(E061) where it cannot
    be told whether they are names, or where a column is named that there is not."""
    label, left_out = str(arguments["label"]), _items(arguments["leave_out"])
    if len(first) < 2:
        raise damaged(path, "has one column; a label and at least one value are needed")
    names = tuple(first) if _has_header(first, str(arguments["header"]), label, path) else None
    dropped = {_column(item, names, len(first), path, "leave_out") for item in left_out}
    target = len(first) - 1 if label == "last" else _column(label, names, len(first), path, "label")
    if target in dropped:
        raise damaged(path, f"has its label in column {target}, which `leave_out` leaves out")
    values = tuple(k for k in range(len(first)) if k != target and k not in dropped)
    if not values:
        raise damaged(path, "has no column of values left")
    return Columns(names, target, values)


def _items(left_out: Value) -> tuple[str, ...]:
    items = left_out if isinstance(left_out, tuple) else (left_out,)
    return tuple(f"{item:g}" if isinstance(item, float) else str(item) for item in items)


def _has_header(first: list[str], wanted: str, label: str, path: Path) -> bool:
    if wanted != "auto":
        return wanted == "yes"
    texts = [k for k, cell in enumerate(first) if number_of(cell) is None]
    is_named = label in first and _position(label, len(first)) is None
    if not texts or is_named:
        return bool(texts)
    if len(texts) == len(first):
        _require_names(first, label, path)
        return True
    if texts == [_position(label, len(first))] and not _count_columns(first, texts[0]):
        return False
    problem = f"has numbers and text in its first line, `{first[texts[0]]}` in column {texts[0]}"
    raise damaged(path, f"{problem} (from 0)", NAMES_OR_SAMPLE)


NAMES_OR_SAMPLE = (
    'if the line names the columns, say `header = "yes"`; if it is a sample, say '
    '`header = "no"`, and give it a number there'
)


def _require_names(first: list[str], label: str, path: Path) -> None:
    """CompileError(E061) where a line of texts says nothing but that its values are missing."""
    values = [cell for k, cell in enumerate(first) if k != _position(label, len(first))]
    if all(map(is_gap, values)):
        problem = f"has no numbers in its first line, and `{values[0]}` is hardly a name"
        raise damaged(path, problem, NAMES_OR_SAMPLE)


def require_other_labels(columns: Columns, labels: Array, path: Path) -> None:
    """CompileError(E061) where the name of the labels' column is a label itself, as if the line of
    names were a sample without values."""
    name = "" if columns.names is None else columns.names[columns.label]
    if labels.dtype.kind == "U" and name in labels:
        problem = f"has `{name}` in its first line, which is a label of other lines"
        raise damaged(path, problem, NAMES_OR_SAMPLE)


def _count_columns(first: list[str], label: int) -> bool:
    """Whether the cells beside the label only count the columns, as pandas names them."""
    others = [cell for k, cell in enumerate(first) if k != label]
    return any(others == [str(start + k) for k in range(len(others))] for start in (0, 1))


def _position(label: str, columns: int) -> int | None:
    """The column that a label's name is the number of."""
    if label == "last":
        return columns - 1
    if label.lstrip("-").isdecimal() and -columns <= int(label) < columns:
        return int(label) % columns
    return None


def _column(
    item: str, names: tuple[str, ...] | None, columns: int, path: Path, argument: str
) -> int:
    if names is not None and names.count(item) == 1:
        return names.index(item)
    if names is not None and item in names:
        raise damaged(path, f"has several columns `{item}`", f"say by its number: `{argument} = …`")
    position = _position(item, columns)
    if position is not None:
        return position
    known = "" if names is None else f", or one of {', '.join(names[:20])}"
    raise damaged(
        path, f"has no column `{item}`", f"`{argument}` is a number from 0 to {columns - 1}{known}"
    )
