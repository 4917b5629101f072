"""The training loop: epochs of updates in one fixed order, interruptible anywhere."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from ...backends.protocols import NO_CLASS, State, Trainer
from ...ir.diagnostics import CompileError, Diagnostic
from ...ir.graph import Graph, TrainSpec
from ..samples import Presentation
from .activity import Rates, measure, silence, warnings
from .augment import Transform, as_they_are
from .average import AVERAGE, lent, mean, recent
from .evaluate import Answers, Watch, answer
from .history import EpochRecord
from .learning_rate import learning_rate
from .order import boosted, epoch_order
from .progress import Progress, advanced, next_epoch
from .redraw import keys

# A call of the trainer should take about so long, for the progress to be live.
PIECE_SECONDS = 1.0
LARGEST_PIECE = 4096


class Interrupted(Exception):
    """The user asked to stop, and the state is saved (if there is a folder to save it in)."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What a progress bar shows. `stage` is "train", or of `Course.tests` the name of what is
    presented, AVERAGE before it where the weights are averaged; `epoch` is from 1."""

    stage: str
    epoch: int
    epochs: int
    done: int
    total: int
    accuracy: float
    cost: float
    rates: tuple[Rates, ...] = ()


class Listener(Protocol):
    """Who follows a run."""

    def moment(self, moment: Moment) -> None:
        """Told after every piece of work."""

    def epoch(self, record: EpochRecord, warnings: tuple[str, ...]) -> None:
        """Told after every epoch, once it is kept."""

    def wants_stop(self) -> bool:
        """Asked after every piece of work."""


class Keeper(Protocol):
    """Where a run is kept."""

    def checkpoint(self, trainer: Trainer, progress: Progress) -> None:
        """Save the state, now."""

    def epoch(self, trainer: Trainer, progress: Progress, averaged: State) -> None:
        """Save what an epoch brought; `progress` stands at the start of the next one. The model
        has the `averaged` weights, if there are some."""


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """What is learnt, from what. `test` may be None, and so may `holdout`, samples that were held
    out of the training data. `checkpoint_seconds` is the longest time whose work a crash can cost,
    `phase` what the records of its epochs say, `transform` what becomes of the samples that are
    learnt from.
    """

    graph: Graph
    spec: TrainSpec
    seed: int
    train: Presentation
    test: Presentation | None
    checkpoint_seconds: float = 60.0
    holdout: Presentation | None = None
    clock: Callable[[], float] = time.monotonic
    phase: str | None = None
    transform: Transform = as_they_are

    @property
    def tests(self) -> dict[str, Presentation]:
        """What is presented after each epoch, by name."""
        parts = {"holdout": self.holdout, "test": self.test}
        return {name: samples for name, samples in parts.items() if samples is not None}


def fit(
    trainer: Trainer,
    course: Course,
    progress: Progress,
    listener: Listener,
    keeper: Keeper,
    until: int | None = None,
) -> Progress:
    """The progress after the last epoch of the course, or as many epochs as `until` says; raises
    Interrupted when asked to stop."""
    epochs = course.spec.count("epochs")
    while progress.epoch < (epochs if until is None else min(until, epochs)):
        progress = _learn_epoch(trainer, course, progress, listener, keeper)
        refuse_divergence(trainer, course, progress)
        past = recent(progress.past, trainer, course.spec)
        averaged = mean(past)
        try:
            found = _tests(trainer, course, progress, listener, averaged)
        except Interrupted:
            keeper.checkpoint(trainer, progress)
            raise
        progress = _close_epoch(trainer, course, progress, found, past)
        keeper.epoch(trainer, progress, averaged)
        record = progress.history[-1]
        listener.epoch(
            record, (*_silence(course.graph, record), *warnings(course.graph, record.rates))
        )
        if listener.wants_stop() and progress.epoch < epochs:
            raise Interrupted
    return progress


def _learn_epoch(
    trainer: Trainer, course: Course, progress: Progress, listener: Listener, keeper: Keeper
) -> Progress:
    order = epoch_order(course.seed, progress.epoch, progress.samples)
    piece = _piece(course.spec.count("batch"), 0.0)
    saved = course.clock()
    while progress.position < progress.samples:
        chosen = order[progress.position : progress.position + piece]
        before = progress
        progress = _learn(trainer, course, progress, chosen)
        speed = len(chosen) / max(1e-9, progress.seconds - before.seconds)
        piece = min(_piece(course.spec.count("batch"), speed), 2 * piece)
        listener.moment(
            _training_moment(course, progress, order[: progress.position], trainer.steps)
        )
        if listener.wants_stop():
            _save(trainer, course, progress, keeper)
            raise Interrupted
        if course.clock() - saved > course.checkpoint_seconds:
            _save(trainer, course, progress, keeper)
            saved = course.clock()
    return progress


def _save(trainer: Trainer, course: Course, progress: Progress, keeper: Keeper) -> None:
    refuse_divergence(trainer, course, progress)
    keeper.checkpoint(trainer, progress)


def refuse_divergence(trainer: Trainer, course: Course, progress: Progress) -> None:
    """CompileError(E052) if a weight or a parameter is no finite number: such a state is not worth
    keeping."""
    learnt = {f"weights of `{name}`": array for name, array in trainer.weights().items()}
    learnt |= {f"values of `{name}`": array for name, array in trainer.parameters().items()}
    lost = [name for name, array in learnt.items() if not np.isfinite(array).all()]
    if not lost:
        return
    message = f"{lost[0]} are no finite numbers any more, in epoch {progress.epoch + 1}"
    slower = f"learn far slower than by {_pace(course, progress.epoch)}"
    way_out = f"{slower}, or from smaller initial weights, and start anew"
    raise CompileError(Diagnostic("E052", message, course.spec.span, help=way_out))


def _pace(course: Course, epoch: int) -> str:
    """The learning rate of an epoch and, if one is above 1, the largest factor of it."""
    rate = learning_rate(course.spec.call("optimizer"), course.spec.call("schedule"), epoch)
    learnt = (k.lr_mult for p in course.graph.populations for k in p.learnt)
    factor = max((*learnt, *(p.lr_mult for p in course.graph.projections)), default=1.0)
    return (
        f"{rate:g}" if factor <= 1.0 else f"{rate * factor:g}, `lr_mult` {factor:g} times {rate:g}"
    )


def _piece(batch: int, samples_per_second: float) -> int:
    # Whole batches only, so that the cutting into pieces changes no update.
    wanted = min(LARGEST_PIECE, max(16.0, samples_per_second * PIECE_SECONDS))
    return batch * max(1, int(wanted) // batch)


def _learn(
    trainer: Trainer,
    course: Course,
    progress: Progress,
    chosen: np.ndarray[tuple[int], np.dtype[np.int64]],
) -> Progress:
    spec = course.spec
    rate = learning_rate(spec.call("optimizer"), spec.call("schedule"), progress.epoch)
    start = course.clock()
    samples = course.train.pick(chosen, progress.importance)
    samples = course.transform(samples, progress.epoch)
    ids = keys(course.graph, progress, samples.ids)
    samples = replace(samples, ids=ids, epoch=progress.epoch)
    outcome = trainer.train(samples, spec.count("batch"), rate)
    return advanced(progress, chosen, outcome, course.clock() - start)


def _training_moment(
    course: Course,
    progress: Progress,
    learnt: np.ndarray[tuple[int], np.dtype[np.int64]],
    steps: int,
) -> Moment:
    right = progress.predictions[learnt] == course.train.labels[learnt]
    rates = measure(course.graph, progress.activity, len(learnt), steps)
    return Moment(
        "train",
        progress.epoch + 1,
        course.spec.count("epochs"),
        len(learnt),
        progress.samples,
        float(right.mean()),
        float(progress.cost[learnt].mean()),
        rates,
    )


def _tests(
    trainer: Trainer, course: Course, progress: Progress, listener: Listener, averaged: State
) -> dict[str, Answers]:
    """The answers to all that is presented after an epoch, by name; raises Interrupted."""
    found = _answers("", trainer, course, progress, listener)
    if averaged:
        with lent(trainer, averaged):
            found |= _answers(AVERAGE, trainer, course, progress, listener)
    return found


def _answers(
    weights: str, trainer: Trainer, course: Course, progress: Progress, listener: Listener
) -> dict[str, Answers]:
    found: dict[str, Answers] = {}
    for part, samples in course.tests.items():
        name = f"{weights}{part}"
        answers = answer(trainer, samples, _watch(name, course, progress, listener))
        if answers is None:
            raise Interrupted
        found[name] = answers
    return found


def _watch(name: str, course: Course, progress: Progress, listener: Listener) -> Watch:
    epoch, epochs = progress.epoch + 1, course.spec.count("epochs")

    def watch(done: int, total: int, right: int) -> bool:
        listener.moment(Moment(name, epoch, epochs, done, total, right / done, 0.0))
        return not listener.wants_stop()

    return watch


def _close_epoch(
    trainer: Trainer,
    course: Course,
    progress: Progress,
    found: dict[str, Answers],
    past: tuple[State, ...],
) -> Progress:
    record = _record(trainer, course, progress, found)
    importance = progress.importance
    if course.spec.entries["boost"]:
        importance = boosted(importance, course.train.labels, progress.predictions)
    history = (*progress.history, record)
    return next_epoch(progress.epoch, importance, len(progress.activity), history, past)


def _silence(graph: Graph, record: EpochRecord) -> tuple[str, ...]:
    shares = {"training": record.train_silent, "test": record.test_silent}
    said = [f"{share:.1%} of the {part} samples" for part, share in shares.items() if share]
    return (silence(graph, " and ".join(said)),) if said else ()


def _record(
    trainer: Trainer, course: Course, progress: Progress, found: dict[str, Answers]
) -> EpochRecord:
    spec, test = course.spec, found.get("test")
    accuracies = {f"{name}_accuracy": answers.accuracy for name, answers in found.items()}
    return EpochRecord(
        progress.epoch + 1,
        learning_rate(spec.call("optimizer"), spec.call("schedule"), progress.epoch),
        float((progress.predictions == course.train.labels).mean()),
        float(progress.cost.mean()),
        seconds=progress.seconds,
        samples_per_second=progress.samples / max(1e-9, progress.seconds),
        rates=measure(course.graph, progress.activity, progress.samples, trainer.steps),
        train_silent=float((progress.predictions == NO_CLASS).mean()),
        test_silent=0.0 if test is None else test.silent / max(1, len(test.labels)),
        phase=course.phase,
        **{"test_accuracy": None, **accuracies},
    )
