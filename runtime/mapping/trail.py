"""How far the search for a mapping has come, on disk too: one that was stopped goes on from there,
and ends as if it had not been stopped.

A search is a row of partitions, each with other cores or from another start. What decides which
comes next is what the ones before came to, so these are all that is kept, and where the last one
stands.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...backends.artifact.package import UNFIT, damaged, read_package, write_package
from ...backends.artifact.tensors import decode_tensors, encode_tensors
from ...backends.mapping.feasible import DoesNotFit
from ...backends.mapping.limits import Excess
from ...backends.mapping.load import Kernels
from ...backends.mapping.partition import Inner, Progress, State, Step, partition
from ...ir.diagnostics import CompileError, Diagnostic
from .fewest import Divide, Task, hoping

Array = npt.NDArray[Any]
KIND = "search"
ARRAYS = "parts.safetensors"


@dataclass(frozen=True, slots=True, eq=False)
class Tried:
    """What a partition came to: the core of every neuron, or none, and the limits that the best
    one exceeds; none at all where no partition keeps them, which is seen at once."""

    part: Array | None = None
    over: tuple[Excess, ...] = ()


@dataclass(slots=True)
class Trail:
    """The partitions that are done, in their order, and where the next one stands."""

    tried: list[Tried] = field(default_factory=list)
    state: State | None = None


def divider(
    task: Task, kernels: Kernels, seed: int, trail: Trail, told: Progress
) -> Callable[[int], Divide]:
    """Partitions of a task with some effort, along the trail as far as it goes, which then grows
    with them."""
    known = iter(tuple(trail.tried))

    def keep(step: Step) -> None:
        trail.state = step.state
        told(step)

    def divide(effort: int, cores: int, start: State | None) -> Array:
        before = next(known, None)
        if before is not None and before.part is not None:
            return before.part
        if before is not None and before.over:
            raise DoesNotFit(over=before.over)
        progress = hoping(task, cores, kernels, keep)
        asked = dict[str, Any](kernels=kernels, seed=seed, effort=effort, progress=progress)
        state = start if before is not None else trail.state or start
        try:
            part = partition(task.axons, task.limits, cores, state=state, **asked)
        except DoesNotFit as error:
            if before is None:
                trail.tried.append(Tried(None, error.over))
                trail.state = None
            raise
        trail.tried.append(Tried(part))
        trail.state = None
        return part

    return lambda effort: partial(divide, effort)


def digest_of(task: Task, kernels: Kernels, *asked: object) -> str:
    """A checksum of all that a search depends on."""
    axons = task.axons
    found = hashlib.sha256(repr((kernels.__name__, task.limits, task.mesh, *asked)).encode())
    for array in (axons.start, axons.reach, axons.rate, axons.listed, *axons.kinds):
        found.update(np.ascontiguousarray(array).data)
    return found.hexdigest()


def save_trail(path: Path, digest: str, trail: Trail) -> None:
    """Keep it, for a search with that digest."""
    parts = {f"part/{k}": t.part for k, t in enumerate(trail.tried) if t.part is not None}
    facts = {
        "search": digest,
        "over": [[astuple(excess) for excess in tried.over] for tried in trail.tried],
        "round": -1 if trail.state is None else trail.state.round,
        "seed": 0 if trail.state is None else trail.state.seed,
        "height": 0 if trail.state is None or not trail.state.inner else trail.state.inner.height,
    }
    arrays = encode_tensors({**parts, **dict(_arrays_of(trail.state))})
    write_package(path, KIND, facts, {ARRAYS: arrays})


def _arrays_of(state: State | None) -> Iterator[tuple[str, Array]]:
    if state is not None and state.part is not None:
        yield "best", state.part
    if state is not None and state.inner is not None:
        yield "inner", state.inner.part
        yield "random", state.inner.random


def open_trail(path: Path, digest: str) -> Trail:
    """What was kept; CompileError(E060) if it is damaged, or of another search."""
    manifest, members = read_package(path, KIND)
    facts = manifest.facts
    try:
        arrays = decode_tensors(members[ARRAYS])
        tried = [
            Tried(_part(arrays, f"part/{k}"), tuple(Excess(*excess) for excess in over))
            for k, over in enumerate(facts["over"])
        ]
        state, is_same = _state(facts, arrays), facts["search"] == digest
    except (*UNFIT, AttributeError) as error:
        raise damaged(path, f"it lacks something: {error}") from error
    if not is_same:
        message = f"`{path}` is of another mapping: the model, its rates or an option has changed"
        way_out = "go on with the same command and --resume, or begin anew without it"
        raise CompileError(Diagnostic("E060", message, help=way_out))
    return Trail(tried, state)


def _state(facts: dict[str, Any], arrays: dict[str, Array]) -> State | None:
    number, seed, height = (_whole(facts, name) for name in ("round", "seed", "height"))
    if number < 0:
        return None
    inner, part = None, _part(arrays, "inner")
    if part is not None:
        words = arrays["random"]
        if words.dtype != np.int64 or words.shape != (2,) or height < 1:
            raise ValueError("where a round stands")
        inner = Inner(height, part, words)
    return State(_part(arrays, "best"), number, seed, inner)


def _whole(facts: dict[str, Any], name: str) -> int:
    value = facts[name]
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(f"`{name}` as a whole number")
    return value


def _part(arrays: dict[str, Array], name: str) -> Array | None:
    """The core of each vertex, if it was kept."""
    part = arrays.get(name)
    if part is not None and (part.dtype != np.int32 or part.ndim != 1 or part.min(initial=0) < 0):
        raise ValueError(f"`{name}` as cores of neurons")
    return part
