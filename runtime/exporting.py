"""A model written out for other runtimes and for hardware."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from ..backends.artifact.model import Package, graph_digest
from ..backends.artifact.storage import unwritable, write_file
from ..backends.exports.table import Details, Export, Exported
from ..backends.trace import Trace
from .loading import make_simulator
from .samples import Presentation
from .settings import Settings


def write_export(
    package: Package,
    row: Export,
    out: Path,
    details: Details,
    samples: Presentation | None,
    settings: Settings,
) -> Exported:
    """Write what the row makes of a model into a folder, with a test by these samples; what an
    earlier export left there goes. Of a form that is a single file, `out` is that. CompileError
    where the model has no such form (`row.require` says so before), or it cannot be written
    (E063)."""
    trace = None if samples is None else _golden(package, samples, settings)
    made = row.write(package.model, graph_digest(package.model.graph), trace, details)
    if row.ending:
        write_file(out, made.files[""])
        return made
    _clear(out, row.beside)
    for name, content in made.files.items():
        write_file(out / name, content)
    return made


def _golden(package: Package, samples: Presentation, settings: Settings) -> Trace:
    """What the reference does with the samples, states included."""
    simulator = make_simulator(replace(package, target="reference", extras={}), 1, settings)
    return simulator.trace(samples.pick(np.arange(len(samples))), True)


def _clear(folder: Path, patterns: tuple[str, ...]) -> None:
    """Removes what an earlier export may have left, and this one may not write; CompileError(E063)
    where that cannot be. A folder within goes with its last file."""
    try:
        for path in [found for pattern in patterns for found in folder.glob(pattern)]:
            path.unlink()
            if path.parent != folder and not any(path.parent.iterdir()):
                path.parent.rmdir()
    except OSError as error:
        raise unwritable(folder, error) from error
