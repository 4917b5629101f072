"""Training at batch 1 beside busy processes: is the default number of threads ever a bad choice?

    python benchmarks/busy.py [CHECKOUT] [--turns 7] [--limit 500]

The digits, batch 1, with the default threads and with `--threads 1` in turns, beside 0, 1 and 2
processes that do nothing but count. Samples a second as `snncc train` tells them: the median, and
the lowest and the highest. The default may be 10 % slower than one thread at most, by the medians.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from checkout import HERE, Checkout, rates_of
from tables import Grid, add_outputs, publish, rates_text

SLOWER = 0.9  # the share of one thread's speed that the default must reach
CHOICES: dict[str, tuple[str, ...]] = {"default": (), "one": ("--threads", "1")}


@dataclass(frozen=True, slots=True)
class Speeds:
    """Samples a second of every turn beside so many busy processes, by row of CHOICES; `rates`:
    percent of the steps with a spike."""

    busy: int
    found: dict[str, list[float]]
    rates: dict[str, float]

    @property
    def share(self) -> float:
        """The default's speed over that of one thread."""
        return statistics.median(self.found["default"]) / statistics.median(self.found["one"])


@contextmanager
def busy_processes(count: int) -> Iterator[None]:
    """So many processes that keep a core busy while what is inside runs."""
    command = [sys.executable, "-c", "while True: pass"]
    started = [subprocess.Popen(command) for _ in range(count)]
    try:
        yield
    finally:
        for process in started:
            process.kill()
            process.wait()


def measure(checkout: Checkout, busy: int, turns: int, limit: int) -> Speeds:
    """Both choices in turns."""
    common = ("--batch", "1", "--epochs", "1", "--limit", str(limit), "--test-limit", "0")
    found: dict[str, list[float]] = {name: [] for name in CHOICES}
    rates: dict[str, float] = {}
    with busy_processes(busy):
        for turn in range(turns):
            names = list(CHOICES) if turn % 2 == 0 else list(CHOICES)[::-1]
            for name in names:
                epoch = checkout.train(*common, *CHOICES[name])
                found[name].append(epoch["samples_per_second"])
                rates = rates_of(epoch)
    return Speeds(busy, found, rates)


def grid_of(speeds: list[Speeds]) -> Grid:
    """The table."""
    headers = ("busy", "rates %", "default", "range", "one thread", "range", "share", "enough")
    rows = tuple(
        (
            str(s.busy),
            rates_text(s.rates),
            *(cell for name in CHOICES for cell in _median_and_range(s.found[name])),
            f"{s.share:.2f}",
            "yes" if s.share >= SLOWER else "NO",
        )
        for s in speeds
    )
    turns = len(speeds[0].found["one"])
    title = f"Digits, batch 1, samples a second, {turns} turns, {os.cpu_count()} cores"
    return Grid(title, headers, rows, 2)


def _median_and_range(found: list[float]) -> tuple[str, str]:
    return f"{statistics.median(found):.0f}", f"{min(found):.0f} to {max(found):.0f}"


def main() -> None:
    """Measure, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description="Train at batch 1 beside busy processes.")
    parser.add_argument("checkout", type=Path, nargs="?", default=HERE)
    parser.add_argument("--busy", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--limit", type=int, default=500, help="samples of a turn")
    add_outputs(parser)
    given = parser.parse_args()
    checkout = Checkout(given.checkout)
    for choice in CHOICES.values():  # compiles what each needs
        checkout.train(
            "--batch", "1", "--epochs", "1", "--limit", "5", "--test-limit", "0", *choice
        )
    speeds = [measure(checkout, busy, given.turns, given.limit) for busy in given.busy]
    publish({"busy": grid_of(speeds)}, [asdict(s) for s in speeds], given)


if __name__ == "__main__":
    main()
