"""diff: two sides compared, down to the first neuron that differs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from ...backends.artifact.model import Package
from ...ir.diagnostics import to_json
from ...ir.trains import counted
from ..datasets.arrays import load_npy
from ..datasets.data import Data
from ..datasets.table import load
from ..diff.agreed import agree
from ..diff.comparison import Comparison, Presented, compare_sides
from ..diff.document import document_of
from ..diff.operands import OPERANDS, Opening, open_sides
from ..diff.reason import reason_of
from ..diff.shown import shown
from ..diff.side import Side
from ..inputs import choose_data
from ..loading import Options, is_package
from ..report import progress_bar
from ..samples import Presentation, present
from ..settings import usable_threads
from ..training.run_folder import is_run
from .command import Command
from .environment import fetch_bar, settings
from .options import DataOption, Defines, Json, Limit, Network, Quiet, Seed, Threads, parse_defines
from .output import Output, draw
from .running import SHOWN, Split, SplitOption

Words = Annotated[
    str,
    typer.Argument(
        help="; ".join(f"{row.summary}" for row in OPERANDS.values()), show_default=False
    ),
]
DIFFERENT = 1  # the exit status


def diff(
    a: Words,
    b: Words,
    data: DataOption = None,
    split: SplitOption = Split.TEST,
    inputs: Annotated[
        Path | None, typer.Option("--inputs", help="an .npy file in place of data, as in `run`")
    ] = None,
    limit: Limit = None,
    states: Annotated[
        bool, typer.Option("--states", help="compare the neurons' states too; slow")
    ] = False,
    tolerance: Annotated[
        float, typer.Option("--tolerance", min=0.0, help="by how much states may differ")
    ] = 0.0,
    define: Defines = None,
    network: Network = None,
    seed: Seed = None,
    threads: Threads = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Compare two runs spike by spike, and say where they part first and why.

    Exit status 0: equal, 1: different, 2: wrong usage.
    """
    if inputs is not None and data is not None:
        raise typer.BadParameter("it takes the place of --data", param_hint="--inputs")
    if tolerance and not states:
        raise typer.BadParameter("it says how --states compares", param_hint="--tolerance")
    output = Output(json, quiet)
    given = parse_defines(define)
    options = _options(Options(given, network, seed))
    opening = Opening(options, threads or usable_threads(), settings(), states)
    sides = open_sides((a, b), opening)
    made = _compared(sides, data, split, inputs, limit, tolerance if states else None, output)
    reason = reason_of(made)
    document = document_of(made, reason)
    output.document({**document, "warnings": [to_json(w) for w in made.agreed.warnings]})
    output.result(*shown(made, document, reason))
    if not made.is_equal:
        raise typer.Exit(DIFFERENT)


def _options(given: Options) -> Callable[[Path, str | None], Options]:
    """The options of what lies at a path: a package is finished, so it takes none but the
    target."""

    def options(path: Path, target: str | None) -> Options:
        is_compiled = is_run(path) or is_package(path)
        return Options(target=target) if is_compiled else replace(given, target=target)

    return options


def _compared(
    sides: tuple[Side, Side],
    data: str | None,
    split: Split,
    inputs: Path | None,
    limit: int | None,
    tolerance: float | None,
    output: Output,
) -> Comparison:
    packages = [side.package for side in sides if side.package is not None]
    if not packages and (data is not None or inputs is not None):
        raise typer.BadParameter("two logs take no samples", param_hint="--data")
    presented: Presented = (None, None)
    if packages:
        count = limit or _logged(sides, inputs is None)
        found = _data(packages[0], data, split, inputs, output).first(count)
        presented = _presented(sides[0], found, split), _presented(sides[1], found, split)
        draw(found.warnings, output)
    given = next((p for p in presented if p is not None), None)
    agreed = agree(*sides, None if given is None else len(given), limit)
    draw(agreed.warnings, output)
    labels = given.labels[: agreed.samples] if given is not None and inputs is None else None
    with progress_bar(output.notes, output.is_live and output.notes.is_terminal) as bar:
        task = bar.add_task("diff", total=agreed.samples, facts="")

        def watch(done: int, _total: int) -> None:
            bar.update(task, completed=done)

        return compare_sides(sides, presented, agreed, labels, tolerance, watch)


def _logged(sides: tuple[Side, Side], is_long: bool) -> int | None:
    """The samples to present, if the user does not say it: as many as a log has, else all, but of a
    data set, which `is_long`, no more than a log shows, or some."""
    told = [side.samples for side in sides if side.samples is not None]
    if told or not is_long:
        return max(told, default=None)
    return max(side.least[0] for side in sides) or SHOWN


def _data(
    package: Package, named: str | None, split: Split, inputs: Path | None, output: Output
) -> Data:
    counts = bool(counted(package.model.graph))
    if inputs is not None:
        return load_npy(inputs, counts=counts)
    with fetch_bar(output) as fetched:
        call = choose_data(package, named)
        return load(call, split.value, settings(), fetched, counts=counts)


def _presented(side: Side, data: Data, split: Split) -> Presentation | None:
    package = side.presents
    return None if package is None else present(package.model.graph, data, split.value)


COMMANDS = (Command("diff", diff, "snncc diff examples/digits.snn reference --limit 2"),)
