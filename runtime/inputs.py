"""Which data a network is presented with, and their loading."""

from __future__ import annotations

from pathlib import Path

from ..backends.artifact.model import Model
from ..ir.diagnostics import CompileError, Diagnostic
from ..ir.graph import Call, Graph
from .datasets.fetch import Progress, no_progress
from .datasets.table import DATASETS, load
from .samples import Presentation, present
from .settings import Settings

# A file of the user's own needs no call: its name says how it is read.
SUFFIXES = {".csv": "csv", ".npz": "npz"}


def choose_data(model: Model, named: str | None) -> Call:
    """The data that the user names, else those that the program was written for."""
    if named is not None:
        kind = SUFFIXES.get(Path(named).suffix)
        return Call(named) if kind is None else Call(kind, (("path", named),))
    if model.data is not None:
        return model.data
    message = f"`{model.graph.name}` names no data"
    way_out = f"add --data with a .csv or .npz file, or one of {', '.join(DATASETS)}"
    raise CompileError(Diagnostic("E061", message, help=way_out))


def load_presentation(
    graph: Graph,
    call: Call,
    split: str,
    limit: int | None,
    settings: Settings,
    fetch_progress: Progress = no_progress,
) -> Presentation:
    """The first `limit` samples of a split, in the form that the graph takes."""
    data = load(call, split, settings, fetch_progress)
    return present(graph, data.first(limit), split)
