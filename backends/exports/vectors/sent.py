"""What populations of integers send: spikes, or numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ....ir.graph import Population
from ....ir.integers.population import sends
from ....ir.neuron import LAST_EMITTED
from ....ir.rules import sends_numbers
from ...trace import Trace

Array = npt.NDArray[Any]


def sent(trace: Trace, population: Population) -> Array:
    """What it sent in every step of a trace with states, [T, B, N]: bool, or codes in i64."""
    spikes = trace.spikes[population.name]
    if not sends(population):
        return spikes
    if sends_numbers(population):  # the same in every step, or as a part was given it
        return np.broadcast_to(trace.numbers[population.name], spikes.shape).astype(np.int64)
    return trace.states[population.name][LAST_EMITTED].astype(np.int64)
