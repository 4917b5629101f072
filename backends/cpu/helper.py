"""A second process that compiles the units of a module from the last one on, while the first
compiles them from the first one: each finds in the cache what the other made, and they meet."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from contextlib import suppress
from types import ModuleType

from ..compiled.text.sources import STAMP
from .records import RECORDS

UNITS = f"{__package__}.units"


def start(module: ModuleType) -> subprocess.Popen[bytes] | None:
    """The helper at work on a module; None where no processor is idle or there is no Python for it.
    All it does may fail: what it does not make is made without it."""
    if os.getloadavg()[0] > _processors() - 0.5 or not sys.executable:
        return None
    text = f"import sys; sys.path[:] = {sys.path!r}; from {UNITS} import help_out; help_out()"
    job = pickle.dumps((module.__name__, module.__file__, getattr(module, STAMP), RECORDS))
    with suppress(OSError):
        helper = subprocess.Popen(
            [sys.executable, "-c", text],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        assert helper.stdin is not None
        with suppress(OSError), helper.stdin:  # it may have gone already
            helper.stdin.write(job)
        return helper
    return None


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
