"""plot."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from ...backends.artifact.storage import is_file
from ...ir.diagnostics import CompileError, Diagnostic
from ..loading import load_package, make_simulator
from ..plot import write_curves, write_raster
from ..settings import usable_threads
from ..training.history import read_history
from ..training.run_folder import HISTORY, MODEL, is_run
from .command import Command
from .compiling import options_for
from .environment import settings
from .options import DataOption, Defines, Json, ModelArgument, Network, Quiet, Seed, TargetChoice
from .output import Output
from .running import Split, presented


def plot(
    model: ModelArgument,
    out: Annotated[
        Path | None, typer.Option("--out", help="the pictures' folder; default: the run's, or .")
    ] = None,
    sample: Annotated[int, typer.Option("--sample", min=0, help="the raster's test sample")] = 0,
    data: DataOption = None,
    define: Defines = None,
    network: Network = None,
    seed: Seed = None,
    target: TargetChoice = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Draw a run's curves (curves.png) and one sample's spikes (raster.png)."""
    output = Output(json, quiet)
    folder = out or (model if is_run(model) else Path())
    pictures = []
    if is_run(model):
        pictures.append(folder / "curves.png")
        write_curves(pictures[-1], read_history(model / HISTORY), str(model))
    if not is_run(model) or is_file(model / MODEL):
        pictures.append(folder / "raster.png")
        loaded = load_package(model, options_for(model, define, network, seed, target))
        samples = presented(loaded, data, Split.TEST, sample + 1, output)
        if len(samples) <= sample:
            message = f"there is no test sample {sample}: the data have {len(samples)}"
            raise CompileError(Diagnostic("E022", message))
        simulator = make_simulator(loaded, usable_threads(), settings())
        spikes = simulator.raster(samples.pick(np.array([sample])), 0)
        graph = loaded.model.graph
        title = f"{graph.name}, test sample {sample}, label {samples.labels[sample]}"
        write_raster(pictures[-1], graph, spikes, title)
    output.document({"pictures": [str(path) for path in pictures]})
    output.result(*(str(path) for path in pictures))


COMMANDS = (Command("plot", plot, "snncc plot runs/digits"),)
