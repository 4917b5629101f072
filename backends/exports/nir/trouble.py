"""What NIR cannot say of a network."""

from __future__ import annotations

from typing import NamedTuple

from ....ir.diagnostics import Diagnostic, Span

CODE = "E071"
LOSSY = "`--lossy` writes the graph without it"


class Trouble(NamedTuple):
    """What cannot be said, and where it stands. `lost`: whether the rest can be written without."""

    message: str
    span: Span | None
    help: str
    lost: bool = False

    @property
    def diagnostic(self) -> Diagnostic:
        """As the user is told."""
        return Diagnostic(CODE, self.message, self.span, help=self.help)


class UnsaidError(Exception):
    """Why something has no form in NIR, and what to do about it."""

    def __init__(self, reason: str, way_out: str) -> None:
        super().__init__(reason)
        self.way_out = way_out
