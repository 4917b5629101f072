"""Files of what a run recorded."""

from __future__ import annotations

from pathlib import Path

import typer

from ...backends.artifact.model import Package
from ...backends.artifact.storage import write_file
from ..loading import make_simulator
from ..record import KINDS, files_of
from ..samples import Presentation
from ..settings import usable_threads
from ..simulation import probes_of, record
from .environment import settings
from .output import Output


def require_kind(path: Path | None, has_states: bool) -> None:
    """Wrong usage where no file of that kind is written, or nothing is said of one."""
    if has_states and path is None:
        raise typer.BadParameter("it says what --record writes", param_hint="--record-states")
    if path is not None and path.suffix not in KINDS:
        message = f"`{path}` ends in neither {' nor '.join(KINDS)}"
        raise typer.BadParameter(message, param_hint="--record")


def write_record(
    path: Path,
    package: Package,
    samples: Presentation,
    threads: int | None,
    has_states: bool,
    output: Output,
) -> None:
    """Record what the program says, or all of it, and write it: arrays as .npz, lines as .csv,
    those of states in a file of their own beside it."""
    probes = probes_of(package, has_states)
    simulator = make_simulator(package, threads or usable_threads(), settings())
    seen = record(simulator, samples, probes)
    model, steps = package.model, simulator.steps
    files = files_of(path, model, probes, seen, len(samples), steps)
    for written, content in files.items():
        write_file(written, content)
        if written != path:
            output.note(f"states: {written}")
