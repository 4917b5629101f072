"""A training, told on the terminal from its start to its end."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

import typer

from ...ir.diagnostics import to_json
from ..interrupt import StopWish, stop_wish
from ..report import Display, epoch_line, figures_table, rates_table, tested
from ..session import Session, Start, run, start
from ..training.figures import figures
from ..training.history import EpochRecord, best, to_document
from ..training.loop import Interrupted
from ..training.options import TrainOptions
from ..training.progress import Progress
from .environment import fetch_bar, settings
from .output import INTERRUPTED, Output, draw
from .running import tell_classes
from .streams import Lost


@dataclass(frozen=True, slots=True)
class Plan:
    """A training: how it was started, where it is kept, what may be there, and on how many threads
    it runs. `whole` is the folder of which this is a part, which --resume is to be given."""

    options: TrainOptions
    folder: Path
    how: Start
    threads: int
    whole: Path | None = None


def follow(plan: Plan, output: Output) -> Progress:
    """The end of a training that is told as it goes on; raises Exit where it was stopped."""
    whole = plan.whole or plan.folder
    with stop_wish() as wish:
        with fetch_bar(output) as fetched:
            threads, how = plan.threads, plan.how
            session = start(plan.options, plan.folder, settings(), threads, fetched, how)
        _warn(session, output)
        tell_classes(session.course.train, output)
        _tell_start(session, plan.folder, whole, output)
        progress = _run(session, whole, output, wish)
    _finish(progress, plan.folder, output)
    return progress


def _tell_start(session: Session, folder: Path, whole: Path, output: Output) -> None:
    progress, epochs = session.progress, session.course.spec.count("epochs")
    if session.is_finished:
        out = shlex.quote(str(whole))
        longer = f"snncc train --resume --out {out} --epochs {progress.epoch + 1}"
        output.note(f"{folder} is finished: epoch {progress.epoch} of {epochs}")
        output.note(f"to train it longer: {longer}")
    elif progress.epoch or progress.position:
        output.note(f"going on in epoch {progress.epoch + 1} of {epochs} of {folder}")


def _warn(session: Session, output: Output) -> None:
    for warning in session.warnings:
        output.document({"event": "warning", **to_json(warning)})
    draw(session.warnings, output)


def _run(session: Session, folder: Path, output: Output, wish: StopWish) -> Progress:
    epochs = session.course.spec.count("epochs")

    def emit(record: EpochRecord, warnings: tuple[str, ...]) -> None:
        output.document({"event": "epoch", **to_document(record), "warnings": warnings})
        output.result(epoch_line(record, epochs))
        for warning in warnings:
            output.note(f"warning: {warning}", "yellow")

    try:
        with Display(output.notes, output.is_live, emit, lambda: wish.is_wanted) as display:
            return run(session, display)
    except Interrupted:
        _tell_stop(folder, output)
        output.document({"event": "interrupted", "folder": str(folder)})
        raise typer.Exit(INTERRUPTED) from None
    except Lost:
        _tell_stop(folder, output)
        raise


def _tell_stop(folder: Path, output: Output) -> None:
    out = shlex.quote(str(folder))
    output.note(f"stopped, state saved; go on by: snncc train --resume --out {out}")


def _finish(progress: Progress, folder: Path, output: Output) -> None:
    chosen = best(progress.history)
    assert chosen is not None
    found = figures(progress.history)
    named = {name: figure._asdict() for name, figure in found.named.items()}
    output.document(
        {
            "event": "done",
            "folder": str(folder),
            "best": to_document(chosen),
            "figures": {"of": found.of, **named},
        }
    )
    output.result(rates_table(progress.history[-1].rates), "", figures_table(found))
    shares = tested(chosen) or {"train": chosen.train_accuracy}
    shown = ", ".join(f"{name} {share:.2%}" for name, share in shares.items())
    output.result(f"best: epoch {chosen.epoch}, {shown}; saved in {folder}")
