"""Two checkouts in turns, in one run on one machine: is the newer one slower anywhere?

    python benchmarks/turns.py OLD NEW [--rows net digits compile warm cold] [--turns 7]

OLD and NEW are folders with the project. Every row is measured old, new, new, old, … so that what
else the machine does meets both; a ratio is that of a pair of neighbours, and the table tells the
median and the quartiles of the ratios. A row passes if the median is 1.03 at most. Each side runs
its own code in processes of its own, with its own cache: the networks (`--nets`) in one that stays
and waits for its turn, all else by the command line.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from importlib import import_module
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from checkout import DIGITS, Checkout, rates_of
from programs import NETS
from tables import Grid, add_outputs, publish, rates_text

SLOWER = 1.03  # the ratio from which on a row does not pass
SERVE = "--serve"  # how the process that stays is started
STEPS, FEWEST = 400, 32  # of the networks; samples a turn, unless the batch is larger
STILL = 1e-7  # learning rate: the spikes stay what they are

Rates = dict[str, float]
Measure = Callable[["Side"], tuple[float, Rates]]


class Side:
    """A checkout under test, with the process that stays."""

    def __init__(self, path: Path) -> None:
        self.checkout = Checkout(path)
        self.server: subprocess.Popen[str] | None = None

    def ask(self, case: dict[str, Any]) -> tuple[float, Rates]:
        """(milliseconds a sample of a network, its firing rates)."""
        if self.server is None:
            self.server = subprocess.Popen(
                [sys.executable, __file__, SERVE, str(self.checkout.path.resolve())],
                env=self.checkout.environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        assert self.server.stdin is not None
        assert self.server.stdout is not None
        self.server.stdin.write(json.dumps(case) + "\n")
        self.server.stdin.flush()
        answer = self.server.stdout.readline()
        if not answer:
            sys.exit(f"{self.checkout.path}: the process of the networks ended")
        found = json.loads(answer)
        return found["ms"], found["rates"]

    def stop(self) -> None:
        """End the process that stays."""
        if self.server is not None:
            self.server.terminate()
            self.server.wait()
            self.server = None


@dataclass(frozen=True, slots=True)
class Row:
    """What is compared, and in which unit. `warm`: whether it is done once before it counts."""

    name: str
    unit: str
    measure: Measure
    warm: bool = True


@dataclass(frozen=True, slots=True)
class Finding:
    """A row measured: medians of both sides, of the pairs' ratios new / old, and the quartiles."""

    name: str
    unit: str
    old: float
    new: float
    ratio: float
    lower: float
    upper: float
    pairs: int
    rates: Rates

    @property
    def passes(self) -> bool:
        """Whether the new side is no slower than 3 %."""
        return self.ratio <= SLOWER


def take_turns(row: Row, old: Side, new: Side, turns: int) -> Finding:
    """Measure a row in so many pairs, the sides first by turns."""
    rates: Rates = {}
    if row.warm:
        row.measure(old)
        row.measure(new)
    found: dict[Side, list[float]] = {old: [], new: []}
    for turn in range(turns):
        for side in (old, new) if turn % 2 == 0 else (new, old):
            value, rates = row.measure(side)
            found[side].append(value)
    return finding(row, np.array(found[old]), np.array(found[new]), rates)


def finding(row: Row, old: Any, new: Any, rates: Rates) -> Finding:
    """The medians and quartiles of a row's pairs."""
    ratios = new / old
    lower, middle, upper = (float(q) for q in np.quantile(ratios, (0.25, 0.5, 0.75)))
    medians = float(np.median(old)), float(np.median(new))
    return Finding(row.name, row.unit, *medians, middle, lower, upper, len(ratios), rates)


def net_rows(nets: list[str], batches: list[int], threads: list[int]) -> Iterator[Row]:
    """Forward and training of the networks."""
    for net, count, batch, kind in product(nets, threads, batches, ("forward", "training")):
        case = {"net": net, "threads": count, "batch": batch, "kind": kind}
        many = "thread" if count == 1 else "threads"
        name = f"{net}, {kind}, batch {batch}, {count} {many}"
        yield Row(name, "ms a sample", lambda side, case=case: side.ask(case))  # type: ignore[misc]


def digits_rows(threads: list[int]) -> Iterator[Row]:
    """Training of the digits by the command line: the third epoch, since kernels are loaded in the
    first one."""

    def measure(side: Side, count: int, batch: int) -> tuple[float, Rates]:
        numbers = ("--threads", str(count), "--batch", str(batch))
        epoch = side.checkout.train("--epochs", "3", "--test-limit", "0", *numbers)
        return 1e3 / epoch["samples_per_second"], rates_of(epoch)

    for count, batch in product(threads, (1, 32)):
        name = f"digits, training, batch {batch}, threads {count}"
        yield Row(name, "ms a sample", partial(measure, count=count, batch=batch))


def compile_rows() -> Iterator[Row]:
    """`snncc compile` of a program."""

    def measure(side: Side) -> tuple[float, Rates]:
        out = ("--quiet", "--out", str(side.checkout.room / "net.snnpkg"))
        return side.checkout.seconds("compile", "examples/fashion.snn", *out), {}

    yield Row("snncc compile examples/fashion.snn", "s", measure)


