"""Two sides compared, some samples at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ...backends.protocols import classes_of
from ...backends.trace import Trace
from ...ir.graph import Graph
from ..samples import Presentation, outputs_of
from .agreed import Agreed
from .compare import Found, compare
from .models import is_scored
from .side import Batch, Side

Classes = npt.NDArray[np.int32]
Presented = tuple[Presentation | None, Presentation | None]
Watch = Callable[[int, int], None]  # samples done, samples in all

CHUNK = 1 << 26  # [bytes] of both traces at once
AT_ONCE = 64  # samples


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Two sides, what was presented to each, what they have in common, and what came of it.

    `classes`: each side's answers, None where they are not known; `labels` None without any.
    """

    sides: tuple[Side, Side]
    presented: Presented
    agreed: Agreed
    found: Found
    classes: tuple[Classes | None, Classes | None]
    labels: Classes | None
    has_states: bool

    @property
    def is_equal(self) -> bool:
        """Whether nothing that was compared differs."""
        return self.found.first is None

    @property
    def accuracies(self) -> tuple[float, float] | None:
        """The share of right answers on each side."""
        if self.labels is None:
            return None
        shares = [None if c is None else float((c == self.labels).mean()) for c in self.classes]
        a, b = shares
        return None if a is None or b is None else (a, b)

    @property
    def agreement(self) -> float | None:
        """The share of samples with the same answer on both sides."""
        a, b = self.classes
        return None if a is None or b is None else float((a == b).mean())

    def batches(self, first: int, last: int) -> tuple[Batch, Batch]:
        """The samples first:last, for each side."""
        one, other = (
            Batch(first, last, None if p is None else p.pick(np.arange(first, last)))
            for p in self.presented
        )
        return one, other

    def traces(self, first: int, last: int, has_states: bool) -> tuple[Trace, Trace]:
        """What both sides do with the samples first:last."""
        a, b = (
            side.trace(batch, self.agreed.sizes, has_states)
            for side, batch in zip(self.sides, self.batches(first, last), strict=True)
        )
        return a, b


def compare_sides(
    sides: tuple[Side, Side],
    presented: Presented,
    agreed: Agreed,
    labels: Classes | None,
    tolerance: float | None,
    watch: Watch,
) -> Comparison:
    """The comparison of all samples; of states too, if there is a tolerance."""
    has_states = tolerance is not None
    made = Comparison(sides, presented, agreed, _nothing(agreed), (None, None), labels, has_states)
    order, found, answers = tuple(agreed.sizes.neurons), made.found, []
    for first, last in _pieces(made):
        traces = made.traces(first, last, has_states)
        found = found + compare(*traces, order, tolerance, first)
        answers.append(_answers(made, traces, first, last))
        watch(last, agreed.samples)
    classes = _joined(answers, 0), _joined(answers, 1)
    return Comparison(sides, presented, agreed, found, classes, labels, has_states)


def _nothing(agreed: Agreed) -> Found:
    """What came of no samples."""
    neurons = agreed.sizes.neurons
    none: dict[str, int] = dict.fromkeys(neurons, 0)
    spikes = {name: np.zeros((2, count), np.int64) for name, count in neurons.items()}
    return Found(np.zeros(0, np.bool_), spikes, none, none, none, none, None)


def _pieces(made: Comparison) -> Iterator[tuple[int, int]]:
    sizes, total = made.agreed.sizes, made.agreed.samples
    each = 2 * sizes.steps * sum(sizes.neurons.values())
    if made.has_states:
        each *= 1 + 8 * max(_states(side) for side in made.sides)
    count = max(1, min(AT_ONCE, CHUNK // max(1, each)))
    for first in range(0, total, count):
        yield first, min(first + count, total)


def _states(side: Side) -> int:
    """The most states of a neuron."""
    populations = () if side.package is None else side.package.model.graph.populations
    return max((len(p.step.states) for p in populations if p.step is not None), default=1)


def _answers(
    made: Comparison, traces: tuple[Trace, Trace], first: int, last: int
) -> tuple[Classes | None, Classes | None]:
    graphs = [side.package.model.graph for side in made.sides if side.package is not None]
    outputs = outputs_of(graphs[0]) if graphs else ()
    if len(outputs) != 1 or outputs[0].name not in made.agreed.sizes.neurons:
        return None, None
    batches = made.batches(first, last)
    a, b = (
        _classes(side, batch, trace.spikes[outputs[0].name], graphs[0])
        for side, batch, trace in zip(made.sides, batches, traces, strict=True)
    )
    return a, b


def _classes(
    side: Side, batch: Batch, spikes: npt.NDArray[np.bool_], graph: Graph
) -> Classes | None:
    if side.predict is not None:
        return side.predict(batch)
    if side.package is None and is_scored(graph):
        return None
    return classes_of(spikes.sum(axis=0, dtype=np.int32))


def _joined(answers: list[tuple[Classes | None, Classes | None]], k: int) -> Classes | None:
    parts: list[Any] = [answer[k] for answer in answers]
    if not parts or any(part is None for part in parts):
        return None
    return np.concatenate(parts)
