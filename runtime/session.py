"""A training run put together: program, data, target, folder, and where it stands."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Any

from ..backends.artifact.model import Package, save_model
from ..backends.memory import learning, require_memory
from ..backends.protocols import Trainer
from ..backends.targets import Target
from ..frontend.program import Program
from ..ir.diagnostics import CompileError, Diagnostic
from ..ir.graph import Call, TrainSpec
from ..ir.trains import counted
from ..ir.verify.dropout import require_complete
from .datasets.fetch import Progress as FetchProgress
from .datasets.fetch import no_progress
from .datasets.table import load
from .host import git_commit, machine, memory_bytes, versions
from .loading import Options, able, data_of, draw, load_package, lower_program, target_row
from .samples import present
from .settings import Settings
from .training.augment import require_layout, transform_of
from .training.checkpoint import require_like
from .training.clock import running_time
from .training.digest import run_digest
from .training.history import FLOATS, INTEGERS
from .training.holdout import hold_out
from .training.learning_rate import is_spread, spread
from .training.loop import Course, Listener, fit
from .training.options import TrainOptions, remembered
from .training.origin import Origin, integers_of, origin
from .training.progress import Progress, fresh
from .training.run_folder import START, RunFolder, clear, refuse_occupied, write_start
from .training.turn import Turn, of_integers


class Start(Enum):
    """What may be in the folder of a session: nothing of a run, one to go on with, or one to
    replace once all that the new one needs is there."""

    NEW = "new"
    RESUME = "resume"
    REPLACE = "replace"


@dataclass(frozen=True, slots=True, eq=False)
class Session:
    """Everything that a run needs, ready to go."""

    course: Course
    trainer: Trainer
    folder: RunFolder
    progress: Progress
    warnings: tuple[Diagnostic, ...]
    turn: Turn | None = None

    @property
    def is_finished(self) -> bool:
        """Whether nothing is left to learn."""
        return self.progress.epoch >= self.course.spec.count("epochs")


def start(
    options: TrainOptions,
    path: Path,
    settings: Settings,
    threads: int,
    fetch_progress: FetchProgress = no_progress,
    how: Start = Start.NEW,
) -> Session:
    """A session in the folder `path`: new, or where the newest checkpoint stands."""
    row = target_row(options.target)
    program = _able_program(row, options)
    course = _course(program, options, settings, fetch_progress)
    kept = path if how is Start.RESUME else None
    begin = origin(course.graph, options, kept, _model_at, draw, course.train)
    folder = replace(_folder(options, course, begin, path), deploy=program.deploy, run=program.run)
    if how is Start.RESUME:
        _refuse_respread(program.train, options, path)
    checkpoint = folder.latest() if how is Start.RESUME else None
    workers = 0 if row.is_device else threads
    require_memory(course.graph, learning(course.graph, course.spec, workers), memory_bytes())
    folders = settings.kernel_folder
    transform = transform_of(course.graph, course.spec, course.seed, threads, folders)
    course = replace(course, transform=transform)
    turn = _turn(row, options, course, threads, settings)
    if turn is not None and checkpoint is not None and turn.is_over(checkpoint.progress):
        folder = of_integers(folder, again := turn.again(path))
        trainer = turn.make(again)
    else:
        trainer = _make(row, course, threads, settings, begin)
    progress = fresh(len(course.train), sum(p.neurons for p in course.graph.populations))
    if checkpoint is not None:
        require_like(checkpoint.progress, progress)
        trainer.restore(checkpoint.state)
        progress = checkpoint.progress
    _make_room(path, how)
    if begin.start is not None and how is not Start.RESUME:
        save_model(path / START, begin.start)
    write_start(path, options.document(), _note(options, folder, progress))
    warnings = (*program.warnings, *course.train.warnings, *begin.warnings)
    return Session(course, trainer, folder, progress, warnings, turn)


def _able_program(row: Target, options: TrainOptions) -> Program:
    able(row.train, row, "train")
    if options.deployment is not None:
        able(row.aware, row, "aware")
    program = _program(options)
    if options.deployment is not None and program.train is not None:
        require_complete(program.train, "a training by what integers do", COMPLETE)
    return program


COMPLETE = "leave `dropout` out, or learn without --qat"


def _make(row: Target, course: Course, threads: int, settings: Settings, begin: Origin) -> Trainer:
    """The trainer of what a run begins with."""
    kernels = settings.kernel_folder
    if begin.integers is None:
        assert row.train is not None
        return row.train(begin.model, course.spec, threads, kernels)
    assert row.aware is not None
    moving = begin.scales, begin.types
    return row.aware(begin.model, begin.integers, course.spec, threads, kernels, *moving)


def _turn(
    row: Target, options: TrainOptions, course: Course, threads: int, settings: Settings
) -> Turn | None:
    """When integers take over; CompileError(E051) where that is never."""
    if not options.warm_up:
        return None
    epochs = course.spec.count("epochs")
    if options.warm_up >= epochs:
        message = f"integers take over after {options.warm_up} epochs, and the training ends there"
        way_out = "give more --epochs, or a shorter --warm-up"
        raise CompileError(Diagnostic("E051", message, course.spec.span, help=way_out))
    return Turn(
        options.warm_up,
        lambda model: integers_of(model, options, course.train),
        partial(_make, row, course, threads, settings),
    )


def _make_room(path: Path, how: Start) -> None:
    # Only now, when nothing is left that could fail for a mistake in the program or its data.
    if how is Start.REPLACE:
        clear(path)
    if how is not Start.RESUME:
        refuse_occupied(path)


def run(session: Session, listener: Listener) -> Progress:
    """The progress at the end of the session's training."""
    with running_time() as clock:
        course, folder = replace(session.course, clock=clock), session.folder
        trainer, progress, turn = session.trainer, session.progress, session.turn
        if turn is not None and not turn.is_over(progress):
            floats = replace(course, phase=FLOATS)
            progress = fit(trainer, floats, progress, listener, folder, turn.epochs)
            trainer, folder, progress = turn.taken(trainer, folder, progress)
        course = replace(course, phase=None if turn is None else INTEGERS)
        return fit(trainer, course, progress, listener, folder)


