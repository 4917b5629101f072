"""What the numbers of an input's encoding are for each of its neurons."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .graph import Population
from .rules import ENCODINGS

Floats = npt.NDArray[np.float64]


def levels_of(population: Population, dt: float) -> tuple[Floats, Floats]:
    """(zero, rate) f64[neurons] of an input's encoding; of numbers of several channels each holds
    for all neurons of an index of the shape's first axis."""
    call = population.encoding
    assert call is not None
    row, channels = ENCODINGS[call.kind], population.shape[0]
    zero, rate = (
        np.repeat(np.broadcast_to(found, (channels,)), population.neurons // channels)
        for found in (row.zero(call), row.rate(call, dt))
    )
    return zero, rate
