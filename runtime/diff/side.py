"""What is compared: one of the two operands, whatever it is, as something that gives traces."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ...backends.artifact.model import Package
from ...backends.protocols import Samples
from ...backends.trace import Trace

Array = npt.NDArray[Any]
States = Mapping[str, Mapping[str, Array]]


@dataclass(frozen=True, slots=True)
class Sizes:
    """The first `steps` of a presentation, and the neurons of each population."""

    steps: int
    neurons: Mapping[str, int]


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """The samples first:last of those that are compared; `samples` are what is presented to a side
    that is presented with some."""

    first: int
    last: int
    samples: Samples | None = None

    def only(self, sample: int) -> Batch:
        """One of them, counted from `first`."""
        one = None if self.samples is None else self.samples.only(sample)
        return Batch(self.first + sample, self.first + sample + 1, one)


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One side. `neurons` are by population, in the order of evaluation if it knows that; they,
    `samples`, `steps` and `dt` [ms] are None where it does not say them (or takes what comes).

    `least` are the numbers of samples and of steps that it shows at least, `least_neurons` those of
    a population. `trace` gives a batch in these sizes, with states if they are wanted and known.
    `states_at` gives the states of a batch of one sample after so many of its steps, [neurons];
    None of a side that cannot tell. `fits` raises CompileError for what cannot be beside the other
    side. `predict`: the classes of a batch, of a side that answers by more than its spikes.
    `package` is its network; `encoder`, of a side that is presented with samples and has none that
    could be replayed, that of the other side, which makes spikes of them. `advice`: how to come by
    populations that it does not tell.
    """

    name: str
    neurons: Mapping[str, int | None]
    trace: Callable[[Batch, Sizes, bool], Trace]
    states_at: Callable[[Batch, int], States | None]
    samples: int | None = None
    steps: int | None = None
    dt: float | None = None
    digest: str | None = None
    package: Package | None = None
    least: tuple[int, int] = (0, 0)
    least_neurons: Callable[[str], int] = lambda population: 0
    fits: Callable[[Side], None] = lambda other: None
    predict: Callable[[Batch], npt.NDArray[np.int32]] | None = None
    encoder: Package | None = None
    advice: str = ""

    @property
    def presents(self) -> Package | None:
        """The network by which samples are presented to it; None of one that takes none."""
        return self.package or self.encoder

    @property
    def is_log(self) -> bool:
        """Whether it tells of a run that is over."""
        return self.presents is None