def _program(options: TrainOptions) -> Program:
    compiled = Options(options.defines, options.network, options.seed, options.target)
    return lower_program(Path(options.program), compiled)


def _course(
    program: Program, options: TrainOptions, settings: Settings, fetch_progress: FetchProgress
) -> Course:
    spec = _spec(program.train, options)
    call = data_of(spec, Path(options.program))
    counts = bool(counted(program.graph))
    data = load(call, "train", settings, fetch_progress, spec.span, counts)
    # The models of the run say how their data were scaled, for data that are named later.
    call = Call(call.kind, tuple((dict(call.arguments) | dict(data.measured)).items()))
    spec = spec.but(data=call)
    require_layout(program.graph, spec, data)
    train = present(program.graph, data.first(options.limit), "train", spec.span)
    test = None
    if options.test_limit != 0:
        data = load(call, "test", settings, fetch_progress, spec.span, counts)
        test = present(program.graph, data.first(options.test_limit), "test", spec.span)
    held, share = None, spec.share("holdout")
    if share:
        train, held = hold_out(train, share, options.seed, spec.span)
    seconds = options.checkpoint_seconds
    return Course(program.graph, spec, options.seed, train, test, seconds, held)


def _spec(spec: TrainSpec | None, options: TrainOptions) -> TrainSpec:
    if spec is None:
        message = f"`{options.program}` has no train block, so there is nothing to learn"
        raise CompileError(Diagnostic("E051", message, help="write `train name { data … rule … }`"))
    given = {"epochs": options.epochs, "batch": options.batch, "holdout": options.holdout}
    spec = spec.but(**{name: value for name, value in given.items() if value is not None})
    return spread(spec.but(holdout=spec.share("holdout") or None))


def _refuse_respread(spec: TrainSpec | None, options: TrainOptions, path: Path) -> None:
    """CompileError(E060) if a schedule over all epochs would come to go over others."""
    if spec is None or not is_spread(spec):
        return
    own = spec.count("epochs")
    before, now = (given or own for given in (remembered(path).epochs, options.epochs))
    if now == before:
        return
    schedule = spec.call("schedule").kind
    said = f"the schedule `{schedule}` of `{path}` goes over all of its {before} epochs"
    message = f"{said}: over {now} the learning rates so far would have been others"
    way_out = f"start anew with --epochs; what is to be prolonged says `{schedule}(epochs = …)`"
    raise CompileError(Diagnostic("E060", message, spec.span, help=way_out))


def _model_at(path: Path) -> Package:
    return load_package(path, Options())


def _folder(options: TrainOptions, course: Course, begin: Origin, path: Path) -> RunFolder:
    digest = begin.digest(run_digest(course.graph, course.spec, course.train, options.seed))
    data, packaged = course.spec.call("data"), begin.packaged
    return RunFolder(path, digest, begin.model, options.target, data, packaged)


def _note(options: TrainOptions, folder: RunFolder, progress: Progress) -> dict[str, Any]:
    return {
        "command": sys.argv,
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "from": {"epoch": progress.epoch, "position": progress.position},
        "program": folder.digest,
        "commit": git_commit(Path(options.program).resolve().parent),
        "versions": versions(),
        "machine": machine(),
    }
