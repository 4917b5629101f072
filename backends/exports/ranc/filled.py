"""Neurons on cores in their order, as many on each as its axons and its neurons hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from .axons import Synapses, typed

Array = npt.NDArray[Any]
NEURONS, AXONS = 256, 256  # of a core


def filled(synapses: Synapses, neurons: int) -> Array:
    """The core of each neuron, int64 [neurons], cores numbered from 0 on. One that needs more axons
    than a core has lies alone."""
    order = np.argsort(synapses.post, kind="stable")
    bounds = np.searchsorted(synapses.post[order], np.arange(neurons + 1))
    core_of, first, core = np.empty(neurons, np.int64), 0, 0
    while first < neurons:

        def fits(count: int, first: int = first) -> bool:
            here = synapses.of(order[bounds[first] : bounds[first + count]])
            return axons_of(here._replace(post=here.post - first), count) <= AXONS

        count = _most(fits, min(NEURONS, neurons - first))
        core_of[first : first + count] = core
        first, core = first + count, core + 1
    return core_of


def axons_of(synapses: Synapses, neurons: int) -> int:
    """How many axons the synapses of a core need."""
    return len(typed(synapses, neurons).kind)


def _most(fits: Callable[[int], bool], most: int) -> int:
    """The largest count from 1 to `most` that fits, as far as halves tell; 1 if none does."""
    if fits(most):
        return most
    low, high = 1, most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low
