"""What a run that goes on may be told, and the run itself."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import typer

from ...ir.diagnostics import CompileError, Diagnostic
from ..training.options import TrainOptions
from ..training.run_folder import are_seeds, is_run

# What --resume may be given beside; all else is as the run was started.
RESUMABLE = (
    *("file", "out", "resume", "target", "threads", "epochs", "seeds", "checkpoint_every"),
    *("json", "quiet"),
)


def given_or(given: float | None, otherwise: float) -> float:
    """The number that was given, if one was."""
    return otherwise if given is None else given


def refuse_changes(context: typer.Context) -> None:
    """Wrong usage if an option is given that a resumed run does not take."""
    named = _names(context)
    given = [name for name in named if is_given(context, name)]
    refused = [named[name] for name in given if name not in RESUMABLE]
    if refused:
        taken = ", ".join(named[name] for name in RESUMABLE if name not in ("file", "resume"))
        message = (
            f"a resumed run goes on as it was started, so it takes no {', '.join(refused)}; "
            f"what it takes is {taken}, and FILE where the program has moved"
        )
        raise typer.BadParameter(message, param_hint="--resume")


def option_of(context: typer.Context, name: str) -> str:
    """How the user writes the option of that name."""
    return _names(context)[name]


def _names(context: typer.Context) -> dict[str, str]:
    return {p.name or "": max(p.opts, key=len) for p in context.command.params}


def is_given(context: typer.Context, name: str) -> bool:
    """Whether the user wrote the option of that name."""
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def resumable(out: Path | None) -> Path:
    """The folder of a run to go on with; CompileError(E063) if it is none."""
    if out is None:
        raise typer.BadParameter("--resume needs --out, the folder of the run", param_hint="--out")
    if not (is_run(out) or are_seeds(out)):
        message = f"`{out}` holds no training run to resume"
        raise CompileError(
            Diagnostic("E063", message, help="name the --out that it was started with")
        )
    return out


@dataclass(frozen=True, slots=True)
class Changes:
    """What a run that goes on was told anew; None: it was not.

    All else stays as it was: what changes the weights would be refused by the checkpoint.
    """

    program: Path | None
    target: str | None
    epochs: int | None
    checkpoint_seconds: float | None

    def of(self, options: TrainOptions) -> TrainOptions:
        """The options with what was told."""
        told = {**asdict(self), "program": self.program and os.path.realpath(self.program)}
        return replace(options, **{n: value for n, value in told.items() if value is not None})
