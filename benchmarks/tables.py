"""Tables for a terminal and for a page of the manual, and figures for machines."""

from __future__ import annotations

import json
import re
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

WIDTH = 150  # of the widest table


@dataclass(frozen=True, slots=True)
class Grid:
    """A table of text; numbers stand right, the first `labels` columns left."""

    title: str
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    labels: int = 1


def rates_text(rates: Mapping[str, float]) -> str:
    """Firing rates, percent of the steps, one after the other as the populations stand."""
    return " / ".join(f"{rate:.1f}" if rate >= 1 else f"{rate:.2g}" for rate in rates.values())


def add_outputs(parser: ArgumentParser, figures: Path | None = None) -> None:
    """The options that say where what was found goes; see `publish`."""
    parser.add_argument("--json", type=Path, default=figures, help="write the figures here")
    parser.add_argument("--page", type=Path, help="put the tables into this page of the manual")


def publish(grids: Mapping[str, Grid], document: object, given: Namespace) -> None:
    """Print the tables; write the document as JSON and fill the page, if they are named."""
    console = Console()
    console.width = max(console.width, WIDTH)
    for grid in grids.values():
        console.print(to_rich(grid), "")
    if given.json is not None:
        given.json.parent.mkdir(parents=True, exist_ok=True)
        given.json.write_text(json.dumps(document, indent=2) + "\n")
        console.print(f"figures: {given.json}")
    if given.page is not None:
        given.page.write_text(fill_page(given.page.read_text(), grids))


def to_rich(grid: Grid) -> Table:
    """For a terminal."""
    table = Table(title=grid.title, title_justify="left", box=None, header_style="bold")
    for k, header in enumerate(grid.headers):
        table.add_column(header, justify="left" if k < grid.labels else "right")
    for row in grid.rows:
        table.add_row(*row)
    return table


def to_markdown(grid: Grid) -> str:
    """For a page."""
    rules = ["---" if k < grid.labels else "---:" for k in range(len(grid.headers))]
    lines = [f"**{grid.title}**", ""]
    return "\n".join(
        lines + [f"| {' | '.join(row)} |" for row in (grid.headers, rules, *grid.rows)]
    )


def fill_page(text: str, grids: Mapping[str, Grid]) -> str:
    """The page with each table put between its marks, `<!-- table: NAME -->` and `<!-- end -->`.

    A mark whose table was not measured keeps what stands there.
    """

    def filled(match: re.Match[str]) -> str:
        name = match.group(1)
        body = f"\n\n{to_markdown(grids[name])}\n\n" if name in grids else match.group(2)
        return f"<!-- table: {name} -->{body}<!-- end -->"

    return re.sub(r"<!-- table: ([^>]*?) -->(.*?)<!-- end -->", filled, text, flags=re.DOTALL)
