"""The process's outputs where nobody reads them, or their disk is full."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from typing import Any

READER_GONE = 141  # the exit status that a shell reports of a program whose reader has gone


class Lost(Exception):
    """What was to be written to stdout could not be."""

    def __init__(self, error: OSError) -> None:
        super().__init__(error)
        self.error = error


class Stream(io.TextIOWrapper):
    """An output of the process. Characters that its encoding lacks are written as escapes. Where
    it cannot be written, it is silent from then on; Lost is raised if it `is_needed`."""

    def __init__(self, stream: io.TextIOWrapper, is_needed: bool) -> None:
        encoding, lines = stream.encoding, stream.line_buffering
        super().__init__(stream.detach(), encoding, "backslashreplace", line_buffering=lines)
        self._is_needed = is_needed

    def write(self, text: str) -> int:
        """Write the text; its length."""
        self._attempt(super().write, text)
        return len(text)

    def flush(self) -> None:
        """Write what waits."""
        self._attempt(super().flush)

    def _attempt(self, work: Callable[..., Any], *arguments: str) -> None:
        try:
            work(*arguments)
        except OSError as error:
            # What waits in its buffers would fail again when the process ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.fileno())
            if self._is_needed:
                raise Lost(error) from error


def guard_streams() -> None:
    """Make stdout and stderr such streams; one that is closed leads nowhere."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # or the next file would be taken for it
    for name, number, is_needed in (("stdout", 1, True), ("stderr", 2, False)):
        stream = getattr(sys, name) or os.fdopen(number, "w")
        setattr(sys, name, Stream(stream, is_needed))
