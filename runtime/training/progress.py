"""How far a training run has come: all that the loop itself remembers."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ...backends.protocols import NO_CLASS, Outcome, State
from .history import History


@dataclass(frozen=True, slots=True, eq=False)
class Progress:
    """Where the run stands. The arrays belong to the current epoch and are filled in place, by
    sample: `predictions` int32 (NO_CLASS before the sample's turn), `cost` float64; `activity`
    int64 by neuron; `importance` float32 by sample holds for the whole epoch. `past` is what was
    learnt by the ends of the epochs before, oldest first, as many as are averaged over."""

    epoch: int  # from 0
    position: int  # samples of the epoch that are learnt
    seconds: float  # of training, in the epoch
    importance: npt.NDArray[np.float32]
    predictions: npt.NDArray[np.int32]
    cost: npt.NDArray[np.float64]
    activity: npt.NDArray[np.int64]
    history: History = ()
    past: tuple[State, ...] = ()

    @property
    def samples(self) -> int:
        """The samples of an epoch."""
        return len(self.importance)


def fresh(samples: int, neurons: int) -> Progress:
    """The start of a run."""
    return next_epoch(-1, np.ones(samples, np.float32), neurons, ())


def next_epoch(
    epoch: int,
    importance: npt.NDArray[np.float32],
    neurons: int,
    history: History,
    past: tuple[State, ...] = (),
) -> Progress:
    """The start of the epoch after `epoch`."""
    samples = len(importance)
    return Progress(
        epoch + 1,
        0,
        0.0,
        importance,
        np.full(samples, NO_CLASS, np.int32),
        np.zeros(samples, np.float64),
        np.zeros(neurons, np.int64),
        history,
        past,
    )


def advanced(
    progress: Progress, order: npt.NDArray[np.int64], outcome: Outcome, seconds: float
) -> Progress:
    """The progress after the samples `order` were learnt."""
    progress.predictions[order] = outcome.predictions
    progress.cost[order] = outcome.cost
    progress.activity[:] += outcome.activity
    return replace(
        progress,
        position=progress.position + len(order),
        seconds=progress.seconds + seconds,
    )
