"""A checkout of this project, whose `snncc` is run as a user runs it: a process of its own."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parents[1]
DIGITS = "examples/digits.snn"


def make_room() -> Path:
    """A folder that goes when this process ends."""
    room = Path(tempfile.mkdtemp(prefix="snncc-bench-"))
    atexit.register(shutil.rmtree, room, ignore_errors=True)
    return room


@dataclass(frozen=True, slots=True, eq=False)
class Checkout:
    """A folder with the project. `room`: a folder for what it writes, its cache among that."""

    path: Path
    room: Path = field(default_factory=make_room)

    def environment(self, cache: str = "cache") -> dict[str, str]:
        """The variables under which Python finds this checkout's `snncc`, and its own cache."""
        link = self.room / "path" / "snncc"
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.exists():
            link.symlink_to(self.path.resolve())
        named = {"PYTHONPATH": str(link.parent), "XDG_CACHE_HOME": str(self.room / cache)}
        return {**os.environ, **named}

    def run(self, *arguments: str, cache: str = "cache", before: tuple[str, ...] = ()) -> str:
        """What `snncc` with these arguments prints; `before`: what Python runs in place of it."""
        command = [sys.executable, *(before or ("-m", "snncc")), *arguments]
        done = subprocess.run(
            command, cwd=self.path, env=self.environment(cache), capture_output=True, text=True
        )
        if done.returncode:
            sys.exit(f"{self.path}: {' '.join(command)}\n{done.stdout}{done.stderr}")
        return done.stdout

    def seconds(self, *arguments: str, cache: str = "cache") -> float:
        """How long `snncc` with these arguments takes, from the start of Python to its end."""
        start = time.perf_counter()
        self.run(*arguments, cache=cache)
        return time.perf_counter() - start

    def train(self, *arguments: str, cache: str = "cache") -> dict[str, Any]:
        """The last epoch of a training of the digits."""
        out = ("--out", str(self.room / "run"), "--overwrite", "--json")
        text = self.run("train", DIGITS, *out, *arguments, cache=cache)
        events = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
        found: dict[str, Any] = [event for event in events if event["event"] == "epoch"][-1]
        return found


def rates_of(epoch: dict[str, Any], dt: float = 1.0) -> dict[str, float]:
    """Percent of the steps of `dt` [ms] with a spike, by population; an epoch tells rates in Hz."""
    return {row["population"]: row["rate"] * dt / 10 for row in epoch["rates"]}
