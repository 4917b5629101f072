"""Connectivities and initial weights: from a projection to its synapses, deterministically."""

from .drawn import repeats
from .kinds import AllPairs, FloatArray, IntArray, Listed, Planes, Windows, Wiring, spans
from .sizes import Size
from .sums import through_windows
from .tables import (
    CONNECTIVITIES,
    INITS,
    Connectivity,
    Init,
    check_projection,
    foretold_size,
    initial_weights,
    unlisted,
    wire,
)

__all__ = [
    "CONNECTIVITIES",
    "INITS",
    "AllPairs",
    "Connectivity",
    "FloatArray",
    "Init",
    "IntArray",
    "Listed",
    "Planes",
    "Size",
    "Windows",
    "Wiring",
    "check_projection",
    "foretold_size",
    "initial_weights",
    "repeats",
    "spans",
    "through_windows",
    "unlisted",
    "wire",
]
