"""A training by several seeds: a run by each in a folder of its own, and what all come to."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import fmean, stdev
from typing import NamedTuple

from ...backends.artifact.numbers import is_whole
from ...backends.artifact.package import UNFIT
from ...backends.artifact.storage import read_file, write_file
from ...backends.protocols import LARGEST_SEED
from ...ir.diagnostics import CompileError, Diagnostic
from .figures import Figures
from .options import TrainOptions, believed
from .run_folder import SEEDS, is_run

MOST_SEEDS = 1000
LIMIT = 1 << 20

Seeds = tuple[int, ...]


def seed_folder(path: Path, seed: int) -> Path:
    """Where the run by a seed is kept."""
    return path / f"seed-{seed}"


def started(path: Path, seeds: Seeds) -> tuple[Path, ...]:
    """The folders of those runs that were started."""
    folders = (seed_folder(path, seed) for seed in seeds)
    return tuple(folder for folder in folders if is_run(folder))


def write_seeds(path: Path, seeds: Seeds, options: TrainOptions) -> None:
    """Note by which seeds, and how, the runs are to be started."""
    document = {"seeds": seeds, "options": options.document()}
    write_file(path / SEEDS, (json.dumps(document, indent=2) + "\n").encode())


def read_seeds(path: Path) -> tuple[Seeds, TrainOptions]:
    """What `write_seeds` noted; CompileError(E060) if it did not."""
    try:
        document = json.loads(read_file(path / SEEDS, LIMIT))
        seeds, options = tuple(document["seeds"]), dict(document["options"])
    except UNFIT:
        seeds, options = (), {}
    if not fit(seeds):
        message = f"`{path / SEEDS}` is damaged"
        raise CompileError(Diagnostic("E060", message, help="start anew with another --out"))
    return seeds, believed(options, path / SEEDS)


def fit(seeds: Seeds) -> bool:
    """Whether a training can be by these seeds: there are some, each once."""
    are_whole = all(is_whole(seed, 0, LARGEST_SEED) for seed in seeds)
    return are_whole and 0 < len(seeds) == len(set(seeds)) <= MOST_SEEDS


@contextmanager
def noted(path: Path, seeds: Seeds, options: TrainOptions) -> Iterator[None]:
    """Within it the seeds are noted, and afterwards if one of the runs was started."""
    write_seeds(path, seeds, options)
    try:
        yield
    finally:
        if not started(path, seeds):
            (path / SEEDS).unlink(missing_ok=True)


class Spread(NamedTuple):
    """The mean of n figures and their standard deviation, by n - 1; None of one."""

    mean: float
    sd: float | None
    n: int


def spreads(found: Sequence[Figures]) -> dict[str, Spread]:
    """What the figures of several runs come to, by their names."""
    return {name: _spread([f.named[name].accuracy for f in found]) for name in found[0].named}


def _spread(values: list[float]) -> Spread:
    return Spread(fmean(values), stdev(values) if len(values) > 1 else None, len(values))
