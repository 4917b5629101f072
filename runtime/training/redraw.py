"""Which of its trains a sample has when it is learnt from: the key of its spikes gets a number."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from ...ir.graph import Graph
from ...ir.rules import EPOCH, NEVER, PRESENTATION, redraw_of
from .progress import Progress

FIRST_BIT = 33  # of the number in an id; those below tell the samples and the splits apart
MOST = 2**31  # numbers; then the first one comes again

Keys = npt.NDArray[np.uint64]

# Of the next `samples` presentations: their numbers, from 0.
NUMBERS: dict[str, Callable[[Progress, int], npt.NDArray[np.int64]]] = {
    NEVER: lambda progress, samples: np.zeros(samples, np.int64),
    EPOCH: lambda progress, samples: np.full(samples, progress.epoch, np.int64),
    PRESENTATION: lambda progress, samples: (
        progress.epoch * progress.samples + progress.position + np.arange(samples)
    ),
}


def keys(graph: Graph, progress: Progress, ids: Keys) -> Keys:
    """What keys the trains of the samples that are presented next, in their order, by their `ids`.

    The number of the epoch or of the presentation stands above the id. As it is 0 in the first
    epoch, that epoch's trains by `epoch` are the frozen ones, which tests have.
    """
    when = next((r for p in graph.populations if (r := redraw_of(p)) is not None), NEVER)
    number = NUMBERS[when](progress, len(ids)) % MOST
    return ids | number.astype(np.uint64) << np.uint64(FIRST_BIT)
