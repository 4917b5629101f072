"""The folder of a training run: how it was started, its curves, its states and its models."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...backends.artifact.model import Package, save_model
from ...backends.artifact.storage import is_file, is_folder, read_file, unwritable, write_file
from ...backends.protocols import State, Trainer
from ...ir.deploy.choices import DeploySpec
from ...ir.diagnostics import CompileError, Diagnostic
from ...ir.graph import Call
from ...ir.model import Model
from ...ir.running import RunSpec
from .average import lent
from .checkpoint import Checkpoint, latest, newest_first, save_checkpoint
from .history import best, write_history
from .progress import Progress

RUN = "run.json"
HISTORY = "history.jsonl"
CHECKPOINTS = "checkpoints"
MODEL = "model.snnpkg"  # of the best epoch
LAST = "last.snnpkg"
START = "start.snnpkg"  # the model whose weights it started from
WARM = "warm.snnpkg"  # the floats of which integers were made within the run
SEEDS = "seeds.json"  # of a training by several seeds, each a run in a folder below
LIMIT = 1 << 24

Document = dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class RunFolder:
    """Keeps a run. `digest` is of all that its weights depend on; the rest is what its packages
    hold beside weights, which are what is `packaged` of a model that was learnt; `deploy` is what
    the program asks of its integers, `run` how it says that it is run."""

    path: Path
    digest: str
    model: Model
    target: str
    data: Call
    packaged: Callable[[Model], Model] = lambda model: model
    deploy: DeploySpec | None = None
    run: RunSpec | None = None

    def checkpoint(self, trainer: Trainer, progress: Progress) -> None:
        """Save the state, now."""
        checkpoint = Checkpoint(self.digest, trainer.state(), progress)
        save_checkpoint(self.path / CHECKPOINTS, checkpoint)

    def epoch(self, trainer: Trainer, progress: Progress, averaged: State) -> None:
        """Save what an epoch brought; models have the `averaged` weights, if there are some. The
        checkpoint comes last: a crash before it repeats the epoch's end, and writes the same files
        again."""
        with lent(trainer, averaged):
            model = self.model.with_weights(trainer.weights()).with_values(trainer.parameters())
        learnt, asked = self.packaged(model), (self.deploy, self.run)
        package = Package(learnt, self.target, self.data, {}, *asked)
        save_model(self.path / LAST, package)
        if best(progress.history) is progress.history[-1]:
            save_model(self.path / MODEL, package)
        write_history(self.path / HISTORY, progress.history)
        self.checkpoint(trainer, progress)

    def latest(self) -> Checkpoint | None:
        """The state to go on from; None if the run never came to its first checkpoint."""
        return latest(self.path / CHECKPOINTS, self.digest)


def write_start(path: Path, options: Mapping[str, Any], session: Document) -> None:
    """Note how the run was started, or started again, in run.json."""
    sessions = read_run(path)["sessions"] if is_run(path) else []
    document = {"options": dict(options), "sessions": [*sessions, session]}
    write_file(path / RUN, (json.dumps(document, indent=2) + "\n").encode())


def read_run(path: Path) -> Document:
    """What run.json says; CompileError(E060) if it is not as it was written."""
    content = read_file(path / RUN, LIMIT)
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        document = None
    fits = isinstance(document, dict) and isinstance(document.get("sessions"), list)
    if not fits or not isinstance(document.get("options"), dict):
        message = f"`{path / RUN}` is damaged"
        raise CompileError(Diagnostic("E060", message, help="start anew with another --out"))
    return dict(document)


def is_run(path: Path) -> bool:
    """Whether the path is the folder of a training run."""
    return is_folder(path) and is_file(path / RUN)


def are_seeds(path: Path) -> bool:
    """Whether the path is the folder of a training by several seeds."""
    return is_folder(path) and is_file(path / SEEDS)


def clear(path: Path) -> None:
    """Remove what an earlier run left, and nothing else. What tells that it is a run goes last."""
    try:
        for name in (HISTORY, MODEL, LAST, START, WARM):
            (path / name).unlink(missing_ok=True)
        _clear_checkpoints(path / CHECKPOINTS)
        (path / RUN).unlink(missing_ok=True)
    except OSError as error:
        raise unwritable(path, error) from error


def _clear_checkpoints(folder: Path) -> None:
    for path in newest_first(folder):
        path.unlink()
    if is_folder(folder) and not any(folder.iterdir()):
        folder.rmdir()


def free_folder(base: Path) -> Path:
    """The folder itself, or the first of base-2, base-3 … that does not exist."""
    number, path = 2, base
    while os.path.lexists(path):
        path = base.with_name(f"{base.name}-{number}")
        number += 1
    return path


def refuse_occupied(path: Path) -> None:
    """CompileError(E063) if the folder holds a run, or strangers' files of a run's names."""
    if is_run(path) or are_seeds(path):
        message = f"`{path}` holds a training run already"
        replaced = "--overwrite to replace it, " if is_run(path) else ""
        way_out = f"add --resume to go on with it, {replaced}or name another --out"
        raise CompileError(Diagnostic("E063", message, help=way_out))
    refuse_strangers(path)


def refuse_strangers(path: Path) -> None:
    """CompileError(E063) if a run in the folder would replace what no run has left there."""
    if is_run(path):
        read_run(path)
        return
    names = (HISTORY, MODEL, LAST, START, WARM, RUN, SEEDS)
    taken = [name for name in names if os.path.lexists(path / name)]
    if newest_first(path / CHECKPOINTS):
        taken.append(CHECKPOINTS)
    if taken:
        message = f"`{path}` is not the folder of a training run, but holds `{taken[0]}`"
        raise CompileError(Diagnostic("E063", message, help="name another --out"))
