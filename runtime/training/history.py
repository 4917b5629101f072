"""What came of each epoch, in memory and as lines of JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ...backends.artifact.numbers import is_amount, is_real, is_whole
from ...backends.artifact.package import UNFIT
from ...backends.artifact.storage import read_file, write_file
from ...ir.diagnostics import CompileError, Diagnostic
from .activity import Rates

LIMIT = 1 << 28
FLOATS, INTEGERS = "floats", "integers"


@dataclass(frozen=True, slots=True)
class EpochRecord:
    """One epoch. Accuracies are shares of 1, None where none was taken; `holdout_accuracy` is that
    on the training samples held out, and AVERAGE before a name says that the weights were averaged.
    `cost` is the mean over the samples; `seconds` are those of training alone, in all sessions that
    the epoch took, while the process ran. `train_silent` and
    `test_silent` are the shares of samples at which no output neuron fired. `phase`: whether FLOATS
    or INTEGERS ran, of a training in which these follow those."""

    epoch: int  # from 1, as it is shown
    learning_rate: float
    train_accuracy: float
    cost: float
    test_accuracy: float | None
    seconds: float
    samples_per_second: float
    rates: tuple[Rates, ...]
    train_silent: float = 0.0
    test_silent: float = 0.0
    holdout_accuracy: float | None = None
    average_test_accuracy: float | None = None
    average_holdout_accuracy: float | None = None
    phase: str | None = None


History = tuple[EpochRecord, ...]


def to_document(record: EpochRecord) -> dict[str, Any]:
    """The record as plain data."""
    return asdict(record)


def from_document(document: dict[str, Any]) -> EpochRecord:
    """The record that `to_document` wrote; ValueError, TypeError or KeyError if it did not."""
    rates = tuple(Rates(**entry) for entry in document["rates"])
    record = EpochRecord(**{**document, "rates": rates})
    if not (_fits(record) and all(_are_rates(entry) for entry in rates)):
        raise ValueError("a record of other values")
    return record


def _fits(record: EpochRecord) -> bool:
    # A cost may be NaN: training says so, and goes on or stops.
    taken = (share for share in _accuracies(record) if share is not None)
    shares = [record.train_accuracy, *taken, record.train_silent, record.test_silent]
    amounts = [record.learning_rate, record.seconds, record.samples_per_second]
    return (
        record.phase in (None, FLOATS, INTEGERS)
        and is_whole(record.epoch, 1)
        and is_real(record.cost)
        and all(is_amount(share) and share <= 1 for share in shares)
        and all(map(is_amount, amounts))
    )


def _are_rates(rates: Rates) -> bool:
    amounts = [rates.rate, rates.dead, rates.saturated, rates.use]
    is_named = isinstance(rates.population, str)
    return is_named and all(map(is_amount, amounts))


def write_history(path: Path, history: History) -> None:
    """Write a line a record. The file is replaced as a whole: it is small, and a torn line would
    spoil the curves of a long run."""
    lines = [json.dumps(to_document(record)) + "\n" for record in history]
    write_file(path, "".join(lines).encode())


def read_history(path: Path) -> History:
    """The records of a file; CompileError(E060) names a line that is none."""
    lines = read_file(path, LIMIT).decode("utf-8", "replace").splitlines()
    if not lines:
        raise CompileError(Diagnostic("E060", f"`{path}` holds no record of an epoch"))
    return tuple(_record(path, k, line) for k, line in enumerate(lines, 1))


def _record(path: Path, number: int, line: str) -> EpochRecord:
    try:
        return from_document(json.loads(line))
    except UNFIT as error:
        message = f"line {number} of `{path}` is not a record of an epoch"
        raise CompileError(Diagnostic("E060", message)) from error


def best(history: History) -> EpochRecord | None:
    """The record of the highest accuracy on the samples held out, on the test samples where none
    were, on the training samples where there are no others; of averaged weights, where there are
    some. The first of equal ones. Where integers follow floats, of the integers."""
    return max(last_phase(history), key=_score, default=None)


def last_phase(history: History) -> History:
    """The records of integers, if there are some; else all."""
    return tuple(record for record in history if record.phase == INTEGERS) or history


def _accuracies(record: EpochRecord) -> tuple[float | None, ...]:
    """What was taken, that first by which the best epoch is chosen."""
    return (
        record.average_holdout_accuracy,
        record.holdout_accuracy,
        record.average_test_accuracy,
        record.test_accuracy,
        record.train_accuracy,
    )


def _score(record: EpochRecord) -> float:
    return next(accuracy for accuracy in _accuracies(record) if accuracy is not None)
