"""Connectivities and initial weights: from a projection to its synapses, deterministically."""

from .synapses import FloatArray, IntArray, Wiring
from .tables import (
    CONNECTIVITIES,
    INITS,
    Connectivity,
    Init,
    check_projection,
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
    "Wiring",
    "check_projection",
    "initial_weights",
    "wire",
]
