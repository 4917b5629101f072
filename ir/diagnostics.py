"""A user's mistakes as data: where, what, and the way out; and how one is drawn."""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from .codes import CODES


@dataclass(frozen=True, slots=True)
class Source:
    """A named text; `name` is what the user typed to reach it."""

    name: str
    text: str
    starts: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        offsets = [0]
        offsets += [k + 1 for k, character in enumerate(self.text) if character == "\n"]
        object.__setattr__(self, "starts", tuple(offsets))

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column, both from 1, of a character offset."""
        line = bisect_right(self.starts, offset)
        return line, offset - self.starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of a line (from 1), without its end."""
        start = self.starts[number - 1]
        end = self.starts[number] if number < len(self.starts) else len(self.text)
        return self.text[start:end].rstrip("\r\n")


class Span(NamedTuple):
    """The half-open range [start, end) of characters of a source."""

    source: Source
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Note:
    """A second place that a diagnostic points at."""

    span: Span
    label: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One mistake, or a warning if its code begins with W. `span` is None only where no text exists
    (a data file, a command line)."""

    code: str
    message: str
    span: Span | None = None
    label: str = ""
    related: tuple[Note, ...] = ()
    help: str = ""

    def __post_init__(self) -> None:
        assert self.code in CODES, self.code

    @property
    def severity(self) -> str:
        """ "error" or "warning"."""
        return "warning" if self.code.startswith("W") else "error"


class CompileError(Exception):
    """The mistakes of a program, all of them, in the order of the text."""

    def __init__(self, diagnostics: Iterable[Diagnostic] | Diagnostic) -> None:
        single = isinstance(diagnostics, Diagnostic)
        self.diagnostics: tuple[Diagnostic, ...] = (
            (diagnostics,) if isinstance(diagnostics, Diagnostic) else tuple(diagnostics)
        )
        assert self.diagnostics or single
        super().__init__(self.diagnostics)

    def __str__(self) -> str:
        return "\n".join(render(d) for d in self.diagnostics)


# ---- drawing

LONGEST = 1000  # characters of a message; names and texts of a program may be longer
_BEFORE, _AFTER = 60, 100  # characters of a line that are shown around the start of a span


def render(diagnostic: Diagnostic) -> str:
    """The diagnostic drawn for a terminal, with the source line and carets under the span. A
    character that does not print, or reorders others, is drawn as an escape: `\\x1b`."""
    parts = [f"{diagnostic.severity}[{diagnostic.code}]: {_drawn(diagnostic.message)}"]
    if diagnostic.span is not None:
        parts += _excerpt(diagnostic.span, diagnostic.label, "^")
    for note in diagnostic.related:
        parts += _excerpt(note.span, note.label, "-")
    if diagnostic.help:
        parts.append(f"help: {_drawn(diagnostic.help)}")
    return "\n".join(parts)


def _excerpt(span: Span, label: str, mark: str) -> list[str]:
    number, column = span.source.position(span.start)
    before, marked, after = _parts(span.source.line(number), column - 1, span.end - span.start)
    gutter = f"{number} | "
    # Tabs are kept in the margin so that the carets stay under their text.
    margin = "".join(c if c == "\t" else " " * _columns(c) for c in before)
    underline = " " * len(gutter) + margin + mark * max(1, sum(map(_columns, marked)))
    return [
        f"  --> {_drawn(span.source.name)}:{number}:{column}",
        f"{gutter}{before}{marked}{after}",
        f"{underline} {_drawn(label)}".rstrip(),
    ]


def _parts(line: str, start: int, length: int) -> tuple[str, str, str]:
    """What is drawn of a line before, in and after its marked part; a long line is cut."""
    first, end = max(0, start - _BEFORE), start + _AFTER
    stop = min(start + length, end)
    before, marked, after = line[first:start], line[start:stop], line[stop:end]
    lead, trail = "…" if first else "", "…" if end < len(line) else ""
    return lead + _visible(before), _visible(marked), _visible(after) + trail


def _drawn(text: str) -> str:
    return _visible(text if len(text) <= LONGEST else text[:LONGEST] + "…")


def _visible(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\t" else _escape(c) for c in text)


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode()


def _columns(character: str) -> int:
    """How many columns of a terminal a character takes."""
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def to_json(diagnostic: Diagnostic) -> dict[str, object]:
    """The diagnostic as plain data for editors and scripts; lines and columns from 1."""
    return {
        "severity": diagnostic.severity,
        "code": diagnostic.code,
        "title": CODES[diagnostic.code],
        "message": diagnostic.message[:LONGEST],
        "place": _place(diagnostic.span),
        "label": diagnostic.label,
        "related": [{"place": _place(n.span), "label": n.label} for n in diagnostic.related],
        "help": diagnostic.help[:LONGEST],
    }


def _place(span: Span | None) -> dict[str, object] | None:
    if span is None:
        return None
    line, column = span.source.position(span.start)
    end_line, end_column = span.source.position(span.end)
    return {
        "file": span.source.name,
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
    }
