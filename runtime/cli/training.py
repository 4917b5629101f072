"""train."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Annotated

import typer

from ...backends.artifact.numbers import is_amount
from ...backends.protocols import LARGEST_COUNT
from ...ir.diagnostics import to_json
from ...ir.ranges import BELOW_ONE
from ..interrupt import StopWish, stop_wish
from ..report import Display, epoch_line, figures_table, rates_table, tested
from ..session import Session, Start, run, start
from ..settings import usable_threads
from ..training.figures import figures
from ..training.history import EpochRecord, best, to_document
from ..training.lock import hold
from ..training.loop import Interrupted
from ..training.options import CHECKPOINT_SECONDS, TrainOptions
from ..training.progress import Progress
from ..training.run_folder import free_folder, refuse_occupied, refuse_strangers
from .command import Command
from .environment import fetch_bar, settings
from .options import (
    Defines,
    Json,
    Limit,
    Network,
    Quiet,
    Seed,
    TargetOption,
    Threads,
    parse_defines,
)
from .output import INTERRUPTED, Output, draw
from .resuming import given_or, is_given, refuse_changes, resumable, resumed
from .running import tell_classes
from .streams import Lost


def train(
    context: typer.Context,
    file: Annotated[
        Path | None,
        typer.Argument(help="a program, .snn; not needed with --resume", show_default=False),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="the run's folder; default: runs/FILE")
    ] = None,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="go on with the run in --out, as it was started, or on a --target",
        ),
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="replace the run in --out, or runs/FILE")
    ] = False,
    target: TargetOption = "cpu",
    define: Defines = None,
    network: Network = None,
    seed: Seed = None,
    threads: Threads = None,
    epochs: Annotated[int | None, typer.Option("--epochs", min=1, max=LARGEST_COUNT)] = None,
    batch: Annotated[
        int | None, typer.Option("--batch", min=1, max=LARGEST_COUNT, help="samples an update")
    ] = None,
    limit: Limit = None,
    test_limit: Annotated[
        int | None,
        typer.Option("--test-limit", min=0, max=LARGEST_COUNT, help="0: take no test accuracy"),
    ] = None,
    holdout: Annotated[
        float | None,
        typer.Option("--holdout", help="share of the training data that chooses the best epoch"),
    ] = None,
    checkpoint_every: Annotated[
        float | None, typer.Option("--checkpoint-every", min=0.0, help="[s]; default: 60")
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Train a program's network as its train block says.

    Ctrl-C saves the state and ends; --resume goes on, to the same weights bit for bit.
    The folder keeps run.json, history.jsonl, checkpoints/, model.snnpkg (the best epoch, by the
    samples held out, else by test accuracy) and last.snnpkg.
    """
    output = Output(json, quiet)
    if checkpoint_every is not None and not is_amount(checkpoint_every):
        raise typer.BadParameter("it is no number", param_hint="--checkpoint-every")
    if holdout is not None and holdout not in BELOW_ONE:
        raise typer.BadParameter(f"a share is {BELOW_ONE}", param_hint="--holdout")
    how = Start.RESUME if resume else Start.REPLACE if overwrite else Start.NEW
    workers = threads or usable_threads()
    if resume:
        refuse_changes(context)
        chosen = target if is_given(context, "target") else None
        with hold(resumable(out)) as folder:
            options = resumed(folder, file, chosen, epochs, checkpoint_every)
            _train(options, folder, how, workers, output)
        return
    if file is None:
        raise typer.BadParameter("a program is needed, unless --resume", param_hint="FILE")
    options = TrainOptions(
        program=os.path.realpath(file),
        defines=parse_defines(define),
        network=network,
        target=target,
        seed=seed or 0,
        epochs=epochs,
        batch=batch,
        limit=limit,
        test_limit=test_limit,
        checkpoint_seconds=given_or(checkpoint_every, CHECKPOINT_SECONDS),
        holdout=holdout,
    )
    with hold(_new_folder(file, out, how)) as folder:
        refuse_strangers(folder) if overwrite else refuse_occupied(folder)
        _train(options, folder, how, workers, output)


def _new_folder(file: Path, out: Path | None, how: Start) -> Path:
    usual = Path("runs") / file.stem
    return out or (usual if how is Start.REPLACE else free_folder(usual))


def _train(options: TrainOptions, folder: Path, how: Start, threads: int, output: Output) -> None:
    with stop_wish() as wish:
        with fetch_bar(output) as fetched:
            session = start(options, folder, settings(), threads, fetched, how)
        _warn(session, output)
        tell_classes(session.course.train, output)
        _tell_start(session, folder, output)
        progress = _run(session, folder, output, wish)
    _finish(session, progress, folder, output)


def _tell_start(session: Session, folder: Path, output: Output) -> None:
    progress, epochs = session.progress, session.course.spec.count("epochs")
    if session.is_finished:
        out = shlex.quote(str(folder))
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


def _finish(session: Session, progress: Progress, folder: Path, output: Output) -> None:
    chosen = best(progress.history)
    assert chosen is not None
    named = figures(progress.history)
    documents = {name: figure._asdict() for name, figure in named.named.items()}
    output.document(
        {
            "event": "done",
            "folder": str(folder),
            "best": to_document(chosen),
            "figures": {"of": named.of, **documents},
        }
    )
    output.result(rates_table(progress.history[-1].rates), "", figures_table(named))
    shares = tested(chosen) or {"train": chosen.train_accuracy}
    shown = ", ".join(f"{name} {share:.2%}" for name, share in shares.items())
    output.result(f"best: epoch {chosen.epoch}, {shown}; saved in {folder}")


COMMANDS = (Command("train", train, "snncc train examples/digits.snn --out runs/digits"),)
