"""What every executable backend offers: the protocols that `runtime` works against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ..ir.graph import Graph
from ..ir.running import Probe
from .trace import Trace

LARGEST_SEED = 2**64 - 1  # one that a machine can count to
LARGEST_COUNT = 2**63 - 1  # of samples, updates, epochs

State = dict[str, npt.NDArray[Any]]
Counts = npt.NDArray[np.int32]
Numbers = npt.NDArray[Any]
NO_CLASS = -1  # of a sample at which no output neuron fired


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Rows of a data set to present, in this order.

    `values` is a whole data set: float32 [rows, inputs] in 0..1 for rate encodings, or uint8 [rows,
    steps, inputs] of 0/1 for the encoding "spikes"; inputs of several input populations stand side
    by side in the graph's order; or those rows of one, made anew, that are presented. It must not
    change: a device keeps its copy as long as the same array comes. `rows` (int64 [samples]) says
    which of its rows are presented. `ids` (uint64 [samples]) key the random encodings: the same id
    gives the same spikes at any time and on every backend; training sample k has id k, test sample
    k has id 2**32 + k, and of trains that are drawn anew their number stands from bit 33 on.
    `labels` is int32 [samples]. `importance` (float32 [samples]) scales a sample's error; all ones
    unless boosted. `epoch` is that in which they are learnt from, from 0: it keys, with an id, the
    units that are left out (see `ir.dropout`).
    """

    values: npt.NDArray[Any]
    rows: npt.NDArray[np.int64]
    ids: npt.NDArray[np.uint64]
    labels: npt.NDArray[np.int32]
    importance: npt.NDArray[np.float32]
    epoch: int = 0

    def only(self, sample: int) -> Samples:
        """One of the samples."""
        return self.part(sample, sample + 1)

    def part(self, first: int, last: int) -> Samples:
        """The samples first:last."""
        some = slice(first, last)
        return Samples(
            self.values,
            self.rows[some],
            self.ids[some],
            self.labels[some],
            self.importance[some],
            self.epoch,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What came of presenting samples.

    `counts`: int32 [samples, outputs] spikes of the output population; `scores`: float32 [samples,
    outputs] what its neurons emitted in the last step, or [samples, 0] where they emit spikes;
    `predictions`: int32 [samples], as `classes_of` has them; `cost`: float64 [samples], 0 in
    simulation; `activity`: int64 [neurons], spikes of every neuron of the graph, populations in
    graph order, summed over the samples; `lost`: bool [samples], where a state came to be no finite
    number, or nothing where that was not looked for.
    """

    counts: npt.NDArray[np.int32]
    predictions: npt.NDArray[np.int32]
    cost: npt.NDArray[np.float64]
    activity: npt.NDArray[np.int64]
    lost: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))
    scores: npt.NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 0), np.float32))


def classes_of(counts: Counts, scores: npt.NDArray[Any] | None = None) -> Counts:
    """int32 [samples]: the output neurons with the highest scores, or where there are none with the
    most spikes, the lowest index on a tie. NO_CLASS where a score is not a number, all are 0, or
    none fired.

    Both are [samples, outputs]; scores of no outputs are none.
    """
    if scores is not None and scores.size:
        best = scores.argmax(axis=1)
        has_class = ~np.isnan(scores).any(axis=1) & (scores != 0).any(axis=1)
    elif counts.size:
        best, has_class = counts.argmax(axis=1), counts.any(axis=1)
    else:
        return np.full(len(counts), NO_CLASS, np.int32)
    return np.where(has_class, best, NO_CLASS).astype(np.int32)


@dataclass(frozen=True, slots=True)
class Emission:
    """A target's members of a package, and remarks for the user."""

    members: Mapping[str, bytes] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


class Simulator(Protocol):
    """A compiled network with weights in it."""

    graph: Graph
    steps: int

    def run(self, samples: Samples) -> Outcome:
        """Present the samples without learning. The same bits for any number of threads."""

    def raster(self, samples: Samples, sample: int) -> npt.NDArray[np.bool_]:
        """The spikes of one sample, bool [steps, neurons], populations in graph order."""

    def trace(self, samples: Samples, has_states: bool) -> Trace:
        """What every neuron does in every step, in the order of the samples; its states too, if
        `has_states`, which may take far longer than `run`."""

    def record(self, samples: Samples, probes: Sequence[Probe]) -> tuple[Numbers, ...]:
        """What each of the probes sees of the samples, in their order, as `trace.seen_of` has
        it."""

    def states_at(self, samples: Samples, steps: int) -> Mapping[str, Mapping[str, Numbers]]:
        """The states [neurons], by population and state, of a single sample after the first
        `steps` of its steps, one or more."""


class Trainer(Simulator, Protocol):
    """A simulator that learns."""

    def train(self, samples: Samples, batch: int, learning_rate: float) -> Outcome:
        """Learn from the samples in their order, one update per `batch` of them (a last, smaller
        batch is updated too). `counts` are those before each update."""

    def weights(self) -> State:
        """Copies of all weights, by projection name, shaped as their wiring says."""

    def parameters(self) -> State:
        """Copies of the parameters of neurons that it learns, float32, by their names in
        `ir.model.Model.values`, [] or [neurons]."""

    def state(self) -> State:
        """Copies of all that a later `restore` needs to go on bit-identically: weights as
        "weights/<projection>", moments as "optimizer/<moment>/<projection>", all shaped as their
        wiring says, whatever the target; the update count as "optimizer/updates"; of parameters
        that learn, what is moved in their place (see `ir.bounded`), float64, as
        "values/<population>/<name>", and their moments."""

    def restore(self, state: State) -> None:
        """Take over a state; CompileError(E060) if its names, shapes or types do not fit."""
