"""A network's answers to samples, without learning."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...backends.protocols import NO_CLASS, Outcome, Samples, Simulator
from ..samples import Presentation
from .lost import refuse_lost

CHUNK = 256

# Told after every piece: samples done, samples in all, right ones so far. False asks to stop.
Watch = Callable[[int, int, int], bool]


def never_stop(_done: int, _total: int, _right: int) -> bool:
    """Goes on to the end."""
    return True


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Output spike counts [samples, outputs], scores alike (see `Outcome`), predictions and true
    labels [samples], and the spikes of every neuron summed over the samples."""

    counts: npt.NDArray[np.int32]
    scores: npt.NDArray[np.float32]
    predictions: npt.NDArray[np.int32]
    labels: npt.NDArray[np.int32]
    activity: npt.NDArray[np.int64]

    @property
    def right(self) -> int:
        """The number of right predictions."""
        return int((self.predictions == self.labels).sum())

    @property
    def accuracy(self) -> float:
        """The share of right predictions."""
        return self.right / max(1, len(self.labels))

    @property
    def silent(self) -> int:
        """The number of samples at which no output neuron fired, which are never right."""
        return int((self.predictions == NO_CLASS).sum())

    def confusion(self, classes: int) -> npt.NDArray[np.int64]:
        """How often a sample of class [row] was taken for class [column]; the last column: for
        none."""
        columns = classes + 1
        pairs = self.labels.astype(np.int64) * columns + self.predictions % columns
        return np.bincount(pairs, minlength=classes * columns).reshape(classes, columns)


def answer(
    simulator: Simulator, samples: Presentation, watch: Watch = never_stop
) -> Answers | None:
    """The answers to all samples, presented in pieces; None if `watch` asked to stop."""
    outcomes: list[Outcome] = []
    right = 0
    for start in range(0, len(samples), CHUNK):
        order = np.arange(start, min(start + CHUNK, len(samples)))
        outcomes.append(_presented(simulator, samples.pick(order)))
        right += int((outcomes[-1].predictions == samples.labels[order]).sum())
        if not watch(int(order[-1]) + 1, len(samples), right):
            return None
    return Answers(
        np.concatenate([o.counts for o in outcomes]),
        np.concatenate([o.scores for o in outcomes]),
        np.concatenate([o.predictions for o in outcomes]),
        samples.labels,
        np.sum([o.activity for o in outcomes], axis=0),
    )


def _presented(simulator: Simulator, samples: Samples) -> Outcome:
    outcome = simulator.run(samples)
    refuse_lost(simulator, samples, outcome)
    return outcome


def one_by_one(simulator: Simulator, samples: Presentation) -> Iterator[npt.NDArray[np.int64]]:
    """The spikes of every neuron in each sample, int64 [neurons]."""
    for k in range(len(samples)):
        yield _presented(simulator, samples.pick(np.array([k]))).activity


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """Spike counts [samples, neurons] of every output population by name, and the spikes of every
    neuron summed over the samples."""

    counts: dict[str, npt.NDArray[np.int64]]
    activity: npt.NDArray[np.int64]


def tally(simulator: Simulator, samples: Presentation) -> Tally:
    """The counts of all outputs, however many there are: samples are presented one by one."""
    activity = np.stack(list(one_by_one(simulator, samples)))
    counts, start = {}, 0
    for population in simulator.graph.populations:
        if population.role == "output":
            counts[population.name] = activity[:, start : start + population.neurons]
        start += population.neurons
    return Tally(counts, activity.sum(axis=0))
