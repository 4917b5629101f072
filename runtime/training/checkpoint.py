"""Training states on disk: enough to go on bit-identically after any interruption."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...backends.artifact.manifest import Manifest
from ...backends.artifact.numbers import is_amount, is_whole
from ...backends.artifact.package import SUFFIX, UNFIT, damaged, read_package, write_package
from ...backends.artifact.storage import unwritable
from ...backends.artifact.tensors import Arrays, decode_tensors, encode_tensors
from ...backends.protocols import State
from ...ir.diagnostics import CompileError, Diagnostic
from .average import learnt
from .history import from_document, to_document
from .progress import Progress

Array = npt.NDArray[Any]

KIND = "checkpoint"
KEPT = 2
STATE, LOOP, HISTORY = "state.safetensors", "loop.safetensors", "history.json"
PAST = "past/"


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """A trainer's state and the loop's; `digest` is that of all that they depend on."""

    digest: str
    state: State
    progress: Progress


def save_checkpoint(folder: Path, checkpoint: Checkpoint) -> Path:
    """Where the checkpoint now lies. The two newest stay, so that one is always whole."""
    progress = checkpoint.progress
    path = folder / f"{progress.epoch:06d}-{progress.position:010d}{SUFFIX}"
    arrays: Arrays = {
        "importance": progress.importance,
        "predictions": progress.predictions,
        "cost": progress.cost,
        "activity": progress.activity,
    }
    for age, state in enumerate(progress.past):
        arrays |= {f"{PAST}{age:06d}/{name}": array for name, array in state.items()}
    facts = {
        "program": checkpoint.digest,
        "epoch": progress.epoch,
        "position": progress.position,
        "seconds": progress.seconds,
    }
    history = json.dumps([to_document(record) for record in progress.history])
    members = {
        STATE: encode_tensors(checkpoint.state),
        LOOP: encode_tensors(arrays),
        HISTORY: history.encode(),
    }
    write_package(path, KIND, facts, members)
    _forget_older(folder)
    return path


def _forget_older(folder: Path) -> None:
    for path in newest_first(folder)[KEPT:]:
        try:
            path.unlink()
        except OSError as error:
            raise unwritable(path, error) from error


def newest_first(folder: Path) -> list[Path]:
    """The checkpoints of a folder; a name sorts as its epoch and position do."""
    return sorted(folder.glob(f"[0-9]*-[0-9]*{SUFFIX}"), reverse=True)


def latest(folder: Path, digest: str) -> Checkpoint | None:
    """The newest checkpoint that is whole; None if there never was one.

    Refuses one of another program, and a folder in which all are damaged.
    """
    problems: list[Diagnostic] = []
    for path in newest_first(folder):
        try:
            checkpoint = open_checkpoint(path)
        except CompileError as error:
            problems += error.diagnostics
            continue
        if checkpoint.digest != digest:
            raise CompileError(_other_program(path))
        return checkpoint
    if problems:
        raise CompileError(problems)
    return None


def _other_program(path: Path) -> Diagnostic:
    message = (
        f"`{path}` belongs to another training: the network, its train block, the data, the seed "
        "or the batch has changed since"
    )
    way_out = (
        "resume with what it was started with (run.json says), or start anew with another --out"
    )
    return Diagnostic("E060", message, help=way_out)


def open_checkpoint(path: Path) -> Checkpoint:
    """The checkpoint of a file; CompileError(E060) if it is not as it was written."""
    manifest, members = read_package(path, KIND)
    if manifest.format == 1:
        raise CompileError(_first_format(path, manifest.compiler))
    try:
        loop = decode_tensors(members[LOOP])
        state = decode_tensors(members[STATE])
        progress = replace(_progress(manifest, loop, members[HISTORY]), past=_past(loop, state))
        return Checkpoint(str(manifest.facts["program"]), state, progress)
    except UNFIT as error:
        raise damaged(path, f"it lacks something: {error}") from error


def require_like(progress: Progress, fresh: Progress) -> None:
    """CompileError(E060) unless the progress is of as many samples and neurons as a fresh one."""
    found, wanted = ((p.samples, len(p.activity)) for p in (progress, fresh))
    if found != wanted:
        message = "the checkpoint is of {} samples and {} neurons".format(*found)
        message += ", but the run has {} and {}".format(*wanted)
        raise CompileError(Diagnostic("E060", message, help="start anew with another --out"))


def _first_format(path: Path, compiler: str) -> Diagnostic:
    message = f"`{path}` was written by an earlier snncc ({compiler}), in the order of its kernels"
    way_out = "finish the run with the version that began it, or start anew with another --out"
    return Diagnostic("E060", message, help=way_out)


def _progress(manifest: Manifest, loop: Arrays, history: bytes) -> Progress:
    epoch, position, seconds = (manifest.facts[name] for name in ("epoch", "position", "seconds"))
    importance = loop["importance"]
    if not (is_whole(epoch, 0) and is_whole(position, 0, importance.size) and is_amount(seconds)):
        raise ValueError("its place in the epoch does not exist")
    if not (np.isfinite(importance) & (importance > 0)).all():
        raise ValueError("the importance of a sample is a number above 0")
    return Progress(
        epoch,
        position,
        float(seconds),
        _array(importance, np.float32, importance.shape),
        _array(loop["predictions"], np.int32, importance.shape),
        _array(loop["cost"], np.float64, importance.shape),
        _array(loop["activity"], np.int64, loop["activity"].shape),
        tuple(from_document(document) for document in json.loads(history)),
    )


def _past(loop: Arrays, state: State) -> tuple[State, ...]:
    """What was learnt by the ends of the epochs before, each of the form of what is learnt now."""
    past: dict[str, State] = {}
    for name in sorted(name for name in loop if name.startswith(PAST)):
        age, _, of = name.removeprefix(PAST).partition("/")
        now = state[of]
        past.setdefault(age, {})[of] = _fitting(loop[name], now.dtype, now.shape)
    if any(then.keys() != learnt(state).keys() for then in past.values()):
        raise ValueError("an epoch before lacks some of what is learnt")
    return tuple(past[age] for age in sorted(past))


def _array(array: Array, dtype: type[np.generic], shape: tuple[int, ...]) -> Array:
    if array.ndim != 1:
        raise ValueError(f"an array of {array.shape} has no place in it")
    return _fitting(array, dtype, shape)


def _fitting(array: Array, dtype: npt.DTypeLike, shape: tuple[int, ...]) -> Array:
    if array.dtype != dtype or array.shape != shape:
        raise ValueError(f"an array of {array.dtype} {array.shape} has no place in it")
    # Arrays from a file are read-only where they share its bytes.
    return array.copy()
