"""check and fmt: what concerns a program's text alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from ...backends.artifact.storage import read_file, write_file
from ...backends.mapping.load import load_kernels
from ...frontend.style.format import format_text
from ...ir.chips.cores import CORES
from ...ir.chips.table import CHIPS
from ...ir.deploy.choices import Asked
from ...ir.diagnostics import CompileError, Diagnostic, Source, to_json
from ...ir.model import Model
from ..checker import check_program
from ..deploying import named_chip
from ..loading import Options
from ..mapping.changes import Unfit, Watch
from ..mapping.foreseen import foreseen, lines_of
from ..report import stage_bar
from .command import Command
from .environment import settings
from .options import Defines, FileArgument, Json, Network, Quiet, parse_defines
from .output import Output, draw

LIMIT = 1 << 26


def check(
    file: FileArgument,
    define: Defines = None,
    network: Network = None,
    chip: Annotated[
        str | None,
        typer.Option("--target", help="a chip that it is to fit; default: the program's, if any"),
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Report every mistake of a program, and what of it does not fit a chip."""
    output, cores = Output(json, quiet), list[dict[str, Any]]()
    named = None if chip is None else named_chip(chip, CORES)
    named = named if named in CHIPS else None  # of the others cores alone are known

    def further(model: Model, asked: Asked) -> None:
        with stage_bar(output.notes, output.is_live, "check") as watch:
            cores.extend(_on_cores(model, asked, chip or asked.chip, watch))

    found = check_program(file, Options(parse_defines(define), network), named, further)
    errors = [to_json(d) for d in found if d.severity == "error"]
    warnings = [to_json(d) for d in found if d.severity == "warning"]
    output.document({"errors": errors, "warnings": warnings, "cores": cores})
    draw(found, output)
    if errors:
        raise typer.Exit(1)
    output.result(f"{file}: no mistakes")
    for each in cores:
        output.result(*lines_of(each))


def _on_cores(
    model: Model, asked: Asked, chip: str | None, watch: Watch
) -> Iterator[dict[str, Any]]:
    """What the cores of the chip make of a network, if it has any that are known; Unfit where they
    do not hold it."""
    if chip not in CORES or model.graph.semantics.integers:
        return
    named = {"network": model.graph.name}
    try:
        kernels = load_kernels(settings().kernel_folder)
        found = foreseen(model, asked.deployment.precision, chip, kernels, watch)
    except Unfit as error:
        yield {**named, **error.document}
        raise
    yield {**named, **found.document(chip)}


def fmt(
    files: Annotated[list[Path], typer.Argument(help="programs, .snn", show_default=False)],
    check_only: Annotated[
        bool, typer.Option("--check", help="change nothing; exit 1 if a file would change")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Lay programs out in the one way, comments kept."""
    output = Output(is_quiet=quiet)
    is_wrong = False
    for file in files:
        try:
            is_changed = _format(file, check_only)
        except CompileError as error:
            draw(error.diagnostics, output)
            is_wrong = True
            continue
        if is_changed:
            output.result(f"{'would change' if check_only else 'changed'} {file}")
            is_wrong |= check_only
    if is_wrong:
        raise typer.Exit(1)


def _format(file: Path, check_only: bool) -> bool:
    """Whether the file is not in the one way, which it is then brought into."""
    content = read_file(file, LIMIT)
    formatted = format_text(Source(str(file), _text(file, content))).encode()
    if formatted != content and not check_only:
        write_file(file, formatted)
    return formatted != content


def _text(file: Path, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"`{file}` is not text: byte {error.start} is not UTF-8"
        raise CompileError(Diagnostic("E063", message)) from error


COMMANDS = (
    Command("check", check, "snncc check examples/digits.snn"),
    Command("fmt", fmt, "snncc fmt --check examples/digits.snn"),
)
