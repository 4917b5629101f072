"""A process of its own in which something happens at one of its file calls."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

FILE_CALLS = ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "fcntl.flock")
BUG = 99  # the exit status of a process that ends with an exception

Event = Callable[[], None]


class Stopwatch:
    """Counts the file calls of this process that concern a folder; before number `at` (from 1)
    the event happens."""

    def __init__(self, folder: Path, event: Event, at: int) -> None:
        self.calls, self._folder, self._event, self._at = 0, str(folder), event, at

    def start(self) -> None:
        """Count from now on; to the end of the process."""
        sync = os.fsync

        def synced(handle: int) -> None:
            self._called()
            sync(handle)

        sys.addaudithook(self._heard)
        os.fsync = synced

    def _heard(self, name: str, arguments: tuple[object, ...]) -> None:
        if name in FILE_CALLS and any(self._folder in place for place in _places(arguments)):
            self._called()

    def _called(self) -> None:
        self.calls += 1
        if self.calls == self._at:
            self._event()


def in_process(work: Callable[[], int], watch: Stopwatch) -> tuple[int, int]:
    """The exit status of `work` in a forked process, or -N if signal N ended it, and the number of
    its file calls, 0 if it was ended."""
    reader, writer = os.pipe()
    child = _fork(lambda: _told(work, watch, writer))
    os.close(writer)
    with open(reader) as told:
        calls = int(told.read() or 0)
    return _status(child), calls


def at_once(works: Sequence[Callable[[], int]]) -> list[int]:
    """The exit statuses of processes that begin together."""
    reader, writer = os.pipe()

    def begin(work: Callable[[], int]) -> int:
        os.close(writer)
        os.read(reader, 1)  # until nobody can write any more
        return work()

    children = [_fork(partial(begin, work)) for work in works]
    os.close(writer)
    os.close(reader)
    return [_status(child) for child in children]


def _told(work: Callable[[], int], watch: Stopwatch, writer: int) -> int:
    watch.start()
    status = work()
    os.write(writer, str(watch.calls).encode())
    return status


def _fork(work: Callable[[], int]) -> int:
    child = os.fork()
    if child:
        return child
    status = BUG
    try:
        status = work()
    except BaseException:  # noqa: BLE001 - this process ends here
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def _status(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _places(arguments: tuple[object, ...]) -> Iterator[str]:
    for argument in arguments[:2]:
        if isinstance(argument, int) and argument > 2:
            yield os.readlink(f"/proc/self/fd/{argument}")
        elif isinstance(argument, str | bytes | Path):
            yield os.fsdecode(argument)


def signalled(number: signal.Signals) -> Event:
    """The process gets a signal."""
    return lambda: os.kill(os.getpid(), number)


def failing(number: int) -> Event:
    """From then on every file call fails; an audit hook that raises makes its call raise."""

    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    def event() -> None:
        sys.addaudithook(lambda name, arguments: fail() if _writes(name, arguments) else None)
        os.fsync = fail
        fail()

    return event


def _writes(name: str, arguments: tuple[object, ...]) -> bool:
    if name == "open":
        flags = arguments[2]
        return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
    return name in FILE_CALLS and name not in ("os.remove", "os.rmdir", "fcntl.flock")
