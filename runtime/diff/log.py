"""A spike log: what a simulator, a test bench or a chip wrote down of a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from ...backends.artifact.storage import unreadable
from ...backends.trace import Trace
from ...frontend.stored.unfit import Unfit
from ...ir.diagnostics import CompileError, Diagnostic
from ...ir.files import open_file

Array = npt.NDArray[Any]
Rows = npt.NDArray[np.int64]

COLUMNS = ("sample", "step", "neuron")  # of `Log.rows`
MOST = 255  # spikes of a neuron in a step
FROM_0 = "samples, steps and neurons count from 0"


@dataclass(frozen=True, slots=True, eq=False)
class Log:
    """`rows`: [spikes, 3] by population, (sample, step, neuron) each, sorted; `places` says where
    in the file each stands: the line of a table, else the row of its array.

    `neurons`, `samples`, `steps` and `dt` [ms] are None where the file does not say them. `states`:
    [samples, steps, neurons] by population and state.
    """

    path: Path
    rows: Mapping[str, Rows]
    places: Mapping[str, Rows]
    neurons: Mapping[str, int | None]
    samples: int | None = None
    steps: int | None = None
    dt: float | None = None
    digest: str | None = None
    states: Mapping[str, Mapping[str, Array]] = field(default_factory=dict)
    is_table: bool = False

    def least(self, column: int) -> int:
        """The least number of samples (0) or steps (1) that the spikes leave possible."""
        return max((int(r[:, column].max()) + 1 for r in self.rows.values() if len(r)), default=0)

    def least_neurons(self, population: str) -> int:
        """The same of a population's neurons."""
        return int(self.rows[population][:, 2].max(initial=-1)) + 1

    def where(self, population: str, k: int) -> str:
        """Where the spike of that index stands in the file."""
        place = int(self.places[population][k])
        return f"line {place}" if self.is_table else f"row {place} of `spikes/{population}`"

    def trace(
        self, first: int, last: int, steps: int, neurons: Mapping[str, int], has_states: bool
    ) -> Trace:
        """The samples first:last and their first steps, of the populations that are named."""
        shape = steps, last - first
        spikes = {
            name: _dense(self.rows[name], first, last, (*shape, count))
            for name, count in neurons.items()
        }
        states = {
            name: {
                state: array[first:last, :steps].transpose(1, 0, 2)
                for state, array in self.states[name].items()
            }
            for name in neurons
            if has_states and name in self.states
        }
        return Trace(spikes, states)


def _dense(rows: Rows, first: int, last: int, shape: tuple[int, int, int]) -> Array:
    """The spikes of some samples, or how many they are where a neuron fires several times."""
    found = np.zeros(shape, np.uint8)  # [T, B, N]
    low, high = np.searchsorted(rows[:, 0], [first, last])
    sample, step, neuron = rows[low:high].T
    inside = step < shape[0]
    np.add.at(found, (step[inside], sample[inside] - first, neuron[inside]), 1)
    return found if found.max(initial=0) > 1 else found.astype(np.bool_)


def ordered(log: Log) -> Log:
    """The log with its rows sorted; Unfit if one is beyond what the log says of itself."""
    order = {name: np.lexsort(rows.T[::-1]) for name, rows in log.rows.items()}
    rows = {name: log.rows[name][own] for name, own in order.items()}
    places = {name: log.places[name][own] for name, own in order.items()}
    made = Log(
        log.path, rows, places, log.neurons, log.samples, log.steps, log.dt, log.digest,
        log.states, log.is_table,
    )  # fmt: skip
    for name in made.rows:
        _refuse_often(made, name)
        require_below(made, name, (made.samples, made.steps, made.neurons[name]), "it says that it")
    return made


def _refuse_often(log: Log, name: str) -> None:
    """Unfit for more spikes of a neuron in a step than are counted."""
    rows = log.rows[name]
    same = np.flatnonzero((rows[MOST:] == rows[:-MOST]).all(axis=1))
    if len(same):
        sample, step, neuron = rows[same[0]]
        message = f"neuron {neuron} of `{name}` fires more than {MOST} times in step {step} of"
        raise Unfit(f"{message} sample {sample}", "so many are not compared: leave some out")


def refuse_twice(log: Log, name: str) -> None:
    """Unfit if a spike is there twice, of a population that fires once a step."""
    rows = log.rows[name]
    same = np.flatnonzero((rows[1:] == rows[:-1]).all(axis=1))
    if not len(same):
        return
    k = int(same[0])
    sample, step, neuron = rows[k]
    one, other = sorted((k, k + 1), key=lambda place: int(log.places[name][place]))
    raise Unfit(
        f"{log.where(name, other)} says again what {log.where(name, one)} says: neuron {neuron} of "
        f"`{name}` fires in step {step} of sample {sample}",
        "its neurons fire once a step: leave one of them out",
    )


def require_below(
    log: Log, name: str, ends: tuple[int | None, int | None, int | None], who: str
) -> None:
    """Unfit if a spike's sample, step or neuron is not below the end that `who` has."""
    for column, end in enumerate(ends):
        beyond = np.flatnonzero(log.rows[name][:, column] >= end) if end is not None else ()
        if len(beyond):
            k = int(beyond[np.argmin(log.places[name][beyond])])
            what = COLUMNS[column]
            of = f" of `{name}`" if what == "neuron" else ""
            raise Unfit(
                f"{log.where(name, k)} has {what} {log.rows[name][k, column]}{of}, and {who} has "
                f"{end} {what}s",
                f"{FROM_0}: the last {what} is {int(end or 0) - 1}",
            )


@contextmanager
def judged_log(path: Path) -> Iterator[None]:
    """What is read inside and is no spike log is CompileError(E064)."""
    try:
        yield
    except Unfit as error:
        raise CompileError(Diagnostic("E064", f"`{path}`: {error}", help=error.way_out)) from None


@contextmanager
def opened_log(path: Path) -> Iterator[BinaryIO]:
    """The file, open; CompileError(E063) if it cannot be read, E064 as `judged_log`."""
    try:
        file = open_file(path)
    except OSError as error:
        raise unreadable(path, error) from error
    with file, judged_log(path):
        yield file
