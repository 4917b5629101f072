"""Connectivities and initial weights: from a projection to its synapses, deterministically."""

from .sizes import Size
from .synapses import FloatArray, IntArray, Wiring
from .tables import (
    CONNECTIVITIES,
    INITS,
    Connectivity,
    Init,
    check_projection,
    foretold_size,
    initial_weights,
    wire,
)

__all__ = [
    "CONNECTIVITIES",
    "INITS",
    "Connectivity",
    "FloatArray",
    "Init",
    "IntArray",
    "Size",
    "Wiring",
    "check_projection",
    "foretold_size",
    "initial_weights",
    "wire",
]
