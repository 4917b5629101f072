"""run and eval: a network presented with data."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
import typer
from rich.console import RenderableType
from rich.table import Table

from ...backends.artifact.model import Package
from ...backends.artifact.storage import write_file
from ...backends.protocols import NO_CLASS
from ...frontend.program import time_called
from ...ir.diagnostics import to_json
from ...ir.graph import Call
from ...ir.verify.warnings import graph_warnings
from ..inputs import choose_data, load_inputs, load_presentation
from ..loading import make_simulator
from ..record import Arrays, npz
from ..report import class_titles, histograms_table, progress_bar, rates_table, table_of
from ..samples import Presentation, output_population, outputs_of
from ..settings import usable_threads
from ..simulation import alone, has_inputs, timed
from ..training.activity import Rates, measure, silence
from ..training.evaluate import Answers, answer, tally
from ..training.histogram import Histogram, histograms
from .command import Command
from .compiling import options_for
from .environment import fetch_bar, settings
from .models import opened
from .options import (
    DataOption,
    Defines,
    Histograms,
    Json,
    Limit,
    ModelArgument,
    Network,
    Quiet,
    Seed,
    TargetChoice,
    Threads,
)
from .output import Output, draw
from .recording import require_kind, write_record


class Split(StrEnum):
    """A part of a data set."""

    TRAIN = "train"
    TEST = "test"


SHOWN = 10  # samples of a data set, if none are said
NAMED = 20  # classes
SplitOption = Annotated[Split, typer.Option("--split")]


def run(
    model: ModelArgument,
    data: DataOption = None,
    split: SplitOption = Split.TEST,
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit",
            min=1,
            help="the first samples only; default: 10, all of --inputs, 1 of a network without "
            "inputs",
        ),
    ] = None,
    duration: Annotated[
        str | None,
        typer.Option(
            "--duration", help="how long a run lasts, 500ms; default: as the program says"
        ),
    ] = None,
    inputs: Annotated[
        Path | None,
        typer.Option(
            "--inputs",
            help="an .npy file in place of data: spikes (samples, steps, inputs), or (samples, "
            "inputs) in 0..1",
        ),
    ] = None,
    record: Annotated[
        Path | None,
        typer.Option(
            "--record",
            help="write what the program records, else every spike of every population: .npz, .csv",
        ),
    ] = None,
    record_states: Annotated[
        bool, typer.Option("--record-states", help="and the neurons' states after each step")
    ] = False,
    histogram: Histograms = False,
    out: Annotated[
        Path | None, typer.Option("--out", help="write counts or scores, predictions, labels, .npz")
    ] = None,
    define: Defines = None,
    network: Network = None,
    seed: Seed = None,
    target: TargetChoice = None,
    threads: Threads = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Present samples and show the spike counts of the output, or of each of several."""
    output = Output(json, quiet)
    require_kind(record, record_states)
    if inputs is not None and data is not None:
        raise typer.BadParameter("it takes the place of --data", param_hint="--inputs")
    lasts = None if duration is None else time_called(duration, "--duration")
    loaded = timed(opened(model, options_for(model, define, network, seed, target), output), lasts)
    graph = loaded.model.graph
    if out is not None and not outputs_of(graph):
        message = "the network has no outputs; what it does is written by --record"
        raise typer.BadParameter(message, param_hint="--out")
    is_alone = not has_inputs(graph) and inputs is None and data is None
    if is_alone:
        draw(graph_warnings(graph), output)
        samples = alone(limit or 1)
    elif inputs is None:
        samples = presented(loaded, data, split, limit or SHOWN, output)
    else:
        samples = load_inputs(graph, inputs, limit)
    is_answer = len(outputs_of(graph)) == 1 and not is_alone
    shown = (_classified if is_answer else _tallied)(loaded, samples, threads, output)
    if inputs is not None or is_alone:
        shown = shown.without("label")
    if record is not None:
        write_record(record, loaded, samples, threads, record_states, output)
    elif loaded.run is not None and loaded.run.probes:
        output.note("what the program records is written where `--record FILE` says")
    found = {"rates": _documents(shown.rates), "warnings": _warnings(loaded, samples)}
    spread = _histograms(loaded, samples, threads) if histogram else ()
    output.document({"samples": shown.rows, **found, **_shares(spread)})
    table = (_samples_table(shown.rows), "") if len(shown.rows[0]) > 1 else ()
    output.result(*table, rates_table(shown.rates), *_shown(spread))
    if out is not None:
        write_file(out, npz(shown.arrays))


