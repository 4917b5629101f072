"""Two traces compared: how far they differ, and where first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...backends.trace import Trace

Array = npt.NDArray[Any]
Bits = npt.NDArray[np.bool_]

SPIKE = ""  # in place of a state's name


class Place(NamedTuple):
    """Where the sides part: in the spikes of a neuron or, after them, in its state `state`; all
    count from 0. `rank` is the population's place in the order of evaluation."""

    sample: int
    step: int
    rank: int
    neuron: int
    population: str
    state: str = SPIKE


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What came of some samples. By population: the spikes of each neuron on both sides, [2,
    neurons]; the bins, which are a step of a neuron in a sample, that differ in their spikes; the
    states' values that differ, of so many. `equal`: bool [samples]; `first` None if all are equal.
    """

    equal: Bits
    spikes: Mapping[str, npt.NDArray[np.int64]]
    bins: Mapping[str, int]
    bins_different: Mapping[str, int]
    values: Mapping[str, int]
    values_different: Mapping[str, int]
    first: Place | None

    def __add__(self, later: Found) -> Found:
        """This, and what came of later samples."""
        return Found(
            np.concatenate([self.equal, later.equal]),
            {name: array + later.spikes[name] for name, array in self.spikes.items()},
            _sums(self.bins, later.bins),
            _sums(self.bins_different, later.bins_different),
            _sums(self.values, later.values),
            _sums(self.values_different, later.values_different),
            self.first or later.first,
        )


def _sums(some: Mapping[str, int], others: Mapping[str, int]) -> dict[str, int]:
    return {name: count + others[name] for name, count in some.items()}


def compare(
    a: Trace, b: Trace, order: Sequence[str], tolerance: float | None, sample: int = 0
) -> Found:
    """The traces compared, of the populations in the order of evaluation; their states too, where
    both have them, if there is a `tolerance`. The first of the samples has the number `sample`.

    States differ where |a - b| > tolerance; NaN is equal to NaN.
    """
    differs = {
        name: dict(_differences(a, b, name, tolerance)) for name in order
    }  # by what differs, [T, B, N]
    samples = next(iter(a.spikes.values())).shape[1]
    different = np.zeros(samples, np.bool_)
    for of_one in differs.values():
        for array in of_one.values():
            different |= array.any(axis=(0, 2))
    states = {n: [d for s, d in of.items() if s != SPIKE] for n, of in differs.items()}
    return Found(
        ~different,
        {
            n: np.stack([t.spikes[n].sum(axis=(0, 1), dtype=np.int64) for t in (a, b)])
            for n in order
        },
        {n: of[SPIKE].size for n, of in differs.items()},
        {n: int(of[SPIKE].sum()) for n, of in differs.items()},
        {n: sum(d.size for d in of) for n, of in states.items()},
        {n: int(sum(d.sum() for d in of)) for n, of in states.items()},
        _first(differs, different, sample),
    )


def _differences(
    a: Trace, b: Trace, name: str, tolerance: float | None
) -> Iterator[tuple[str, Bits]]:
    yield SPIKE, a.spikes[name] != b.spikes[name]
    if tolerance is None or name not in a.states or name not in b.states:
        return
    for state, values in a.states[name].items():
        # Codes and numbers of floats are not the same thing.
        if state in b.states[name] and values.dtype.kind == b.states[name][state].dtype.kind:
            yield state, unequal(values, b.states[name][state], tolerance)


def unequal(one: Array, other: Array, tolerance: float) -> Bits:
    """Where |one - other| > tolerance; a number that is none is equal to such a one."""
    x, y = one.astype(np.float64), other.astype(np.float64)
    with np.errstate(invalid="ignore"):
        near = np.abs(x - y) <= tolerance
    return np.asarray(~(near | (x == y) | (np.isnan(x) & np.isnan(y))))


def _first(differs: Mapping[str, Mapping[str, Bits]], different: Bits, sample: int) -> Place | None:
    if not different.any():
        return None
    k = int(different.argmax())
    found = []
    for rank, (name, of_one) in enumerate(differs.items()):
        for nth, (state, array) in enumerate(of_one.items()):
            steps, neurons = np.nonzero(array[:, k])
            if len(steps):
                place = Place(sample + k, int(steps[0]), rank, int(neurons[0]), name, state)
                found.append((place[:4], nth, place))
    return min(found)[-1]


def rate_distance(spikes: npt.NDArray[np.int64], steps: int, dt: float) -> float:
    """The earth mover's distance between the firing rates of the neurons of both sides, in Hz.

    `spikes` [2, neurons] were counted over so many steps of dt [ms] in all. On a line, and with as
    many neurons on both sides, it is the mean distance of the rates in their order.
    """
    rates = np.sort(spikes, axis=1) * (1000.0 / dt / max(1, steps))
    return float(np.abs(rates[0] - rates[1]).mean())
