"""Connectivities and initial weights: from a projection to its synapses, deterministically."""

from .delays import (
    DELAYS,
    DRAWN,
    delays_of,
    longest_delay,
    shortest_delay,
    told_spread,
    with_delays,
)
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
    "DELAYS",
    "DRAWN",
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
    "delays_of",
    "foretold_size",
    "initial_weights",
    "longest_delay",
    "repeats",
    "shortest_delay",
    "spans",
    "through_windows",
    "told_spread",
    "unlisted",
    "wire",
    "with_delays",
]
