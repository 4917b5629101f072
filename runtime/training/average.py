"""Averaged weights: a second model beside the one that learns, which it does not touch.

Averaging the weights along the way of a training gives a model in a flatter and often better place
than its end (Izmailov et al., "Averaging weights leads to wider optima and better generalization",
UAI 2018).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from ...backends.protocols import State, Trainer
from ...ir.calls import integer
from ...ir.graph import TrainSpec

AVERAGE = "average_"  # before the name of what the averaged weights came to
NOT_LEARNT = "optimizer/"  # names of a state that are the optimizer's own


def recent(past: tuple[State, ...], trainer: Trainer, spec: TrainSpec) -> tuple[State, ...]:
    """What was learnt by the ends of the epochs that the spec averages over, oldest first: those of
    `past`, and now. Nothing where it averages over none."""
    average = spec.find("average")
    if average is None:
        return ()
    return (*past, learnt(trainer.state()))[-integer(average, "epochs") :]


def learnt(state: State) -> State:
    """What of a trainer's state is learnt, and not the optimizer's own."""
    return {name: array for name, array in state.items() if not name.startswith(NOT_LEARNT)}


def mean(states: tuple[State, ...]) -> State:
    """The mean of every array, summed in float64 from the oldest on; {} of no states."""
    if not states:
        return {}
    sums = {name: array.astype(np.float64) for name, array in states[0].items()}
    for state in states[1:]:
        for name, array in state.items():
            sums[name] += array
    return {name: (sums[name] / len(states)).astype(a.dtype) for name, a in states[0].items()}


@contextmanager
def lent(trainer: Trainer, weights: State) -> Iterator[None]:
    """Within it the trainer has these weights, then its own again; {}: it keeps them."""
    if not weights:
        yield
        return
    own = trainer.state()
    trainer.restore({**own, **weights})
    try:
        yield
    finally:
        trainer.restore(own)
