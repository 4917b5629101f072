"""A layout on disk, as something that is run beside others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...ir.rules import sends_numbers
from ..played import Inputs, Played
from ..trace import Trace
from .simulator import play
from .stored import open_layout

LAYOUT = "layout.snnpkg"


def played_layout(path: Path) -> Played:
    """The layout at a path; CompileError(E060) if it is none."""
    layout, digest = open_layout(path)
    graph = layout.graph
    given = [p for p in graph.populations if p.role == "input"]
    trains, numbers = (
        {p.name: p.neurons for p in given if sends_numbers(p) == is_number}
        for is_number in (False, True)
    )
    told = {p.name: p.neurons for p in graph.populations if p.step is not None}

    def run(inputs: Inputs) -> Trace:
        return play(layout, _by_name(inputs, trains, numbers), len(inputs.spikes), True).trace

    return Played(trains, numbers, told, graph.dt, digest, run)


def _by_name(
    inputs: Inputs, trains: dict[str, int], numbers: dict[str, int]
) -> dict[str, npt.NDArray[Any]]:
    """What comes in by population, [T, B, N]."""
    found: dict[str, npt.NDArray[Any]] = {}
    steps = len(inputs.spikes)
    for array, sizes in ((inputs.spikes, trains), (inputs.numbers, numbers)):
        bounds = np.cumsum([0, *sizes.values()])
        for name, lo, hi in zip(sizes, bounds[:-1], bounds[1:], strict=True):
            own = array[..., lo:hi]
            whole = own if own.ndim == 3 else np.broadcast_to(own, (steps, *own.shape))
            found[name] = whole
    return found
