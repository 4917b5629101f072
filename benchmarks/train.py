"""Training and simulation against what this machine allows.

    python benchmarks/train.py [--quick] [--page docs/performance.md]

For every net, batch and number of threads: the firing rates; milliseconds a sample, forward and
forward + backward with the update; the operations and bytes that they cost (`cost.py`); the least
time that these take by the measured roofline (`machine.py`), the fraction of it that is reached,
and which stage it goes to. Wall times want a quiet machine; the table says how busy it was.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from cost import STAGES, Cost, floor_ms, totals
from machine import Machine, measure
from nets import INPUTS
from programs import NETS
from rich.console import Console
from speed import Options, Row, cpu_costs, speed
from tables import Grid, add_outputs, publish, rates_text

from snncc.runtime.host import git_commit, versions

OUT = Path(__file__).parent / "out" / "train.json"
FULL = Options(threads=(1, 2), repeats=5, seconds=6)
QUICK = Options(
    steps=(100,), batches=(1, 4), threads=(2,), repeats=2, fewest=8, learnt=0, presented=2
)


@dataclass(frozen=True, slots=True)
class About:
    """What the figures must be read with. `load`: processes that wanted a core, mean of the last
    minute, when the benchmark began; anything near the cores spoils wall times."""

    commit: str
    versions: dict[str, str]
    load: float
    repeats: int


@dataclass(frozen=True, slots=True)
class Report:
    """Everything."""

    about: About
    machine: Machine
    rows: tuple[Row, ...]


def describe(repeats: int) -> About:
    """Commit, versions and load."""
    found = {name: v for name, v in versions().items() if name in ("python", "numpy", "numba")}
    commit = git_commit(Path(__file__).parent) or "unknown"
    return About(commit[:12], found, os.getloadavg()[0], repeats)


def grids_of(report: Report) -> dict[str, Grid]:
    """Every table, by the name that a page marks its place with."""
    return {
        "machine": machine_grid(report.about, report.machine),
        "speed": speed_grid(report.rows),
        "counts": counts_grid(report.rows),
        "floors": floors_grid(report),
    }


def machine_grid(about: About, machine: Machine) -> Grid:
    """What ran, on what."""
    rows = [
        ("processor", f"{machine.cpu}, {machine.cores} cores"),
        ("commit", about.commit),
        ("versions", ", ".join(f"{name} {number}" for name, number in about.versions.items())),
        ("repeats", str(about.repeats)),
        ("load before", f"{about.load:.1f}"),
    ]
    rows += [
        (f"{x.name}, threads {x.threads}", f"read {x.read:.0f} GB/s, update {x.update:.0f} GB/s")
        for x in machine.levels
    ]
    rows += [
        (f"multiply-add, threads {a.threads}", f"{a.fma / 2:.0f} G operations/s")
        for a in machine.arithmetic
    ]
    return Grid("Machine", ("", ""), tuple(rows), 2)


CASE = ("net", "inputs", "T", "rates %", "batch", "threads")


def speed_grid(rows: tuple[Row, ...]) -> Grid:
    """Milliseconds a sample, and the fraction of the floor that is reached."""
    headers = (
        *CASE, "forward", "floor", "reached", "training", "median", "processor", "floor", "reached",
    )  # fmt: skip
    return Grid("Milliseconds a sample", headers, tuple(map(_speed_row, rows)), 2)


def _case(row: Row) -> tuple[str, ...]:
    case = row.case
    numbers = (str(case.batch), str(case.threads))
    return (case.net, case.inputs, str(case.steps), rates_text(row.rates), *numbers)


def _speed_row(row: Row) -> tuple[str, ...]:
    forward, train = row.forward, row.train
    return (
        *_case(row),
        f"{forward.best:.2f}",
        f"{row.forward_floor:.2f}",
        f"{row.forward_floor / forward.best:.0%}",
        f"{train.best:.2f}",
        f"{train.median:.2f}",
        f"{train.cpu:.2f}",
        f"{row.train_floor:.2f}",
        f"{row.train_floor / train.best:.0%}",
    )


def counts_grid(rows: tuple[Row, ...]) -> Grid:
    """Operations and bytes a sample of the whole training, for one thread count."""
    most = max((row.case.threads for row in rows), default=0)
    cells = tuple(
        (*_case(row), *_millions(row.forward_costs), *_millions(row.train_costs))
        for row in rows
        if row.case.threads == most
    )
    headers = (*CASE, "forward Mop", "MB", "training Mop", "MB")
    return Grid("Millions of operations and bytes a sample", headers, cells, 2)


def _millions(costs: tuple[Cost, ...]) -> tuple[str, ...]:
    return tuple(f"{amount / 1e6:.1f}" for amount in totals(costs))


def floors_grid(report: Report) -> Grid:
    """The floor of training, stage by stage, on one thread."""

    def least(costs: tuple[Cost, ...], stage: str) -> str:
        return f"{floor_ms(tuple(c for c in costs if c.stage == stage), report.machine, 1):.2f}"

    cells = tuple(
        (*_case(row), *(least(row.train_costs, stage) for stage in STAGES))
        for row in report.rows
        if row.case.threads == 1
    )
    return Grid("The least milliseconds of a stage", (*CASE, *STAGES), cells, 2)


def parse_options() -> tuple[Options, argparse.Namespace]:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description="Time training against the limits of the machine.")
    parser.add_argument("--nets", nargs="+", choices=list(NETS))
    parser.add_argument("--steps", nargs="+", type=int)
    parser.add_argument("--inputs", nargs="+", choices=list(INPUTS))
    parser.add_argument("--batches", nargs="+", type=int)
    parser.add_argument("--threads", nargs="+", type=int)
    parser.add_argument("--repeats", type=int)
    parser.add_argument("--quick", action="store_true", help="few samples, rough figures")
    add_outputs(parser, OUT)
    given = parser.parse_args()
    lists = ("nets", "steps", "inputs", "batches", "threads")
    named: dict[str, Any] = {
        name: tuple(v) for name in lists if (v := getattr(given, name)) is not None
    }
    preset = QUICK if given.quick else FULL
    return replace(preset, **named, repeats=given.repeats or preset.repeats), given


def main() -> None:
    """Measure, print the tables, write the JSON and the page."""
    options, given = parse_options()
    about = describe(options.repeats)
    with Console().status("the machine") as status:
        machine = measure(max(options.threads), *((0.02, 2) if given.quick else (0.2, 5)))
        rows = tuple(speed("cpu", options, machine, status.update, cpu_costs))
    report = Report(about, machine, rows)
    publish(grids_of(report), asdict(report), given)


if __name__ == "__main__":
    main()
