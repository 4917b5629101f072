"""Ctrl-C as a wish: the first one is noted, the second one interrupts at once."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass(slots=True)
class StopWish:
    """Whether the user wants to stop."""

    is_wanted: bool = False


@contextmanager
def stop_wish() -> Iterator[StopWish]:
    """Within it, SIGINT and SIGTERM are noted in the wish; a second one is a KeyboardInterrupt."""
    wish = StopWish()

    def note(_signal: int, _frame: FrameType | None) -> None:
        if wish.is_wanted:
            raise KeyboardInterrupt
        wish.is_wanted = True

    before = {number: signal.signal(number, note) for number in SIGNALS}
    try:
        yield wish
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
