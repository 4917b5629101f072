"""train --seeds: a run by each seed, and a table of all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import typer
from rich.table import Table

from ..report import figure_title
from ..session import Start
from ..training.figures import Figures, figures
from ..training.lock import hold
from ..training.options import TrainOptions, remembered
from ..training.run_folder import is_run
from ..training.seeds import (
    MOST_SEEDS,
    Seeds,
    fit,
    noted,
    read_seeds,
    seed_folder,
    spreads,
    write_seeds,
)
from .following import Plan, follow
from .output import Output
from .resuming import Changes


def parsed_seeds(text: str | None) -> Seeds:
    """The seeds of `1..5`, `1,4,7` or `1..3,7`; none of None. Wrong usage if it is no such text."""
    if text is None:
        return ()
    seeds = tuple(seed for part in text.split(",") for seed in _range(part.strip()))
    if not fit(seeds):
        message = f"`{text}` are not 1 to {MOST_SEEDS} seeds below 2^64, each once"
        raise typer.BadParameter(message, param_hint="--seeds")
    return seeds


def _range(part: str) -> Iterator[int]:
    """The seeds of `3` or `1..5`, as many of them as may be given and one."""
    found = re.fullmatch(r"([0-9]{1,20})(?:\.\.([0-9]{1,20}))?", part)
    if found is None:
        message = f"`{part}` is neither a seed nor a range, such as 1..5"
        raise typer.BadParameter(message, param_hint="--seeds")
    first, last = int(found[1]), int(found[2] or found[1])
    return iter(range(first, min(last, first + MOST_SEEDS) + 1))


def begin_by_seeds(
    folder: Path, seeds: Seeds, options: TrainOptions, threads: int, output: Output
) -> None:
    """Train by each seed, from the start."""
    with noted(folder, seeds, options):
        _tell_all([_one(folder, seed, options, threads, output) for seed in seeds], folder, output)


def go_on_by_seeds(
    folder: Path, seeds: Seeds, changes: Changes, threads: int, output: Output
) -> None:
    """Train by the seeds that are not finished; `seeds`, if any, take the place of those noted."""
    before, options = read_seeds(folder)
    seeds, options = seeds or before, changes.of(options)
    write_seeds(folder, seeds, options)
    found = [_one(folder, seed, options, threads, output, changes) for seed in seeds]
    _tell_all(found, folder, output)


def _one(
    whole: Path,
    seed: int,
    options: TrainOptions,
    threads: int,
    output: Output,
    changes: Changes | None = None,
) -> Figures:
    """The figures of the run by a seed, which goes on where it was begun."""
    output.note(f"seed {seed}", "bold")
    with hold(seed_folder(whole, seed)) as folder:
        output.document({"event": "seed", "seed": seed, "folder": str(folder)})
        plan = Plan(replace(options, seed=seed), folder, Start.NEW, threads, whole)
        if changes is not None and is_run(folder):
            plan = replace(plan, options=changes.of(remembered(folder)), how=Start.RESUME)
        return figures(follow(plan, output).history)


def _tell_all(found: list[Figures], folder: Path, output: Output) -> None:
    of, named = found[0].of, spreads(found)
    documents = {name: spread._asdict() for name, spread in named.items()}
    document = {"event": "seeds", "folder": str(folder), "figures": {"of": of, **documents}}
    output.document(document)
    table = Table("figure", f"{of} accuracy", "sd", "n", box=None)
    for name, (mean, sd, n) in named.items():
        table.add_row(figure_title(name), f"{mean:.2%}", "" if sd is None else f"{sd:.2%}", f"{n}")
    output.result("", table)
