"""Where commands write: results to stdout, everything else to stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, TextIO

from rich.console import Console, RenderableType
from rich.markup import escape

from ...ir.diagnostics import CompileError, Diagnostic, render, to_json

# Where no terminal says how wide it is: tables in a file or a pipe are not squeezed.
WIDTH = 160
INTERRUPTED = 130  # the exit status that a shell reports after Ctrl-C


def _console(stream: TextIO) -> Console:
    width = None if stream.isatty() else WIDTH
    return Console(file=stream, width=width, soft_wrap=True, highlight=False)


@dataclass(frozen=True, slots=True)
class Output:
    """`is_json`: one JSON document a line on stdout and no prose; `is_quiet`: errors only."""

    is_json: bool = False
    is_quiet: bool = False
    out: Console = field(default_factory=lambda: _console(sys.stdout))
    notes: Console = field(default_factory=lambda: _console(sys.stderr))

    @property
    def is_live(self) -> bool:
        """Whether a progress bar is welcome."""
        return not (self.is_json or self.is_quiet)

    def document(self, document: dict[str, Any]) -> None:
        """A result for machines; prints nothing unless JSON is wanted."""
        if self.is_json:
            sys.stdout.write(json.dumps(document, default=list) + "\n")
            sys.stdout.flush()

    def result(self, *parts: RenderableType) -> None:
        """A result for people."""
        if self.is_live:
            for part in parts:
                self.out.print(part, markup=False)

    def note(self, text: str, style: str = "") -> None:
        """A remark beside the results."""
        if self.is_live:
            self.notes.print(text, style=style, markup=False)

    def text(self, text: str) -> None:
        """Text that was asked for, as it is, whatever the flags."""
        sys.stdout.write(text)
        sys.stdout.flush()


def report_errors(error: CompileError, output: Output) -> None:
    """The diagnostics: drawn on stderr, or as JSON on stdout."""
    output.document({"errors": [to_json(d) for d in error.diagnostics]})
    draw(error.diagnostics, output)


def draw(diagnostics: Iterable[Diagnostic], output: Output) -> None:
    """The diagnostics on stderr, unless JSON is wanted; warnings not where it is to be quiet."""
    for diagnostic in diagnostics:
        if output.is_live or (diagnostic.severity == "error" and not output.is_json):
            print_diagnostic(diagnostic, output.notes)


def print_diagnostic(diagnostic: Diagnostic, console: Console) -> None:
    """Draw one; the colours vanish where the console is no terminal."""
    colour = {"error": "red", "warning": "yellow"}[diagnostic.severity]
    head, *rest = render(diagnostic).split("\n")
    console.print(f"[bold {colour}]{escape(head)}[/]")
    for line in rest:
        is_mark = set(line.split(" ")[0]) <= {""} and ("^" in line or "---" in line)
        style = colour if is_mark else "cyan" if line.startswith("help:") else ""
        console.print(line, style=style, markup=False)
