"""What a run reports: figures that are told apart by how their epoch was chosen."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from statistics import fmean
from typing import NamedTuple

from .average import AVERAGE
from .history import History, last_phase

RECENT = 5  # epochs of the mean of the last


class Figure(NamedTuple):
    """An accuracy, as a share of 1, and the first and the last epoch that it is of."""

    accuracy: float
    epochs: tuple[int, int]


class Figures(NamedTuple):
    """Figures by name; `of` is what they were measured on, "test", "holdout" or "train"."""

    of: str
    named: dict[str, Figure]


def figures(history: History) -> Figures:
    """The last epoch's, that of the best epoch by hold-out, the mean of the last 5 epochs, and the
    best epoch on test, as the papers have it; those among them that the run has. Those of averaged
    weights begin with AVERAGE, and the best are chosen by what averaged weights came to.

    All are test accuracies; without test samples those of the samples held out, and without these
    training accuracies. Where integers follow floats they are those of the integers.
    """
    history = last_phase(history)
    of = next((part for part in ("test", "holdout") if _scores(history, part)), "train")
    named = (_named(history, weights, of) for weights in ("", AVERAGE))
    return Figures(of, dict(chain.from_iterable(named)))


def _scores(history: History, part: str) -> dict[int, float]:
    """Accuracies by epoch, in their order."""
    taken = {record.epoch: getattr(record, f"{part}_accuracy", None) for record in history}
    return {epoch: accuracy for epoch, accuracy in taken.items() if accuracy is not None}


def _named(history: History, weights: str, of: str) -> Iterator[tuple[str, Figure]]:
    scores, held = (_scores(history, f"{weights}{part}") for part in (of, "holdout"))
    if not scores:
        return
    recent = sorted(scores)[-RECENT:]
    yield f"{weights}last", _at(scores, recent[-1])
    if held:
        yield f"{weights}best_by_holdout", _at(scores, _best(held))
    mean = fmean(scores[epoch] for epoch in recent)
    yield f"{weights}mean_of_last_{RECENT}", Figure(mean, (recent[0], recent[-1]))
    if of == "test":
        yield f"{weights}best_on_test", _at(scores, _best(scores))


def _at(scores: dict[int, float], epoch: int) -> Figure:
    return Figure(scores[epoch], (epoch, epoch))


def _best(scores: dict[int, float]) -> int:
    """The first epoch of the highest accuracy."""
    return max(scores, key=lambda epoch: scores[epoch])
