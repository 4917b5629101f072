"""Time in which the process ran."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

BEAT = 1.0  # [s] between two looks at the clock
GAP = 30.0  # [s] without a look: the process, or its machine, stood still


class RunningTime:
    """Seconds without those in which the process stood still: stopped by a signal, or with its
    machine. That is each time of more than GAP in which nobody asked, if a thread does it every
    BEAT: a process that waits or is slow does not stand still."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._seen, self._lost = clock(), 0.0

    def __call__(self) -> float:
        """The time now [s], from some moment on."""
        with self._lock:
            now = self._clock()
            if now - self._seen > GAP:
                self._lost += now - self._seen
            self._seen = now
            return now - self._lost


@contextmanager
def running_time() -> Iterator[RunningTime]:
    """A clock that a thread asks every BEAT, until the end of the context. Kernels and compilers
    let that thread run."""
    clock, ended = RunningTime(), threading.Event()

    def beat() -> None:
        while not ended.wait(BEAT):
            clock()

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield clock
    finally:
        ended.set()
        thread.join()
