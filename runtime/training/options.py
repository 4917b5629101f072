"""How a training run was started: what run.json remembers, and what of it is believed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...backends.artifact.numbers import is_amount, is_whole
from ...backends.protocols import LARGEST_SEED
from ...ir.diagnostics import CompileError, Diagnostic
from ...ir.integers.precision import FEWEST_BITS, MOST_BITS
from ...ir.ranges import BELOW_ONE
from .run_folder import RUN, read_run

CHECKPOINT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class TrainOptions:
    """What run.json remembers of how a run was started. None: as the program says. `start`: the
    model whose weights it started from; `bits`: of a weight of the integers that it runs."""

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
    bits: int | None = None


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
    "bits": lambda value: value is None or is_whole(value, FEWEST_BITS, MOST_BITS),
}


def remembered(path: Path) -> TrainOptions:
    """The options that the run in the folder was started with; CompileError(E060) names one that
    cannot have been given."""
    return believed(read_run(path)["options"], path / RUN)


def believed(options: Mapping[str, Any], path: Path) -> TrainOptions:
    """The options that a file has; CompileError(E060) names one that cannot have been given."""
    wrong = sorted(name for name in options.keys() & FITS if not FITS[name](options[name]))
    if wrong:
        message = f"`{path}` is damaged: `{wrong[0]}` is {str(options[wrong[0]])[:40]!r}"
        raise CompileError(Diagnostic("E060", message, help="start anew with another --out"))
    try:
        return TrainOptions(**options)
    except TypeError as error:
        message = f"`{path}` is of another version of snncc: {error}"
        raise CompileError(Diagnostic("E060", message)) from error
