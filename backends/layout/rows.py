"""A layout as rows for people and for JSON."""

from __future__ import annotations

from typing import Any

import numpy as np

from .image import Layout
from .numbering import Numbering


def rows_of(layout: Layout) -> list[dict[str, Any]]:
    """A row a core: where it lies and which neurons it has, `h[0..99]`."""
    numbering, grid = layout.numbering, layout.grid
    found = []
    for core in range(layout.cores):
        router, place = divmod(int(layout.slot[core]), grid.cores_a_router)
        row = {"id": core, "x": router % grid.width, "y": router // grid.width, "place": place}
        found.append({**row, "slices": _slices(layout, numbering, core)})
    return found


def _slices(layout: Layout, numbering: Numbering, core: int) -> list[dict[str, Any]]:
    """Each population on a core with its runs of neurons, first and last of each."""
    own = layout.neurons_of(core)
    which, found = numbering.population_of(own), []
    for k in np.unique(which):
        name = numbering.populations[int(k)].name
        numbers = own[which == k] - numbering.first[name]
        cuts = np.flatnonzero(np.diff(numbers) != 1) + 1
        runs = [[int(r[0]), int(r[-1])] for r in np.split(numbers, cuts)]
        found.append({"population": name, "neurons": len(numbers), "runs": runs})
    return found
