"""A user's mistakes as data: where, what, and the way out; and how one is drawn."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field

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


@dataclass(frozen=True, slots=True)
class Span:
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
        super().__init__("\n".join(render(d) for d in self.diagnostics))


def render(diagnostic: Diagnostic) -> str:
    """The diagnostic drawn for a terminal, with the source line and carets under the span."""
    parts = [f"{diagnostic.severity}[{diagnostic.code}]: {diagnostic.message}"]
    if diagnostic.span is not None:
        parts += _excerpt(diagnostic.span, diagnostic.label, "^")
    for note in diagnostic.related:
        parts += _excerpt(note.span, note.label, "-")
    if diagnostic.help:
        parts.append(f"help: {diagnostic.help}")
    return "\n".join(parts)


def _excerpt(span: Span, label: str, mark: str) -> list[str]:
    line, column = span.source.position(span.start)
    text = span.source.line(line)
    width = max(1, min(span.end - span.start, len(text) - column + 1))
    gutter = f"{line} | "
    # Tabs are kept in the margin so that the carets stay under their text.
    margin = "".join(c if c == "\t" else " " for c in text[: column - 1])
    underline = " " * len(gutter) + margin + mark * width
    return [
        f"  --> {span.source.name}:{line}:{column}",
        f"{gutter}{text}",
        f"{underline} {label}".rstrip(),
    ]


def to_json(diagnostic: Diagnostic) -> dict[str, object]:
    """The diagnostic as plain data for editors and scripts; lines and columns from 1."""
    return {
        "severity": diagnostic.severity,
        "code": diagnostic.code,
        "title": CODES[diagnostic.code],
        "message": diagnostic.message,
        "place": _place(diagnostic.span),
        "label": diagnostic.label,
        "related": [{"place": _place(n.span), "label": n.label} for n in diagnostic.related],
        "help": diagnostic.help,
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
