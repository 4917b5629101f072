"""The noise of a network as tables that kernels read."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ...ir.model import Model
from ...ir.noise import noise_key, noises, normal_table
from .normals import NOISE_COLUMNS

Array = npt.NDArray[Any]


def noise_tables(model: Model) -> dict[str, Array]:
    """`noise`: a row for each noise port of each population, between the bounds `noisy`."""
    found = [
        [(place, *noise_key(p.name, port, model.seed)) for place, port in noises(p)]
        for p in model.graph.populations
    ]
    rows = [row for rows in found for row in rows]
    return {
        "noisy": np.cumsum([0, *map(len, found)]).astype(np.int64),
        "noise": np.array(rows, np.int64).reshape(-1, NOISE_COLUMNS),
        "normal": normal_table().reshape(-1) if rows else np.zeros(0, np.int32),
    }
