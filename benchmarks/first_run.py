"""What the first training on a machine takes: the README's main command with an empty cache.

    python benchmarks/first_run.py [CHECKOUT] [--json first_run.json]

The digits from the start of Python to the end of the first epoch, three times: with an empty cache,
from the cache, and from that cache with another neuron model. For each the seconds, how many
functions Numba compiled, and the ten that took longest: their own time, without that of the
functions that they call. Numba's events tell it, heard inside the training's process.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from checkout import DIGITS, HERE, Checkout, rates_of
from tables import Grid, add_outputs, publish, rates_text

LISTEN = "--listen"  # how the training's process is started: --listen FILE, then snncc's arguments
SLOWEST = 10
CELL = "neuron cell = lif(tau_mem = 64 ms, tau_syn = 8 ms, refractory = 2 ms)"
OTHER = "neuron cell = other"
MODEL = """\
neuron other {
  param tau: ms = 25 ms
  param v_th: mV = 20 mV
  state u: mV = 0 mV
  on input { u = u + 4 * i }
  du/dt = -u / tau
  spike when u >= v_th
  on spike { u = 0 mV }
}
"""


@dataclass(frozen=True, slots=True)
class Start:
    """A training to the end of its first epoch. `compiled`: (function, own seconds), slowest first;
    `rates`: percent of the steps with a spike."""

    name: str
    goal: float
    seconds: float
    compiled: list[tuple[str, float]]
    rates: dict[str, float]


def own_seconds(records: Sequence[tuple[float, bool, str]]) -> list[tuple[str, float]]:
    """(function, own seconds), slowest first, of records (time, begins, function) that nest."""
    running: list[tuple[float, float]] = []  # start, seconds of what was compiled meanwhile
    found = []
    for time_of, begins, name in records:
        if begins:
            running.append((time_of, 0.0))
            continue
        start, inner = running.pop()
        found.append((name, time_of - start - inner))
        if running:
            running[-1] = running[-1][0], running[-1][1] + time_of - start
    return sorted(found, key=lambda one: -one[1])


def listen(arguments: list[str]) -> None:
    """Run `snncc` here and write what was compiled into a file."""
    from numba.core import event

    from snncc.runtime.cli import main as snncc

    file, sys.argv = Path(arguments[0]), ["snncc", *arguments[1:]]
    with event.install_recorder("numba:compile") as recorder:
        try:
            snncc()
        finally:
            records = [
                (at, e.is_start, e.data["dispatcher"].py_func.__name__) for at, e in recorder.buffer
            ]
            file.write_text(json.dumps(own_seconds(records)))


def train(checkout: Checkout, program: Path, name: str, goal: float) -> Start:
    """One training, a process of its own."""
    events, out = checkout.room / "compiled.json", checkout.room / "run"
    shutil.rmtree(out, ignore_errors=True)
    start = time.perf_counter()
    text = checkout.run(
        *(str(events), "train", str(program), "--out", str(out), "--epochs", "1", "--json"),
        before=(str(Path(__file__).resolve()), LISTEN),
    )
    seconds = time.perf_counter() - start
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    (epoch,) = (line for line in lines if line["event"] == "epoch")
    return Start(name, goal, seconds, json.loads(events.read_text()), rates_of(epoch))


def measure(checkout: Checkout) -> list[Start]:
    """The three trainings."""
    digits, other = checkout.path / DIGITS, checkout.room / "other.snn"
    text = digits.read_text()
    if CELL not in text:
        sys.exit(f"{digits} has another neuron than `{CELL}`")
    other.write_text(MODEL + text.replace(CELL, OTHER))
    return [
        train(checkout, digits, "empty cache", 25.0),
        train(checkout, digits, "from the cache", 2.0),
        train(checkout, other, "from the cache, another neuron model", 2.0),
    ]


def grids_of(starts: list[Start]) -> dict[str, Grid]:
    """The seconds, and what was compiled longest."""
    rows = tuple(
        (
            s.name,
            rates_text(s.rates),
            f"{s.seconds:.1f}",
            f"{s.goal:g}",
            "yes" if s.seconds <= s.goal else "NO",
            str(len(s.compiled)),
            f"{sum(seconds for _, seconds in s.compiled):.1f}",
        )
        for s in starts
    )
    headers = ("digits, one epoch", "rates %", "s", "goal s", "met", "functions compiled", "in s")
    longest = tuple((n, f"{seconds:.2f}") for n, seconds in starts[0].compiled[:SLOWEST])
    title = f"To the end of the first epoch, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    return {
        "first run": Grid(title, headers, rows, 2),
        "compiled": Grid("The functions that took longest to compile", ("function", "s"), longest),
    }


def main() -> None:
    """Measure, print the tables, write the JSON."""
    if sys.argv[1:2] == [LISTEN]:
        listen(sys.argv[2:])
        return
    parser = argparse.ArgumentParser(description="Time the first training on a machine.")
    parser.add_argument("checkout", type=Path, nargs="?", default=HERE)
    add_outputs(parser)
    given = parser.parse_args()
    starts = measure(Checkout(given.checkout.resolve()))
    publish(grids_of(starts), [asdict(s) for s in starts], given)


if __name__ == "__main__":
    main()
