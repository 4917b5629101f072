"""How many spikes a neuron has in a sample: the share of neurons with none, with one, and so on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ...backends.protocols import Simulator
from ..samples import Presentation
from .activity import spiking
from .evaluate import one_by_one


class Histogram(NamedTuple):
    """Of a population the shares of its neurons with 0, 1, 2, … spikes in a sample, the mean over
    the samples; the last one is that of the most spikes that there were."""

    population: str
    shares: tuple[float, ...]


class Bin(NamedTuple):
    """The share of neurons with `low` to `high` spikes."""

    low: int
    high: int
    share: float


def histograms(simulator: Simulator, samples: Presentation) -> tuple[Histogram, ...]:
    """Those of all populations that may spike; the samples are presented one by one."""
    parts = list(spiking(simulator.graph))
    counted = [np.zeros(1, np.int64) for _ in parts]
    for spikes in one_by_one(simulator, samples):
        for k, (_, own) in enumerate(parts):
            more = np.bincount(spikes[own], minlength=len(counted[k]))
            more[: len(counted[k])] += counted[k]
            counted[k] = more
    return tuple(
        Histogram(population.name, tuple((counts / max(1, counts.sum())).tolist()))
        for (population, _), counts in zip(parts, counted, strict=True)
    )


def bins(histogram: Histogram) -> Iterator[Bin]:
    """A few shares for a table: of 0, 1, 2, 3 to 4, 5 to 8 … spikes, ever twice as wide."""
    low, high = 0, 0
    while low < len(histogram.shares):
        yield Bin(low, high, sum(histogram.shares[low : high + 1]))
        low, high = high + 1, max(1, 2 * high)
