"""What a run looks like on a terminal: one progress bar, and tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from .training.activity import Rates
from .training.average import AVERAGE
from .training.figures import Figures
from .training.histogram import Histogram, bins
from .training.history import EpochRecord
from .training.loop import Moment

Emit = Callable[[EpochRecord, tuple[str, ...]], None]


class Display:
    """Follows a run: a live bar on a terminal, nothing live elsewhere; `emit` gets every epoch."""

    def __init__(self, console: Console, is_live: bool, emit: Emit, wants_stop: Callable[[], bool]):
        self._emit = emit
        self._wants_stop = wants_stop
        self._bar = progress_bar(console, is_live and console.is_terminal)
        self._task: TaskID | None = None
        self._place = ("", 0)

    def __enter__(self) -> Display:
        self._bar.start()
        # Kernels are compiled in the first piece of work, which may take a minute.
        self._task = self._bar.add_task("prepare", total=None, facts="compiling for this machine")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def moment(self, moment: Moment) -> None:
        """Move the bar; a new stage or epoch starts it anew, so that the ETA is its own."""
        place = (moment.stage, moment.epoch)
        if self._task is None or place != self._place:
            self._restart(moment)
        self._place = place
        assert self._task is not None
        self._bar.update(self._task, completed=moment.done, facts=facts(moment))

    def _restart(self, moment: Moment) -> None:
        if self._task is not None:
            self._bar.remove_task(self._task)
        title = f"{moment.stage} {moment.epoch}/{moment.epochs}"
        self._task = self._bar.add_task(title, total=moment.total, facts="")

    def epoch(self, record: EpochRecord, warnings: tuple[str, ...]) -> None:
        """Hand the epoch's record on."""
        self._emit(record, warnings)

    def wants_stop(self) -> bool:
        """Whether the user asked to stop."""
        return self._wants_stop()


def progress_bar(console: Console, is_live: bool) -> Progress:
    """A bar with counts, ETA and a field `facts`."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeRemainingColumn(compact=True),
        TextColumn("{task.fields[facts]}"),
        console=console,
        transient=True,
        disable=not is_live,
    )


@contextmanager
def stage_bar(console: Console, is_live: bool, name: str) -> Iterator[Callable[[str, float], None]]:
    """A bar that is told a stage and how much of it is done, 0 to 1."""
    with progress_bar(console, is_live and console.is_terminal) as bar:
        task = bar.add_task(name, total=100, facts="")
        yield lambda stage, share: bar.update(task, completed=round(100 * share), facts=stage)


def facts(moment: Moment) -> str:
    """Accuracy, loss and rates on the bar's line."""
    parts = [f"accuracy {moment.accuracy:.2%}"]
    if moment.stage == "train":
        parts.append(f"loss {moment.cost:.4g}")
    parts += [f"{rates.population} {rates.rate:.0f} Hz" for rates in moment.rates[:4]]
    return "  ".join(parts)


def epoch_line(record: EpochRecord, epochs: int) -> str:
    """One line of an epoch."""
    tests = "".join(f"{name} {share:.2%}  " for name, share in tested(record).items())
    rates = " ".join(f"{r.population} {r.rate:.0f}" for r in record.rates)
    phase = f"  {record.phase}" if record.phase else ""
    return (
        f"epoch {record.epoch}/{epochs}  {tests}train {record.train_accuracy:.2%}  "
        f"loss {record.cost:.4g}  lr {record.learning_rate:.2g}  {record.seconds:.1f} s "
        f"({record.samples_per_second:.0f}/s)  Hz: {rates}{phase}"
    )


def tested(record: EpochRecord) -> dict[str, float]:
    """The accuracies of an epoch on samples that were not learnt from, by what they are of."""
    taken = {
        "hold-out": record.holdout_accuracy,
        "test": record.test_accuracy,
        "averaged hold-out": record.average_holdout_accuracy,
        "averaged test": record.average_test_accuracy,
    }
    return {name: share for name, share in taken.items() if share is not None}


def figures_table(figures: Figures) -> Table:
    """The figures of a run, each by its name and with its epochs."""
    table = Table("figure", f"{figures.of} accuracy", "epochs", box=None)
    for name, (accuracy, (first, last)) in figures.named.items():
        epochs = f"{first}" if first == last else f"{first} to {last}"
        table.add_row(figure_title(name), f"{accuracy:.2%}", epochs)
    return table


def figure_title(name: str) -> str:
    """A figure's name as it is shown: `best on test, averaged`."""
    plain = name.removeprefix(AVERAGE)
    return plain.replace("_", " ") + (", averaged" if plain != name else "")


def rates_table(rates: tuple[Rates, ...]) -> Table | str:
    """The firing rates of populations, or that none can fire."""
    if not rates:
        return "no population fires: all of them send numbers"
    table = Table("population", "rate [Hz]", "dead", "saturated", box=None)
    for entry in rates:
        shares = f"{entry.dead:.1%}", f"{entry.saturated:.1%}"
        table.add_row(entry.population, f"{entry.rate:.1f}", *shares)
    return table


def histograms_table(histograms: tuple[Histogram, ...]) -> Table:
    """The shares of neurons by their spikes in a sample."""
    longest = max(histograms, key=lambda histogram: len(histogram.shares))
    titles = [f"{b.low}" if b.low == b.high else f"{b.low} to {b.high}" for b in bins(longest)]
    table = Table("spikes a neuron", *titles, box=None)
    for histogram in histograms:
        shares = [f"{found.share:.1%}" for found in bins(histogram)]
        table.add_row(histogram.population, *shares)
    return table


def class_titles(names: tuple[str, ...], classes: int) -> list[str]:
    """The classes as they are shown, in their order: `0 setosa`, or `0` for one without a name."""
    shown = ("".join(c if c.isprintable() else ascii(c)[1:-1] for c in name) for name in names)
    titles = [f"{k} {name}" for k, name in enumerate(shown)]
    return [*titles, *map(str, range(len(titles), classes))][:classes]


def table_of(rows: list[dict[str, object]], columns: list[str]) -> Table:
    """A plain table: a row a document."""
    table = Table(*columns, box=None)
    for row in rows:
        table.add_row(*(_cell(row.get(column, "")) for column in columns))
    return table


def _cell(value: object) -> str:
    if isinstance(value, list | tuple):
        return " x ".join(_cell(v) for v in value)
    return f"{value:g}" if isinstance(value, float) else str(value)