def start_rows(is_cold: bool) -> Iterator[Row]:
    """A training of 10 digits, from the start of Python to its end."""

    def measure(side: Side) -> tuple[float, Rates]:
        cache = f"cold-{time.monotonic_ns()}" if is_cold else "cache"
        out = ("--out", str(side.checkout.room / "run"), "--overwrite", "--quiet")
        few = ("--epochs", "1", "--limit", "10", "--test-limit", "0", "--threads", "1")
        return side.checkout.seconds("train", DIGITS, *out, *few, cache=cache), {}

    name = "training from an empty cache" if is_cold else "training from the cache"
    yield Row(name, "s", measure, warm=not is_cold)


def serve(path: Path) -> None:
    """Answer cases with milliseconds a sample and rates, a line of JSON each."""
    networks, trainers = side_nets(path), {}
    for line in sys.stdin:
        case = json.loads(line)
        key = case["net"], case["threads"]
        if key not in trainers:
            trainers[key] = networks.make_trainer(case["net"], STEPS, case["threads"])
        print(json.dumps(time_case(networks, trainers[key], case)), flush=True)


def side_nets(path: Path) -> Any:
    """The module `nets` of a checkout. The one of 484b5a9 had a text with a place for the
    recurrence where there are whole programs now: a program is put into that place."""
    sys.path.insert(0, str(path / "benchmarks"))
    networks: Any = import_module("nets")
    if hasattr(networks, "TEXT"):
        networks.TEXT = "{recurrence}"
        networks.NETS = {name: net.text for name, net in NETS.items()}
    return networks


def time_case(networks: Any, trainer: Any, case: dict[str, Any]) -> dict[str, Any]:
    """Present or learn the samples once, by the clock."""
    batch = case["batch"]
    count = batch * -(-FEWEST // batch)
    samples = networks.constant_samples(trainer, count)
    start = time.perf_counter()
    if case["kind"] == "training":
        outcome = trainer.train(samples, batch, STILL)
        seconds, activity = time.perf_counter() - start, outcome.activity
    else:
        parts = [trainer.run(samples.part(k, k + batch)) for k in range(0, count, batch)]
        seconds, activity = time.perf_counter() - start, sum(part.activity for part in parts)
    return {"ms": 1e3 * seconds / count, "rates": rates_in(trainer.graph, activity, count)}


def rates_in(graph: Any, activity: Any, samples: int) -> Rates:
    """Percent of the steps with a spike, by population."""
    ends = np.cumsum([p.neurons for p in graph.populations])
    spikes = np.diff(np.cumsum(activity)[ends - 1], prepend=0)
    return {
        p.name: float(100 * s / (samples * STEPS * p.neurons))
        for p, s in zip(graph.populations, spikes, strict=True)
    }


def grid_of(findings: list[Finding]) -> Grid:
    """The table."""
    headers = (
        "what", "rates %", "unit", "old", "new", "new / old", "quartiles", "pairs", "within 3 %",
    )  # fmt: skip
    rows = tuple(
        (
            f.name,
            rates_text(f.rates),
            f.unit,
            f"{f.old:.3g}",
            f"{f.new:.3g}",
            f"{f.ratio:.3f}",
            f"{f.lower:.3f} to {f.upper:.3f}",
            str(f.pairs),
            "yes" if f.passes else "NO",
        )
        for f in findings
    )
    return Grid(f"In turns, load {os.getloadavg()[0]:.1f}", headers, rows, 3)


def rows_of(given: argparse.Namespace) -> Iterator[tuple[Row, int]]:
    """The rows that are asked for, each with its pairs."""
    groups = {
        "net": (net_rows(given.nets, given.batches, given.threads), given.turns),
        "digits": (digits_rows(given.threads), given.turns),
        "compile": (compile_rows(), given.turns),
        "warm": (start_rows(is_cold=False), given.turns),
        "cold": (start_rows(is_cold=True), given.cold_turns),
    }
    for name in given.rows:
        rows, turns = groups[name]
        yield from ((row, turns) for row in rows)


def main() -> None:
    """Compare, print the table, write the JSON."""
    if SERVE in sys.argv:
        serve(Path(sys.argv[-1]))
        return
    parser = argparse.ArgumentParser(description="Compare two checkouts in turns.")
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    groups = ("net", "digits", "compile", "warm", "cold")
    parser.add_argument("--rows", nargs="+", choices=groups, default=list(groups))
    parser.add_argument("--nets", nargs="+", choices=list(NETS), default=list(NETS)[:2])
    parser.add_argument("--batches", nargs="+", type=int, default=[1, 32, 128])
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--turns", type=int, default=7, help="pairs of a row")
    parser.add_argument("--cold-turns", type=int, default=1, help="pairs of a start from nothing")
    add_outputs(parser)
    given = parser.parse_args()
    old, new = Side(given.old), Side(given.new)
    findings = []
    for row, turns in rows_of(given):
        findings.append(take_turns(row, old, new, turns))
        f = findings[-1]
        print(f"{f.name}: {f.old:.3g} {f.new:.3g} {f.ratio:.3f}", file=sys.stderr, flush=True)
    old.stop()
    new.stop()
    publish({"turns": grid_of(findings)}, [asdict(f) for f in findings], given)


if __name__ == "__main__":
    main()
