"""Processor times compared in one run: a ratio says the same on slow machines and on fast ones."""

from __future__ import annotations

import time
from collections.abc import Callable


def seconds(work: Callable[[], object]) -> float:
    """Processor seconds of one call."""
    started = time.process_time()
    work()
    return time.process_time() - started


def slower_than(
    limit: float, work: Callable[[], object], yardstick: Callable[[], object], tries: int = 4
) -> bool:
    """True if `work` takes more than `limit` times the processor time of `yardstick`, in every try.

    A neighbour on the machine only lengthens a time, so that one pair within the limit is enough.
    """
    return all(seconds(work) > limit * seconds(yardstick) for _ in range(tries))
