"""The model that a command is given."""

from __future__ import annotations

from pathlib import Path

from ...backends.artifact.model import Package
from ..loading import After, Options, load_package
from ..training.lock import in_progress
from .output import Output, draw


def opened(path: Path, options: Options, output: Output, after: After | None = None) -> Package:
    """As `load_package`; W062 is drawn for a run that goes on."""
    package = load_package(path, options, after)
    draw(in_progress(path), output)
    return package
