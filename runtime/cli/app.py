"""The program `snncc`: its commands, and how it ends."""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any

import typer

from ...backends.artifact.package import compiler_version
from ...frontend.syntax.lalr import keep_analysis_in
from ...ir.diagnostics import CompileError, Diagnostic
from ..interrupt import end_on_signals
from . import (
    compiling,
    data,
    diagnosis,
    diffing,
    exporting,
    importing,
    language,
    mapping,
    plotting,
    quantizing,
    running,
    training,
)
from .command import Command
from .environment import settings
from .output import INTERRUPTED, Output, report_errors
from .streams import READER_GONE, Lost, guard_streams

COMMANDS: tuple[Command, ...] = (
    *language.COMMANDS,
    *compiling.COMMANDS,
    *training.COMMANDS,
    *running.COMMANDS,
    *diffing.COMMANDS,
    *quantizing.COMMANDS,
    *exporting.COMMANDS,
    *importing.COMMANDS,
    *mapping.COMMANDS,
    *plotting.COMMANDS,
    *diagnosis.COMMANDS,
)

GROUPS: dict[str, tuple[str, tuple[Command, ...]]] = {
    "datasets": ("List data sets, fetch and verify them.", data.COMMANDS),
}


def main() -> None:
    """Run the command line; the process ends with it."""
    guard_streams()
    end_on_signals()
    keep_analysis_in(settings().grammar_folder)
    try:
        try:
            make_app()()
        finally:
            sys.stdout.flush()
    except Lost as lost:
        sys.exit(_report_lost(lost))


def _report_lost(lost: Lost) -> int:
    """The exit status of a command whose results could not be written."""
    if lost.error.errno == errno.EPIPE:
        return READER_GONE
    message = f"cannot write the results: {lost.error.strerror}"
    way_out = "see where stdout leads, and whether there is space"
    report_errors(CompileError(Diagnostic("E063", message, help=way_out)), Output())
    return 1


def make_app() -> typer.Typer:
    """The command line with all its commands."""
    app = typer.Typer(
        name="snncc",
        help="Compile, train and run spiking neural networks.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
    )
    app.callback()(_global_options)
    for command in COMMANDS:
        _register(app, command)
    for name, (summary, commands) in GROUPS.items():
        group = typer.Typer(help=summary, no_args_is_help=False)
        group.callback(invoke_without_command=True, epilog=_epilog(commands[0]))(
            guarded(data.list_when_alone)
        )
        for command in commands:
            _register(group, command)
        app.add_typer(group, name=name)
    return app


def _register(app: typer.Typer, command: Command) -> None:
    app.command(command.name, epilog=_epilog(command))(guarded(command.function))


def _epilog(command: Command) -> str:
    return f"Example:  {command.example}"


def guarded(function: Callable[..., None]) -> Callable[..., None]:
    """The command, with a user's mistakes drawn and told by exit status 1, without traceback."""

    @wraps(function)
    def run(*arguments: Any, **options: Any) -> None:
        try:
            function(*arguments, **options)
        except CompileError as error:
            report_errors(error, Output(bool(options.get("json"))))
            raise typer.Exit(1) from None
        except MemoryError as error:
            report_errors(_out_of_memory(error), Output(bool(options.get("json"))))
            raise typer.Exit(1) from None
        except KeyboardInterrupt:
            Output().note("interrupted")
            raise typer.Exit(INTERRUPTED) from None

    return run


def _out_of_memory(error: MemoryError) -> CompileError:
    # NumPy says how much it asked for; the interpreter says nothing.
    told = str(error).rstrip(".") or "out of memory"
    way_out = "make the network or its data smaller, or use fewer `--threads`"
    return CompileError(Diagnostic("E074", told, help=way_out))


def _version(is_wanted: bool) -> None:
    if is_wanted:
        Output().text(f"snncc {compiler_version()}\n")
        raise typer.Exit


def _global_options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="print it and end")
    ] = False,
) -> None:
    pass
