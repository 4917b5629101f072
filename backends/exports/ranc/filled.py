"""Neurons on cores in their order, as many on each as its axons and its neurons hold, and a
population in one piece where a core can hold it: what leads to it then drives one axon."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from .axons import Synapses, columns, typed

Array = npt.NDArray[Any]
NEURONS, AXONS = 256, 256  # of a core


def filled(synapses: Synapses, neurons: int, starts: Sequence[int] = ()) -> Array:
    """The core of each neuron, int64 [neurons], cores numbered from 0 on; `starts`: the first of
    each population. One that needs more axons than a core has lies alone."""
    order = np.argsort(synapses.post, kind="stable")
    bounds = np.searchsorted(synapses.post[order], np.arange(neurons + 1))
    core_of, first, core = np.empty(neurons, np.int64), 0, 0

    def fits(count: int, first: int) -> bool:
        here = synapses.of(order[bounds[first] : bounds[first + count]])
        if count > NEURONS or columns(here).max(initial=-1) >= AXONS:
            return False  # before types are sought, which takes long
        return axons_of(here._replace(post=here.post - first), count) <= AXONS

    while first < neurons:
        count = _most(partial(fits, first=first), min(NEURONS, neurons - first))
        for start, end in pairwise((*starts, neurons)):
            if first < start < first + count < end and fits(end - start, start):
                count = start - first
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
