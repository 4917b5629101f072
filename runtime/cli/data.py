"""datasets: list, fetch, verify."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ...ir.diagnostics import CompileError, Diagnostic
from ..datasets.fetch import download_all, find, verified
from ..datasets.table import DATASETS, Dataset, dataset
from ..report import table_of
from ..settings import Settings
from .command import Command
from .environment import fetch_bar, settings
from .options import Json, Quiet
from .output import Output

NameArgument = Annotated[str, typer.Argument(help="a data set", show_default=False)]


def list_when_alone(context: typer.Context, json: Json = False, quiet: Quiet = False) -> None:
    """List data sets, fetch and verify them."""
    if context.invoked_subcommand is None:
        list_datasets(json, quiet)
    else:
        # What is said before the command holds for the command.
        context.default_map = {context.invoked_subcommand: {"json": json, "quiet": quiet}}


def list_datasets(json: Json = False, quiet: Quiet = False) -> None:
    """List the data sets, and where each was found."""
    output = Output(json, quiet)
    where = settings()
    rows = [_row(name, row, where) for name, row in DATASETS.items()]
    output.document({"datasets": rows})
    output.result(table_of(rows, ["name", "found", "licence", "summary"]))


def _row(name: str, row: Dataset, where: Settings) -> dict[str, object]:
    return {
        "name": name,
        "summary": row.summary,
        "licence": row.licence,
        "source": row.source,
        "found": _found(row, where),
        "arguments": [a.name for a in row.arguments],
    }


def _found(row: Dataset, where: Settings) -> str:
    if not row.files:
        return "by its path" if row.arguments else "in snncc"
    paths = [find(file, row.folder, where) for file in row.files]
    if None in paths:
        return "not yet"
    return str(next(path.parent for path in paths if path is not None))


def fetch(name: NameArgument, json: Json = False, quiet: Quiet = False) -> None:
    """Download a data set into the cache folder, unless it is found already."""
    output = Output(json, quiet)
    row, where = _with_files(name), settings()
    with fetch_bar(output) as progress:
        missing = [file for file in row.files if find(file, row.folder, where) is None]
        download_all(missing, row.folder, where, progress)
    paths = _verified(name, where, True)
    output.document({"files": [str(path) for path in paths]})
    output.result(*(f"{path}: verified" for path in paths))


def verify(
    name: Annotated[str | None, typer.Argument(help="default: all that are here")] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Compare the files that were found with their published checksums."""
    output = Output(json, quiet)
    where = settings()
    names = [known for known, row in DATASETS.items() if row.files] if name is None else [name]
    paths = [path for known in names for path in _verified(known, where, name is not None)]
    output.document({"files": [str(path) for path in paths]})
    output.result(*(f"{path}: verified" for path in paths))
    if not paths:
        output.result("no file of a public data set is here; `snncc datasets fetch` brings them")


def _verified(name: str, where: Settings, is_named: bool) -> list[Path]:
    row = _with_files(name)
    found = [(file, find(file, row.folder, where)) for file in row.files]
    missing = [file.name for file, path in found if path is None]
    if missing and is_named:
        message = f"`{missing[0]}` of `{name}` is not here"
        raise CompileError(Diagnostic("E061", message, help=f"run `snncc datasets fetch {name}`"))
    paths = []
    for file, path in found:
        if path is not None:
            verified(file, path)
            paths.append(path)
    return paths


def _with_files(name: str) -> Dataset:
    row = dataset(name)
    if row.files:
        return row
    reason = "it is yours: name its path in the program" if row.arguments else "it ships with snncc"
    message = f"`{name}` has nothing to fetch"
    raise CompileError(Diagnostic("E061", message, help=reason))


COMMANDS = (
    Command("list", list_datasets, "snncc datasets list"),
    Command("fetch", fetch, "snncc datasets fetch mnist"),
    Command("verify", verify, "snncc datasets verify"),
)
