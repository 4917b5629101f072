"""Pictures: the curves of runs, the spikes of a sample. Needs matplotlib, the extra `plot`."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..backends.artifact.storage import write_file
from ..ir.diagnostics import CompileError, Diagnostic
from ..ir.graph import Graph
from .report import tested
from .training.histogram import Histogram
from .training.history import History

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, HEIGHT = 9.0, 3.2  # [inch] a row of panels
DPI = 120
MOST_SPIKES = 200_000


def _figure(width: float, height: float) -> Figure:
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        message = "plots need matplotlib, which is not installed"
        help_line = "pip install 'snncc[plot]'"
        raise CompileError(Diagnostic("E070", message, help=help_line)) from error
    # The object-oriented way needs no display and leaves no global state.
    return Figure(figsize=(width, height), layout="constrained")


def write_curves(path: Path, history: History, title: str) -> None:
    """Write accuracy, cost and firing rates over the epochs as a PNG."""
    figure = _figure(WIDTH, HEIGHT)
    accuracy, cost, rates = figure.subplots(1, 3)
    _accuracy(accuracy, history)
    _line(cost, history, [record.cost for record in history], "cost")
    for name, values in _rates(history).items():
        _line(rates, history, values, "rate [Hz]", name)
    if rates.lines:
        rates.legend(fontsize="small")
    figure.suptitle(title)
    _write(path, figure)


def write_comparison(path: Path, histories: Mapping[str, History]) -> None:
    """Write accuracies and cost of several runs over their epochs as a PNG, a line a run."""
    figure = _figure(WIDTH, HEIGHT)
    tests, train, cost = figure.subplots(1, 3)
    measured = _measured(histories)
    for name, history in histories.items():
        shares = [100 * tested(record).get(measured, np.nan) for record in history]
        _line(tests, history, shares, f"{measured} accuracy [%]", name)
        learnt = [100 * record.train_accuracy for record in history]
        _line(train, history, learnt, "train (running) accuracy [%]")
        _line(cost, history, [record.cost for record in history], "cost")
    tests.legend(fontsize="small")
    _write(path, figure)


def _measured(histories: Mapping[str, History]) -> str:
    """What the accuracies of the runs are best compared on: something that all have taken."""
    taken = [set(tested(record)) for history in histories.values() for record in history]
    common = set.intersection(*taken) or set.union(*taken)
    return next((name for name in ("test", "hold-out") if name in common), "test")


def write_histograms(path: Path, histograms: tuple[Histogram, ...], title: str) -> None:
    """Write the share of neurons with 0, 1, 2, … spikes as a PNG, a panel a population."""
    figure = _figure(WIDTH / 3 * len(histograms), HEIGHT)
    panels = np.atleast_1d(figure.subplots(1, len(histograms)))
    for axes, histogram in zip(panels, histograms, strict=True):
        shares = 100 * np.array(histogram.shares)
        axes.bar(np.arange(len(shares)), shares, width=0.9)
        axes.set_yscale("log")
        axes.set_xlabel("spikes")
        axes.set_ylabel(f"neurons of {histogram.population} [%]")
        axes.set_title(f"silent {shares[0]:.1f} %", fontsize="small")
    figure.suptitle(title)
    _write(path, figure)


def _accuracy(axes: Axes, history: History) -> None:
    train = [100 * record.train_accuracy for record in history]
    _line(axes, history, train, "accuracy [%]", "train (running)")
    tests = [tested(record) for record in history]
    for name in dict.fromkeys(name for taken in tests for name in taken):
        shares = [100 * taken.get(name, np.nan) for taken in tests]
        _line(axes, history, shares, "accuracy [%]", name)
    axes.legend(fontsize="small")


def _rates(history: History) -> dict[str, list[float]]:
    names = [r.population for r in history[0].rates] if history else []
    return {name: [_rate(record.rates, name) for record in history] for name in names}


def _rate(rates: tuple[Any, ...], name: str) -> float:
    return next((float(r.rate) for r in rates if r.population == name), float("nan"))


def _line(axes: Axes, history: History, values: list[float], what: str, label: str = "") -> None:
    epochs = [record.epoch for record in history]
    axes.plot(epochs, values, marker="o", markersize=3, label=label or None)
    axes.set_xlabel("epoch")
    axes.set_ylabel(what)
    axes.grid(alpha=0.3)


def write_raster(path: Path, graph: Graph, spikes: npt.NDArray[np.bool_], title: str) -> None:
    """Write the spikes of one sample, bool [steps, neurons], as a PNG: time to the right."""
    times, neurons = np.nonzero(spikes)
    if len(times) > MOST_SPIKES:
        kept = np.linspace(0, len(times) - 1, MOST_SPIKES).astype(int)
        times, neurons = times[kept], neurons[kept]
        title += f" ({MOST_SPIKES} of {int(spikes.sum())} spikes drawn)"
    figure = _figure(WIDTH, 2 * HEIGHT)
    axes = figure.subplots()
    axes.plot(times * graph.dt, neurons, "|", markersize=2, color="black")
    _mark_populations(axes, graph)
    # Step k lies at k dt and neuron n at n: all of both within the frame.
    axes.set_xlim(-0.5 * graph.dt, (spikes.shape[0] - 0.5) * graph.dt)
    axes.set_ylim(spikes.shape[1] - 0.5, -0.5)
    axes.set_xlabel("time [ms]")
    axes.set_title(title)
    _write(path, figure)


def _mark_populations(axes: Axes, graph: Graph) -> None:
    middles, start = [], 0
    for population in graph.populations:
        middles.append(start + (population.neurons - 1) / 2)
        start += population.neurons
        axes.axhline(start - 0.5, color="tab:red", linewidth=0.5)
    axes.set_yticks(middles, [f"{p.name}\n{p.neurons}" for p in graph.populations])


Images = npt.NDArray[np.float32]  # [samples, channels, rows, columns]
GAP = 2  # [pixels] between images
INCHES = 0.9  # of an image


def write_images(path: Path, columns: Mapping[str, Images], title: str) -> None:
    """Write images as a PNG, a row a sample, a column of each name."""
    mosaic, (height, width) = _mosaic(list(columns.values()))
    rows = len(mosaic) // (height + GAP)
    figure = _figure(INCHES * (len(columns) + 0.5), INCHES * (rows * height / width + 0.7))
    axes = figure.subplots()
    colours = mosaic if mosaic.shape[2] == 3 else mosaic[:, :, 0]
    axes.imshow(colours, cmap="gray", vmin=0.0, vmax=1.0, interpolation="nearest")
    places = np.arange(len(columns)) * (width + GAP) + (width - 1) / 2
    axes.set_xticks(places, list(columns), fontsize="x-small")
    axes.set_yticks([])
    axes.tick_params(length=0)
    axes.set_frame_on(False)
    figure.suptitle(title, fontsize="small")
    _write(path, figure)


def _mosaic(columns: list[Images]) -> tuple[Images, tuple[int, int]]:
    """All images in one, [rows, columns, 3 or 1] on white, and the size of each; other channels
    than red, green and blue are seen by their mean."""
    shown = np.stack(columns, axis=1)  # [samples, columns, C, H, W]
    if shown.shape[2] != 3:
        shown = shown.mean(axis=2, keepdims=True)
    room = ((0, 0), (0, 0), (0, 0), (0, GAP), (0, GAP))
    framed = np.pad(shown, room, constant_values=1.0).transpose(0, 3, 1, 4, 2)
    rows, height, across, width, channels = framed.shape
    size = height - GAP, width - GAP
    return framed.reshape(rows * height, across * width, channels), size


def _write(path: Path, figure: Figure) -> None:
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=DPI)
    write_file(path, picture.getvalue())
