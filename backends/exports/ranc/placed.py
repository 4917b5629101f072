"""Where a layout puts neurons: their cores, and the routers of these."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ....ir.diagnostics import CompileError, Diagnostic
from ...layout.played import LAYOUT
from ...layout.stored import open_layout

Array = npt.NDArray[Any]
CHIPS = ("ranc", "truenorth")  # whose cores these are


class Placement(NamedTuple):
    """The core of each neuron, `core_of` [neurons], and x, y of each core, `places` [cores, 2]."""

    core_of: Array
    places: Array


def placement(folder: Path, digest: str) -> Placement:
    """That of the layout in a folder of `snncc map`. CompileError(E060) for one of another network
    or of another chip, or for none."""
    layout, own = open_layout(folder / LAYOUT)
    if own != digest:
        message = f"`{folder}` is the layout of another network"
        raise CompileError(Diagnostic("E060", message, help="map this one: `snncc map`"))
    if layout.chip not in CHIPS:
        message = f"`{folder}` is a layout on cores of `{layout.chip}`, not of RANC"
        raise CompileError(Diagnostic("E060", message, help="`snncc map … --target ranc`"))
    core_of = np.zeros(len(layout.neuron), np.int64)
    core_of[layout.neuron] = np.repeat(np.arange(layout.cores), np.diff(layout.neuron_start))
    router = layout.slot // layout.mesh.cores_a_router
    return Placement(
        core_of, np.column_stack((router % layout.mesh.width, router // layout.mesh.width))
    )
