"""The training benchmark's report as tables: for a terminal, and for a page of the manual."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from cost import Cost
from machine import Machine
from results import Profile, Report, Result
from rich.table import Table

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Grid:
    """A table of text; numbers stand right, the first `labels` columns left."""

    title: str
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    labels: int = 1


def grids_of(report: Report) -> dict[str, Grid]:
    """Every table, by the name that a page marks its place with."""
    grids = {
        "machine": machine_grid(report),
        "speed": speed_grid(report.results),
        "spikes": spikes_grid(report.results),
        "counts": counts_grid(report),
    }
    for profile in report.profiles:
        case = profile.case
        name = f"stages {case.net} {case.inputs} {case.steps} {case.batch}"
        grids[name] = stages_grid(profile, report.machine)
    return grids


def machine_grid(report: Report) -> Grid:
    """What ran, on what."""
    machine, about = report.machine, report.about
    rows = [
        ("processor", f"{machine.cpu}, {machine.cores} cores"),
        ("commit", about.commit),
        ("versions", ", ".join(f"{name} {number}" for name, number in about.versions.items())),
        ("repeats", str(about.repeats)),
        ("load before", f"{about.load:.1f}"),
    ]
    rows += [
        (f"{x.name}, {_threads(x.threads)}", f"read {x.read:.0f} GB/s, update {x.update:.0f} GB/s")
        for x in machine.levels
    ]
    rows += [
        (f"multiply-add, {_threads(a.threads)}", f"{a.fma / 2:.0f} G operations/s")
        for a in machine.arithmetic
    ]
    return Grid("Machine", ("", ""), tuple(rows), 2)


def _threads(count: int) -> str:
    return "1 thread" if count == 1 else f"{count} threads"


def speed_grid(results: tuple[Result, ...]) -> Grid:
    """Milliseconds a sample, and the fraction of the floor that is reached."""
    headers = (
        "net", "inputs", "T", "batch", "threads", "forward", "floor", "reached", "training",
        "median", "processor", "floor", "reached",
    )  # fmt: skip
    return Grid("Milliseconds a sample", headers, tuple(map(_speed_row, results)), 2)


def _speed_row(result: Result) -> tuple[str, ...]:
    case, forward, train = result.case, result.forward, result.train
    return (
        case.net,
        case.inputs,
        str(case.steps),
        str(case.batch),
        str(case.threads),
        f"{forward.best:.2f}",
        f"{result.forward_floor:.2f}",
        f"{result.forward_floor / forward.best:.0%}",
        f"{train.best:.2f}",
        f"{train.median:.2f}",
        f"{train.cpu:.2f}",
        f"{result.train_floor:.2f}",
        f"{result.train_floor / train.best:.0%}",
    )


def spikes_grid(results: tuple[Result, ...]) -> Grid:
    """Spikes a sample; the batch and the threads do not change them."""
    first = {(r.case.net, r.case.inputs, r.case.steps): r for r in reversed(results)}
    names = list(results[0].spikes) if results else []
    rows = tuple(
        (net, inputs, str(steps), *(f"{r.spikes[name]:.0f}" for name in names))
        for (net, inputs, steps), r in reversed(first.items())
    )
    return Grid("Spikes a sample", ("net", "inputs", "T", *names), rows, 2)


def counts_grid(report: Report) -> Grid:
    """Operations and bytes a sample of the whole training, for every case of one thread count."""
    threads = {r.case.threads for r in report.results}
    chosen = [r for r in report.results if r.case.threads == max(threads)]
    headers = ("net", "inputs", "T", "batch", "forward Mop", "MB", "training Mop", "MB")
    rows = tuple(
        (
            r.case.net,
            r.case.inputs,
            str(r.case.steps),
            str(r.case.batch),
            *_totals(r.forward_costs),
            *_totals(r.train_costs),
        )
        for r in chosen
    )
    return Grid("Millions of operations and bytes a sample", headers, rows, 2)


def _totals(costs: tuple[Cost, ...]) -> tuple[str, str]:
    operations = sum(c.operations for c in costs)
    moved = sum(c.read + c.update for c in costs)
    return f"{operations / 1e6:.1f}", f"{moved / 1e6:.1f}"


def stages_grid(profile: Profile, machine: Machine) -> Grid:
    """Where the time goes, on one thread."""
    case = profile.case
    headers = ("stage", "Mop", "MB", "set MiB", "in", "floor ms", "ms", "reached")
    rows = [_stage_row(cost, profile, machine) for cost in profile.costs]
    floor, total = sum(profile.floors.values()), sum(profile.times.values())
    whole = (
        *_totals(profile.costs),
        "",
        "",
        f"{floor:.2f}",
        f"{total:.2f}",
        f"{floor / total:.0%}",
    )
    title = f"{case.net}, T = {case.steps}, batch {case.batch}, {case.inputs}, one thread"
    return Grid(title, headers, (*rows, ("all", *whole)))


def _stage_row(cost: Cost, profile: Profile, machine: Machine) -> tuple[str, ...]:
    floor, time = profile.floors[cost.stage], profile.times[cost.stage]
    return (
        cost.stage,
        *_totals((cost,)),
        f"{cost.working_set / MIB:.2f}",
        cost.level(machine),
        f"{floor:.3f}",
        f"{time:.3f}",
        f"{floor / time:.0%}" if time > 0 else "",
    )


def to_rich(grid: Grid) -> Table:
    """For a terminal."""
    table = Table(title=grid.title, title_justify="left", box=None, header_style="bold")
    for k, header in enumerate(grid.headers):
        table.add_column(header, justify="left" if k < grid.labels else "right")
    for row in grid.rows:
        table.add_row(*row)
    return table


def to_markdown(grid: Grid) -> str:
    """For a page."""
    rules = ["---" if k < grid.labels else "---:" for k in range(len(grid.headers))]
    lines = [f"**{grid.title}**", ""]
    return "\n".join(
        lines + [f"| {' | '.join(row)} |" for row in (grid.headers, rules, *grid.rows)]
    )


def fill_page(text: str, grids: Mapping[str, Grid]) -> str:
    """The page with each table put between its marks, `<!-- table: NAME -->` and `<!-- end -->`.

    A mark whose table was not measured keeps what stands there.
    """

    def filled(match: re.Match[str]) -> str:
        name = match.group(1)
        body = f"\n\n{to_markdown(grids[name])}\n\n" if name in grids else match.group(2)
        return f"<!-- table: {name} -->{body}<!-- end -->"

    return re.sub(r"<!-- table: ([^>]*?) -->(.*?)<!-- end -->", filled, text, flags=re.DOTALL)
