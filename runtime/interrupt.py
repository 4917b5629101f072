"""Signals to end: as a wish while a state can be saved, at once elsewhere."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

# Ctrl-C; what ends a process; the end of its terminal or connection.
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Handler = Callable[[int, FrameType | None], None]


@dataclass(slots=True)
class StopWish:
    """Whether the user wants to stop."""

    is_wanted: bool = False


@contextmanager
def stop_wish() -> Iterator[StopWish]:
    """Within it, SIGINT, SIGTERM and SIGHUP are noted in the wish; SIGINT after that is a
    KeyboardInterrupt. The others may come twice where a terminal or a scheduler ends."""
    wish = StopWish()

    def note(number: int, _frame: FrameType | None) -> None:
        if wish.is_wanted and number == signal.SIGINT:
            raise KeyboardInterrupt
        wish.is_wanted = True

    before = {number: signal.getsignal(number) for number in SIGNALS}
    _handle(SIGNALS, note)
    try:
        yield wish
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def end_on_signals() -> None:
    """SIGTERM and SIGHUP end the process from now on as an exception does: what is half written is
    removed. The exit status is that which a shell reports of them."""

    def end(number: int, _frame: FrameType | None) -> None:
        sys.exit(128 + number)

    _handle((signal.SIGTERM, signal.SIGHUP), end)


def _handle(numbers: tuple[signal.Signals, ...], handler: Handler) -> None:
    for number in numbers:
        # `nohup` has the end of a terminal ignored.
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)
