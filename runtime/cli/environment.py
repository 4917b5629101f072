"""The process's surroundings: the one place that reads them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn

from ..datasets.fetch import Progress as FetchProgress
from ..settings import Settings, settings_from
from .output import Output


def settings() -> Settings:
    """The settings of this process's environment."""
    return settings_from(os.environ)


@contextmanager
def fetch_bar(output: Output) -> Iterator[FetchProgress]:
    """A bar for downloads, which appears with the first one."""
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        DownloadColumn(),
        console=output.notes,
        transient=True,
        disable=not (output.is_live and output.notes.is_terminal),
    )
    tasks: dict[str, TaskID] = {}

    def advance(name: str, done: int, total: int) -> None:
        if name not in tasks:
            tasks[name] = bar.add_task(f"fetch {name}")
        bar.update(tasks[name], completed=done, total=total or None)

    with bar:
        yield advance