def evaluate(
    model: ModelArgument,
    data: DataOption = None,
    split: SplitOption = Split.TEST,
    limit: Limit = None,
    histogram: Histograms = False,
    define: Defines = None,
    network: Network = None,
    seed: Seed = None,
    target: TargetChoice = None,
    threads: Threads = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Measure accuracy over a split, by class, with the confusion matrix."""
    output = Output(json, quiet)
    loaded = opened(model, options_for(model, define, network, seed, target), output)
    classes = output_population(loaded.model.graph).neurons
    samples = presented(loaded, data, split, limit, output)
    answers, rates = _answers(loaded, samples, threads, output)
    confusion = answers.confusion(classes)
    spread = _histograms(loaded, samples, threads) if histogram else ()
    output.document(
        {
            "split": split.value,
            "samples": len(samples),
            "right": answers.right,
            "accuracy": answers.accuracy,
            "silent": answers.silent,
            "confusion": confusion.tolist(),
            "classes": list(samples.names),
            "rates": _documents(rates),
            "warnings": _warnings(loaded, samples),
            **_shares(spread),
        }
    )
    output.result(
        _confusion_table(confusion, samples.names), "", rates_table(rates), *_shown(spread), ""
    )
    output.result(f"{split.value}: {answers.right} of {len(samples)} right, {answers.accuracy:.2%}")
    if answers.silent:
        output.note(
            f"warning: {silence(loaded.model.graph, f'{answers.silent} of the samples')}", "yellow"
        )


def _histograms(
    package: Package, samples: Presentation, threads: int | None
) -> tuple[Histogram, ...]:
    simulator = make_simulator(package, threads or usable_threads(), settings())
    return histograms(simulator, samples)


def _shares(spread: tuple[Histogram, ...]) -> dict[str, object]:
    return {"histogram": [found._asdict() for found in spread]} if spread else {}


def _shown(spread: tuple[Histogram, ...]) -> tuple[RenderableType, ...]:
    return ("", histograms_table(spread)) if spread else ()


def presented(
    package: Package, data: str | None, split: Split, limit: int | None, output: Output
) -> Presentation:
    """The samples that a command names for a network, fetched if need be; it warns of what the
    network cannot do and of what is odd about the data, and tells what the classes are called."""
    graph = package.model.graph
    draw(graph_warnings(graph), output)
    call: Call = choose_data(package, data)
    with fetch_bar(output) as fetched:
        samples = load_presentation(graph, call, split.value, limit, settings(), fetched)
    draw(samples.warnings, output)
    tell_classes(samples, output)
    return samples


def tell_classes(samples: Presentation, output: Output) -> None:
    """Which label is which class, where labels are not the numbers of classes."""
    if samples.names:
        titles = class_titles(samples.names[:NAMED], NAMED)
        more = ", …" if len(samples.names) > NAMED else ""
        output.note(f"classes: {', '.join(titles[: len(samples.names)])}{more}")


def _answers(
    package: Package, samples: Presentation, threads: int | None, output: Output
) -> tuple[Answers, tuple[Rates, ...]]:
    simulator = make_simulator(package, threads or usable_threads(), settings())
    with progress_bar(output.notes, output.is_live and output.notes.is_terminal) as bar:
        task = bar.add_task("run", total=len(samples), facts="")

        def watch(done: int, _total: int, right: int) -> bool:
            bar.update(task, completed=done, facts=f"accuracy {right / done:.2%}")
            return True

        answers = answer(simulator, samples, watch)
    assert answers is not None
    return answers, measure(package.model.graph, answers.activity, len(samples), simulator.steps)


class Shown(NamedTuple):
    """What `run` shows, a row a sample, and what it writes."""

    rows: list[dict[str, Any]]
    arrays: Arrays
    rates: tuple[Rates, ...]

    def without(self, what: str) -> Shown:
        """The same, not saying `what` of a sample."""
        rows = [{name: value for name, value in row.items() if name != what} for row in self.rows]
        arrays = {name: array for name, array in self.arrays.items() if name != f"{what}s"}
        return Shown(rows, arrays, self.rates)


def _classified(
    package: Package, samples: Presentation, threads: int | None, output: Output
) -> Shown:
    answers, rates = _answers(package, samples, threads, output)
    has_scores = answers.scores.size > 0
    readout = {"scores": answers.scores} if has_scores else {"counts": answers.counts}
    rows = [
        {
            "sample": k,
            "label": int(answers.labels[k]),
            "prediction": _class(answers.predictions[k]),
            **{name: array[k].tolist() for name, array in readout.items()},
        }
        for k in range(len(answers.labels))
    ]
    arrays: Arrays = {
        **readout,
        "predictions": answers.predictions,
        "labels": answers.labels,
    }
    return Shown(rows, arrays, rates)


def _class(prediction: np.int32) -> int | None:
    return None if prediction == NO_CLASS else int(prediction)


def _tallied(package: Package, samples: Presentation, threads: int | None, output: Output) -> Shown:
    simulator = make_simulator(package, threads or usable_threads(), settings())
    found = tally(simulator, samples)
    counts = {f"counts of {name}": counts for name, counts in found.counts.items()}
    rows = [
        {
            "sample": k,
            "label": int(label),
            **{name: array[k].tolist() for name, array in counts.items()},
        }
        for k, label in enumerate(samples.labels)
    ]
    rates = measure(package.model.graph, found.activity, len(samples), simulator.steps)
    return Shown(rows, {**counts, "labels": samples.labels}, rates)


def _samples_table(rows: list[dict[str, Any]]) -> Table:
    texts = [{name: _text(value) for name, value in row.items()} for row in rows]
    return table_of(texts, list(rows[0]))


def _text(value: Any) -> object:
    if isinstance(value, list):
        return " ".join(f"{x:.4g}" if isinstance(x, float) else str(x) for x in value)
    return "none" if value is None else value


def _documents(rates: tuple[Rates, ...]) -> list[dict[str, object]]:
    return [
        {"population": r.population, "hz": r.rate, "dead": r.dead, "saturated": r.saturated}
        for r in rates
    ]


def _warnings(package: Package, samples: Presentation) -> list[dict[str, object]]:
    return [to_json(w) for w in (*graph_warnings(package.model.graph), *samples.warnings)]


def _confusion_table(
    confusion: np.ndarray[tuple[int, int], np.dtype[np.int64]], names: tuple[str, ...]
) -> Table:
    classes = class_titles(names, len(confusion))
    columns = [*classes, "none"] if confusion[:, -1].any() else classes
    rows: list[dict[str, object]] = []
    for k, (label, row) in enumerate(zip(classes, confusion, strict=True)):
        total = int(row.sum())
        right = f"{int(row[k]) / total:.1%}" if total else ""
        rows.append(
            {"true\\said": label, **dict(zip(columns, map(int, row), strict=False)), "right": right}
        )
    return table_of(rows, ["true\\said", *columns, "right"])


COMMANDS = (
    Command("run", run, "snncc run runs/digits --limit 5 --record spikes.npz"),
    Command("eval", evaluate, "snncc eval runs/digits"),
)
