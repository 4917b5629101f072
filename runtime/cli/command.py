"""What a command is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Command:
    """A command: its function's docstring is its help, which ends with the example."""

    name: str
    function: Callable[..., None]
    example: str
