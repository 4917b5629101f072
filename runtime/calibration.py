"""What the numbers of a network come to in training samples."""

from __future__ import annotations

import numpy as np

from ..backends.protocols import Samples
from ..backends.reference.simulator import input_spikes
from ..ir.integers.ranges import Ranges
from ..ir.integers.weights import METHODS
from ..ir.model import Model
from ..ir.rules import most_sent, sends_numbers


def seen(model: Model, samples: Samples, method: str, bits: int) -> Ranges:
    """The numbers that inputs send, by what of them is to be the largest code of so many bits: a
    row of METHODS, as of weights. In NumPy, one sample after the other: no thread changes it."""
    levels = float((1 << (bits - 1)) - 1)
    sent = {}
    for name, numbers in input_spikes(model.graph, samples, 1, model.seed).items():
        population = model.graph.population(name)
        if sends_numbers(population) and not most_sent(population):
            sizes = abs(numbers[0].astype(np.float64)).ravel()
            where, of = np.zeros(sizes.size, np.int64), np.full(sizes.size, levels)
            sent[name] = float(METHODS[method](where, sizes / levels, of, 1)[0] * levels)
    return Ranges(sent)
