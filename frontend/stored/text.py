"""Tables in text files: a row a line, cells separated by commas, semicolons, tabs or spaces.

The first line tells which. Blank lines and lines that begin with `#` are left out; a cell may stand
in double quotes. A file may be gzipped. It is read line by line, so what is kept of a large one is
its numbers.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from math import isfinite
from typing import BinaryIO, NamedTuple

import numpy as np
import numpy.typing as npt

from .packed import unpacked
from .unfit import Unfit, damage

Numbers = npt.NDArray[np.float64]

UTF_16 = (b"\xff\xfe", b"\xfe\xff")
SEPARATORS = ("\t", ";", ",")  # a comma may also be a decimal one
MOST_LINE = 1 << 26  # characters
BLOCK = 4096  # lines
PIECE = 1 << 20  # [bytes]


class Line(NamedTuple):
    """A line of cells and its number, from 1."""

    number: int
    text: str


def read_lines(file: BinaryIO) -> Iterator[Line]:
    """The lines of a text, gzipped or not; Unfit if it is none."""
    with damage():
        start = file.read(2)
        file.seek(0)
        try:
            yield from _numbered(_texts(unpacked(file)))
        except UnicodeDecodeError:
            what = "UTF-16" if start in UTF_16 else "not UTF-8"
            raise Unfit(f"its text is {what}", "save it as UTF-8") from None


def _texts(file: BinaryIO) -> Iterator[str]:
    utf_8 = codecs.getincrementaldecoder("utf-8-sig")()
    decoder = io.IncrementalNewlineDecoder(utf_8, translate=True)
    count, rest = 1, ""
    while piece := file.read(PIECE):
        *whole, rest = (rest + decoder.decode(piece)).split("\n")
        yield from whole
        count += len(whole)
        if len(rest) > MOST_LINE:
            raise Unfit(f"line {count} has more than {MOST_LINE} characters")
    yield rest + decoder.decode(b"", final=True)


def _numbered(texts: Iterable[str]) -> Iterator[Line]:
    for number, text in enumerate(texts, 1):
        cells = text.strip(" ")
        if cells and cells[0] != "#" and not cells.isspace():
            yield Line(number, cells)


def blocks(lines: Iterable[Line]) -> Iterator[list[Line]]:
    """The lines, some thousands at a time."""
    rest = iter(lines)
    while block := list(islice(rest, BLOCK)):
        yield block


def separator_of(line: Line) -> str | None:
    """What stands between the cells: the first of tabs, semicolons and commas that there is outside
    quotes; None for spaces."""
    plain = re.sub('"[^"]*"', "", line.text)
    return next((separator for separator in SEPARATORS if separator in plain), None)


def cells_of(line: Line, separator: str | None) -> list[str]:
    """The cells of a line, without quotes and the spaces around them."""
    if separator is None:
        return [cell.strip('"') for cell in line.text.split()]
    if '"' not in line.text:
        return [cell.strip() for cell in line.text.split(separator)]
    try:
        (row,) = csv.reader([line.text], delimiter=separator, skipinitialspace=True, strict=True)
    except csv.Error as error:
        raise Unfit(f"line {line.number} has an odd quote ({error})", CLOSE) from None
    return [cell.strip() for cell in row]


CLOSE = 'write `"a"`, and `""` for a quote inside'


def require_width(block: Iterable[Line], separator: str | None, first: Line) -> None:
    """Unfit if a line has other columns than the first line."""
    columns = _width(first, separator)
    for line in block:
        found = _width(line, separator)
        if found != columns:
            reason = (
                f"line {line.number} has {found} columns where line {first.number} has {columns}"
            )
            raise Unfit(reason, _why_narrow(line, found))


def _width(line: Line, separator: str | None) -> int:
    if separator is None or '"' in line.text:
        return len(cells_of(line, separator))
    return line.text.count(separator) + 1


def _why_narrow(line: Line, found: int) -> str:
    other = separator_of(line)
    if found == 1 and other is not None:
        return f"its cells seem to be separated by `{other}`; separate all by commas"
    return "give every line a cell for every column"


def numbers_of(
    block: Sequence[Line],
    separator: str | None,
    columns: Sequence[int],
    named: Callable[[int], str],
) -> Numbers:
    """The cells of these columns as numbers [lines, columns]; Unfit where one is none, with the
    column as `named` says it."""
    texts = [line.text for line in block]
    try:
        found = np.loadtxt(
            texts, delimiter=separator, comments=None, quotechar='"', usecols=columns, ndmin=2
        )
    except ValueError:
        raise _bad_cell(block, separator, columns, named) from None
    if not np.isfinite(found).all():
        raise _bad_cell(block, separator, columns, named)
    return np.asarray(found, np.float64)


def _bad_cell(
    block: Iterable[Line],
    separator: str | None,
    columns: Sequence[int],
    named: Callable[[int], str],
) -> Unfit:
    for line in block:
        cells = cells_of(line, separator)
        for column in columns:
            number = number_of(cells[column])
            if number is None or not isfinite(number):
                reason, way_out = _why_no_number(cells[column])
                place = f"line {line.number} has {reason} in {named(column)}"
                return Unfit(place, way_out)
    return Unfit("it holds something that is not a number")


def number_of(cell: str) -> float | None:
    """The number that a cell is; None for none."""
    # Python's float also takes the digits of every script, and 1_000.
    if not cell.isascii() or "_" in cell:
        return None
    try:
        return float(cell)
    except ValueError:
        return None


def is_gap(cell: str) -> bool:
    """Whether a cell that is no number stands where one is meant: a missing value, or a number that
    is miswritten."""
    meant = cell.replace(",", ".").translate(LOOK_ALIKE)
    has_digit = any(letter.isdigit() for letter in cell)
    return not cell or cell.lower() in MISSING or (has_digit and number_of(meant) is not None)


MISSING = frozenset({"?", "-", "na", "n/a", "nan", "nil", "none", "null"})
LOOK_ALIKE = str.maketrans("OoIl", "0011")
GIVE = "leave its line out, or give it a number"
POINTS = "write numbers with a decimal point"


def _why_no_number(cell: str) -> tuple[str, str]:
    """Why a cell is no number that can be used, and the way out."""
    if not cell:
        return "an empty cell", GIVE
    shown = f"`{cell[:40]}`"
    if cell.lower() in MISSING:
        return f"{shown}, a missing value,", GIVE
    if number_of(cell) is not None:
        return f"{shown}, which is not finite,", GIVE
    meant = cell.translate(LOOK_ALIKE)
    if number_of(meant) is not None:
        return f"{shown}, which is not a number,", f"did you mean `{meant}`?"
    if number_of(cell.replace(",", ".")) is not None:
        return f"{shown}, which has a decimal comma,", POINTS
    if re.search("[;\t]", cell):
        return f"{shown}, two cells with another separator,", f"separate all by commas; {POINTS}"
    return f"{shown}, which is not a number,", "give it a number, or leave its column out"
