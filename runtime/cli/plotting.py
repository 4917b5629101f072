"""plot."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from ...backends.artifact.model import Package
from ...backends.artifact.storage import is_file
from ...backends.protocols import LARGEST_COUNT
from ...ir.diagnostics import CompileError, Diagnostic
from ..loading import make_simulator
from ..plot import write_comparison, write_curves, write_histograms, write_raster
from ..settings import usable_threads
from ..simulation import alone, has_inputs, timed
from ..training.histogram import histograms
from ..training.history import read_history
from ..training.run_folder import HISTORY, MODEL, are_seeds, is_run
from ..training.seeds import read_seeds, started
from .augmenting import draw_augmented
from .command import Command
from .compiling import options_for
from .environment import settings
from .models import opened
from .options import DataOption, Defines, Json, Network, Quiet, Seed, TargetChoice
from .output import Output
from .resuming import is_given
from .running import Split, presented

MOST_IMAGES = 100
# What several runs are not drawn with.
OF_ONE = ("sample", "histogram", "augmented", "data", "define", "network", "seed", "target")


def plot(
    context: typer.Context,
    models: Annotated[
        list[Path],
        typer.Argument(
            help="a program, a package, the folder of a run, or several runs", show_default=False
        ),
    ],
    out: Annotated[
        Path | None, typer.Option("--out", help="the pictures' folder; default: the run's, or .")
    ] = None,
    sample: Annotated[int, typer.Option("--sample", min=0, help="the raster's test sample")] = 0,
    histogram: Annotated[
        int | None,
        typer.Option(
            "--histogram",
            min=1,
            max=LARGEST_COUNT,
            help="and the share of neurons with 0, 1, 2, … spikes, of so many test samples",
        ),
    ] = None,
    augmented: Annotated[
        int | None,
        typer.Option(
            "--augmented",
            min=1,
            max=MOST_IMAGES,
            help="so many training images, as they are and as epochs transform them, and no spikes",
        ),
    ] = None,
    data: DataOption = None,
    define: Defines = None,
    network: Network = None,
    seed: Seed = None,
    target: TargetChoice = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Draw a run's curves (curves.png) and one sample's spikes (raster.png).

    With --augmented, in place of spikes, what training images become (augmented.png).
    Of several runs, and of a training by several seeds, the curves in one picture.
    """
    output, model = Output(json, quiet), models[0]
    if len(models) > 1 or are_seeds(model):
        _refuse_options(context)
        pictures = [_compared(models, out, output)]
    else:
        folder = out or (model if is_run(model) else Path())
        pictures = list(_curves(model, folder))
        options = options_for(model, define, network, seed, target)
        if augmented is not None:
            pictures.append(draw_augmented(model, options, data, augmented, folder, output))
        elif not is_run(model) or is_file(model / MODEL):
            loaded = opened(model, options, output)
            pictures += _spikes(loaded, data, sample, histogram, folder, output)
    output.document({"pictures": [str(path) for path in pictures]})
    output.result(*(str(path) for path in pictures))


def _refuse_options(context: typer.Context) -> None:
    given = [name for name in OF_ONE if is_given(context, name)]
    if given:
        message = "of several runs only the curves are drawn"
        raise typer.BadParameter(message, param_hint=f"--{given[0]}")


def _compared(models: list[Path], out: Path | None, output: Output) -> Path:
    """The picture of the curves of all runs."""
    runs = list(dict.fromkeys(run for model in models for run in _runs(model)))
    folder = out or (models[0] if len(models) == 1 else Path())
    path = folder / "curves.png"
    write_comparison(path, {str(run): read_history(run / HISTORY) for run in runs})
    return path


def _runs(model: Path) -> tuple[Path, ...]:
    """The run in a folder, or those of a training by several seeds that have a history."""
    if is_run(model):
        return (model,)
    if not are_seeds(model):
        message = f"`{model}` is not the folder of a training run"
        way_out = "several pictures in one are of runs; draw others one by one"
        raise CompileError(Diagnostic("E063", message, help=way_out))
    begun = (run for run in started(model, read_seeds(model)[0]) if is_file(run / HISTORY))
    runs = tuple(begun)
    if not runs:
        raise CompileError(Diagnostic("E063", f"no run in `{model}` has come to its first epoch"))
    return runs


def _curves(model: Path, folder: Path) -> Iterator[Path]:
    if is_run(model):
        path = folder / "curves.png"
        write_curves(path, read_history(model / HISTORY), str(model))
        yield path


def _spikes(
    package: Package,
    data: str | None,
    sample: int,
    count: int | None,
    folder: Path,
    output: Output,
) -> Iterator[Path]:
    """The pictures of the spikes of a test sample, or of a run of a network without inputs, and of
    so many of them."""
    package = timed(package, None)
    is_alone = data is None and not has_inputs(package.model.graph)
    wanted = max(sample + 1, count or 0)
    samples = alone(wanted) if is_alone else presented(package, data, Split.TEST, wanted, output)
    if len(samples) <= sample:
        message = f"there is no test sample {sample}: the data have {len(samples)}"
        raise CompileError(Diagnostic("E022", message))
    simulator, graph = make_simulator(package, usable_threads(), settings()), package.model.graph
    path = folder / "raster.png"
    spikes = simulator.raster(samples.pick(np.array([sample])), 0)
    title = f"{graph.name}, test sample {sample}, label {samples.labels[sample]}"
    title = f"{graph.name}, run {sample}" if is_alone else title
    write_raster(path, graph, spikes, title)
    yield path
    if count is not None:
        shown = samples.part(np.arange(min(count, len(samples))))
        path = folder / "histogram.png"
        title = f"{graph.name}, spikes a neuron, mean of {len(shown)} test samples"
        write_histograms(path, histograms(simulator, shown), title)
        yield path


COMMANDS = (Command("plot", plot, "snncc plot runs/digits"),)
