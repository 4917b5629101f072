"""Networks that were written out, as sides: ONNX models, folders of C, layouts of cores."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...backends.artifact.model import Package
from ...backends.artifact.storage import is_file, is_folder
from ...backends.exports.c.run import NET_C, NET_H, played_c
from ...backends.exports.onnx.run import played_onnx
from ...backends.layout.played import LAYOUT, played_layout
from ...backends.played import Inputs, Played
from ...backends.reference.simulator import input_spikes
from ...backends.runnable import require_single_inputs
from ...backends.trace import Trace
from ...ir.diagnostics import CompileError, Diagnostic
from ...ir.report import listing
from ...ir.rules import sends_numbers
from ...ir.verify.durations import steps_of
from .side import Batch, Side, Sizes, States

OPTION = "-O"  # of a compiler, behind @
ONNX = ".onnx"


def is_onnx(words: str) -> bool:
    """Whether the words name a file of that kind."""
    return words.lower().endswith(ONNX)


def is_c(words: str) -> bool:
    """Whether the words name a folder of C, or a file in it, with an option of gcc behind it or
    not."""
    folder, _ = _folder(words)
    return is_file(folder / NET_C) and is_file(folder / NET_H)


def is_layout(words: str) -> bool:
    """Whether the words name a layout of cores, or the folder that `snncc map` put it in."""
    path = Path(words)
    return is_file(path / LAYOUT) or (path.name == LAYOUT and is_file(path))


def layout_side(words: str, other: Package) -> Side:
    """A layout, packet by packet; the other side's network makes spikes of samples."""
    path = Path(words)
    return _side(words, played_layout(path if path.name == LAYOUT else path / LAYOUT), other, "")


def onnx_side(words: str, other: Package) -> Side:
    """The model of a file, run by onnxruntime; the other side's network makes spikes of samples."""
    return _side(words, played_onnx(Path(words)), other, "export it with --all-outputs")


def c_side(words: str, other: Package) -> Side:
    """The network of a folder, compiled by gcc; the other side's makes spikes of samples."""
    folder, options = _folder(words)
    return _side(words, played_c(folder, options), other, "")


def _folder(words: str) -> tuple[Path, tuple[str, ...]]:
    """The folder and gcc's options: `made/c@-O3`; also of what --build leaves there."""
    path, sign, option = words.rpartition("@")
    is_option = bool(sign) and option.startswith(OPTION)
    found = Path(path if is_option else words)
    folder = found if is_folder(found) or not is_file(found) else found.parent
    return folder, ((option,) if is_option else ("-O2",))


def _side(name: str, played: Played, other: Package, advice: str) -> Side:
    graph, seed = other.model.graph, other.model.seed
    require_single_inputs(graph)
    _require_inputs(name, played, other)
    steps = steps_of(graph)

    def given(batch: Batch, count: int) -> Inputs:
        assert batch.samples is not None, "a network without samples"
        made = input_spikes(graph, batch.samples, steps, seed)
        none = np.zeros((count, len(batch.samples.ids), 0))
        trains = [made[population][:count] != 0 for population in played.inputs]
        numbers = [none[0], *(made[population][0] for population in played.numbers)]
        spikes = np.concatenate([none, *trains], axis=2).astype(np.uint8)
        return Inputs(spikes, np.concatenate(numbers, axis=1).astype(np.int32))

    def trace(batch: Batch, sizes: Sizes, has_states: bool) -> Trace:
        made = played.play(given(batch, sizes.steps))
        held = {n: of for n, of in made.states.items() if n in sizes.neurons and has_states}
        return Trace({n: made.spikes[n] for n in sizes.neurons}, held)

    def states_at(batch: Batch, count: int) -> States:
        made = played.play(given(batch, count)).states
        return {n: {s: codes[-1, 0] for s, codes in of.items()} for n, of in made.items()}

    return Side(
        name,
        {**played.inputs, **played.numbers, **played.told},
        trace,
        states_at,
        steps=steps,
        dt=played.dt,
        digest=played.digest,
        encoder=other,
        advice=advice,
    )


def _require_inputs(name: str, played: Played, other: Package) -> None:
    """CompileError(E065) where it takes other inputs than the network has."""
    given = [p for p in other.model.graph.populations if p.role == "input"]
    trains, numbers = (
        [(p.name, p.neurons) for p in given if sends_numbers(p) == is_number]
        for is_number in (False, True)
    )
    if (trains, numbers) == (list(played.inputs.items()), list(played.numbers.items())):
        return
    one, both = (
        listing([f"{n}[{k}]" for n, k in each.items()]) or "none"
        for each in ({**played.inputs, **played.numbers}, dict([*trains, *numbers]))
    )
    message = f"`{name}` takes the inputs {one}, and `{other.model.graph.name}` has {both}"
    raise CompileError(Diagnostic("E065", message, help="compare it with the network it is of"))
