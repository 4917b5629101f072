"""How a training run was started: what run.json remembers, and what of it is believed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from ...backends.artifact.numbers import is_amount, is_whole
from ...backends.protocols import LARGEST_SEED
from ...ir.diagnostics import CompileError, Diagnostic
from ...ir.integers.precision import FEWEST_BITS, MOST_BITS, Deployment
from ...ir.ranges import BELOW_ONE
from .deployment import from_document, to_document
from .run_folder import RUN, read_run

CHECKPOINT_SECONDS = 60.0
CALIBRATED = 1000
FROZEN, LEARNT = SCALES = "frozen", "learnt"


@dataclass(frozen=True, slots=True)
class TrainOptions:
    """What run.json remembers of how a run was started. None: as the program says. `start`: the
    model whose weights it started from; `deployment`: the integers that it runs, for which
    `calibrate` of the training samples are looked at, after `warm_up` epochs in floats; `scales`:
    whether the units of integers learn, `parameters`: whether those of neurons may."""

    program: str
    defines: Mapping[str, str] = field(default_factory=dict)
    network: str | None = None
    target: str = "cpu"
    seed: int = 0
    epochs: int | None = None
    batch: int | None = None
    limit: int | None = None
    test_limit: int | None = None
    checkpoint_seconds: float = CHECKPOINT_SECONDS
    holdout: float | None = None
    start: str | None = None
    deployment: Deployment | None = None
    calibrate: int = CALIBRATED
    warm_up: int = 0
    scales: str = FROZEN
    parameters: bool = True

    def document(self) -> dict[str, Any]:
        """The options as plain data."""
        said = {f.name: getattr(self, f.name) for f in fields(self)}
        asked = self.deployment
        return {**said, "deployment": None if asked is None else to_document(asked)}


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and "\0" not in value


def _are_defines(value: Any) -> bool:
    return isinstance(value, dict) and all(_is_text(text) for text in value.values())


FITS: dict[str, Callable[[Any], bool]] = {
    "program": lambda value: _is_text(value) and value != "",
    "defines": _are_defines,
    "network": lambda value: value is None or _is_text(value),
    "target": _is_text,
    "seed": lambda value: is_whole(value, 0, LARGEST_SEED),
    "epochs": lambda value: value is None or is_whole(value, 1),
    "batch": lambda value: value is None or is_whole(value, 1),
    "limit": lambda value: value is None or is_whole(value, 1),
    "test_limit": lambda value: value is None or is_whole(value, 0),
    "checkpoint_seconds": is_amount,
    "holdout": lambda value: value is None or (is_amount(value) and value in BELOW_ONE),
    "start": lambda value: value is None or _is_text(value),
    "deployment": lambda value: value is None or isinstance(value, dict),
    "calibrate": lambda value: is_whole(value, 0),
    "warm_up": lambda value: is_whole(value, 0),
    "scales": lambda value: value in SCALES,
    "parameters": lambda value: isinstance(value, bool),
}
# What runs remembered before: bits alone, of integers not calibrated, beside which weights learnt.
BEFORE = {"bits": lambda value: value is None or is_whole(value, FEWEST_BITS, MOST_BITS)}


def remembered(path: Path) -> TrainOptions:
    """The options that the run in the folder was started with; CompileError(E060) names one that
    cannot have been given."""
    return believed(read_run(path)["options"], path / RUN)


def believed(options: Mapping[str, Any], path: Path) -> TrainOptions:
    """The options that a file has; CompileError(E060) names one that cannot have been given."""
    fits = FITS | BEFORE
    wrong = sorted(name for name in options.keys() & fits if not fits[name](options[name]))
    if wrong:
        raise _damaged(path, wrong[0], options[wrong[0]])
    said = dict(options)
    if said.pop("bits", None) is not None:
        said |= {"deployment": {"bits": options["bits"]}, "calibrate": 0, "parameters": False}
    if said.get("deployment") is not None:
        try:
            said["deployment"] = from_document(said["deployment"])
        except ValueError as error:
            raise _damaged(path, "deployment", error) from error
    try:
        return TrainOptions(**said)
    except TypeError as error:
        message = f"`{path}` is of another version of snncc: {error}"
        raise CompileError(Diagnostic("E060", message)) from error


def _damaged(path: Path, name: str, what: object) -> CompileError:
    message = f"`{path}` is damaged: `{name}` is {str(what)[:40]!r}"
    return CompileError(Diagnostic("E060", message, help="start anew with another --out"))
