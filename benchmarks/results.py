"""What the training benchmark finds, and its tables."""

from __future__ import annotations

from dataclasses import dataclass

from cost import Cost
from machine import MIB, Machine
from tables import Grid, rates_text


@dataclass(frozen=True, slots=True)
class Case:
    """What is timed. `inputs` names a row of `train.INPUTS`."""

    net: str
    steps: int
    inputs: str
    batch: int
    threads: int


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds a sample: wall time of the best and of the median repeat, and the least
    processor time, summed over the threads."""

    best: float
    median: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Result:
    """A case timed and counted. The costs and floors [ms] are a sample's; those of `train` hold the
    forward pass too. `rates`: percent of the steps with a spike, by population."""

    case: Case
    forward: Timing
    train: Timing
    rates: dict[str, float]
    forward_costs: tuple[Cost, ...]
    train_costs: tuple[Cost, ...]
    forward_floor: float
    train_floor: float


@dataclass(frozen=True, slots=True)
class Profile:
    """Milliseconds a sample of each stage on one thread, beside its cost and its floor."""

    case: Case
    rates: dict[str, float]
    costs: tuple[Cost, ...]
    floors: dict[str, float]
    times: dict[str, float]


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
    results: tuple[Result, ...]
    profiles: tuple[Profile, ...]


def grids_of(report: Report) -> dict[str, Grid]:
    """Every table, by the name that a page marks its place with."""
    grids = {
        "machine": machine_grid(report),
        "speed": speed_grid(report.results),
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
        "net", "inputs", "T", "rates %", "batch", "threads", "forward", "floor", "reached",
        "training", "median", "processor", "floor", "reached",
    )  # fmt: skip
    return Grid("Milliseconds a sample", headers, tuple(map(_speed_row, results)), 2)


def _speed_row(result: Result) -> tuple[str, ...]:
    case, forward, train = result.case, result.forward, result.train
    return (
        case.net,
        case.inputs,
        str(case.steps),
        rates_text(result.rates),
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


def counts_grid(report: Report) -> Grid:
    """Operations and bytes a sample of the whole training, for every case of one thread count."""
    threads = {r.case.threads for r in report.results}
    chosen = [r for r in report.results if r.case.threads == max(threads)]
    headers = ("net", "inputs", "T", "rates %", "batch", "forward Mop", "MB", "training Mop", "MB")
    rows = tuple(
        (
            r.case.net,
            r.case.inputs,
            str(r.case.steps),
            rates_text(r.rates),
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
    title += f", rates {rates_text(profile.rates)} %"
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
