"""train."""

from __future__ import annotations

import os
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ...backends.artifact.numbers import is_amount
from ...backends.protocols import LARGEST_COUNT
from ...ir.deploy.choices import DEFAULT
from ...ir.integers.precision import Deployment
from ...ir.model import Model
from ...ir.ranges import BELOW_ONE
from ..deploying import asked_of, require_fit
from ..loading import Options, lower_program
from ..session import Start
from ..settings import usable_threads
from ..training.deployment import USUAL
from ..training.lock import hold
from ..training.options import (
    CALIBRATED,
    CHECKPOINT_SECONDS,
    FROZEN,
    LEARNT,
    TrainOptions,
    remembered,
)
from ..training.run_folder import are_seeds, free_folder, refuse_occupied, refuse_strangers
from .asking import Said, takes_choices
from .command import Command
from .following import Plan, follow
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
from .output import Output
from .resuming import Changes, given_or, is_given, option_of, refuse_changes, resumable
from .seeds import begin_by_seeds, go_on_by_seeds, parsed_seeds


class Learning(StrEnum):
    """What becomes of the units of integers."""

    FROZEN = FROZEN
    LEARNT = LEARNT


@takes_choices("target")
def train(
    context: typer.Context,
    said: Said,
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
    seeds: Annotated[
        str | None,
        typer.Option(
            "--seeds",
            metavar="A..B|A,B,…",
            help="a run by each, in folders of --out; a table of all",
        ),
    ] = None,
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
    start: Annotated[
        Path | None,
        typer.Option("--from", help="start from the weights of a run or a package"),
    ] = None,
    qat: Annotated[
        bool,
        typer.Option("--qat", help="learn what integers do: of --from, or after --warm-up"),
    ] = False,
    warm_up: Annotated[
        int | None,
        typer.Option("--warm-up", min=1, help="epochs in floats, of which integers are then made"),
    ] = None,
    scales: Annotated[
        Learning, typer.Option("--scales", help="whether units learn beside weights")
    ] = Learning.FROZEN,
    calibrate: Annotated[
        int,
        typer.Option(
            "--calibrate", min=0, help="training samples by which units of numbers are chosen"
        ),
    ] = CALIBRATED,
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
    workers = threads or usable_threads()
    if resume:
        refuse_changes(context)
        chosen = target if is_given(context, "target") else None
        _go_on(out, seeds, Changes(file, chosen, epochs, checkpoint_every), workers, output)
        return
    if seeds is not None and (overwrite or seed is not None):
        message = "it takes neither --seed nor --overwrite beside it"
        raise typer.BadParameter(message, param_hint="--seeds")
    _refuse_integers(context, qat, said, start is None and warm_up is None)
    if file is None:
        raise typer.BadParameter("a program is needed, unless --resume", param_hint="FILE")
    how_compiled = Options(parse_defines(define), network)
    options = TrainOptions(
        program=os.path.realpath(file),
        defines=how_compiled.defines,
        network=network,
        target=target,
        seed=seed or 0,
        epochs=epochs,
        batch=batch,
        limit=limit,
        test_limit=test_limit,
        checkpoint_seconds=given_or(checkpoint_every, CHECKPOINT_SECONDS),
        holdout=holdout,
        start=None if start is None else os.path.realpath(start),
        deployment=_deployment(file, how_compiled, said) if qat else None,
        calibrate=calibrate,
        warm_up=warm_up or 0,
        scales=scales.value,
    )
    how = Start.REPLACE if overwrite else Start.NEW
    with hold(_new_folder(file, out, how)) as folder:
        refuse_strangers(folder) if overwrite else refuse_occupied(folder)
        if seeds is None:
            follow(Plan(options, folder, how, workers), output)
        else:
            begin_by_seeds(folder, parsed_seeds(seeds), options, workers, output)


def _refuse_integers(context: typer.Context, qat: bool, said: Said, is_cold: bool) -> None:
    given = [
        *said.options,
        *(n for n in ("warm_up", "scales", "calibrate") if is_given(context, n)),
    ]
    if given and not qat:
        message = "a training has no integers unless --qat; `snncc quantize` takes a trained model"
        raise typer.BadParameter(message, param_hint=option_of(context, given[0]))
    if qat and is_cold:
        message = "it needs --from or --warm-up: what floats have learnt says what a code means"
        raise typer.BadParameter(message, param_hint="--qat")


def _deployment(file: Path, options: Options, said: Said) -> Deployment:
    """What the program and the command line ask of its integers; CompileError(E085) for a network
    that does not fit the chip which the program names."""
    program = lower_program(file, options)
    asked = asked_of(program, said.values, said.bits(program.graph))
    require_fit(Model(program.graph, {}, {}, 0), asked)
    found = asked.deployment
    is_said = asked.values["method"].origin != DEFAULT
    return found if is_said else replace(found, method=USUAL.method)


def _go_on(
    out: Path | None, seeds: str | None, changes: Changes, workers: int, output: Output
) -> None:
    """Resume the run in a folder, or the runs by seeds."""
    with hold(resumable(out)) as folder:
        if are_seeds(folder):
            go_on_by_seeds(folder, parsed_seeds(seeds), changes, workers, output)
            return
        if seeds is not None:
            raise typer.BadParameter("the run in --out is of one seed", param_hint="--seeds")
        follow(Plan(changes.of(remembered(folder)), folder, Start.RESUME, workers), output)


def _new_folder(file: Path, out: Path | None, how: Start) -> Path:
    usual = Path("runs") / file.stem
    return out or (usual if how is Start.REPLACE else free_folder(usual))


COMMANDS = (Command("train", train, "snncc train examples/digits.snn --out runs/digits"),)
