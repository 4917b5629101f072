"""Weights as codes, and the units that their size asks for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..tensors import Tensor, stored
from ..types import Fixed
from ..wiring import AllPairs, Listed, Windows, Wiring

Numbers = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
PERCENTILE = 99.9  # of the sizes of the weights that end at a neuron
SHARES = np.linspace(0.3, 1.0, 29)  # of the largest, that are tried as the largest code


@dataclass(frozen=True, slots=True, eq=False)
class Synapses:
    """The synapses of a projection into a population: `weights` as stored, of the type `dtype` once
    they are codes; `unit` [neurons] of what they arrive at, relative to the neuron's base."""

    name: str
    wiring: Wiring
    weights: Numbers
    dtype: Fixed
    unit: Numbers

    def sizes(self) -> tuple[Codes, Numbers]:
        """The neuron at which each synapse ends, and the base unit for which its weight would be
        the largest code."""
        _, post = self.wiring.pairs()
        values = abs(self.weights).ravel()[self.wiring.places()]
        return post.astype(np.int64), values / (self.unit[post] * self.dtype.high)


def base_units(synapses: Sequence[Synapses], neurons: int, method: str, scale: str) -> Numbers:
    """The base unit of each neuron [neurons]: see METHODS and `precision.SCALES`. One to which no
    weight but 0 leads has that of the others' mean; 0 where all have none."""
    ends = [s.sizes() for s in synapses]
    post = np.concatenate([np.zeros(0, np.int64), *(p for p, _ in ends)])
    sizes = np.concatenate([np.zeros(0), *(s for _, s in ends)])
    levels = np.concatenate(
        [
            np.zeros(0),
            *(np.full(len(p), s.dtype.high) for (p, _), s in zip(ends, synapses, strict=True)),
        ]
    )
    if scale == "population":
        units = np.full(neurons, METHODS[method](post * 0, sizes, levels, 1)[0])
    else:
        units = METHODS[method](post, sizes, levels, neurons)
    if units.any():
        units = np.where(units > 0.0, units, units[units > 0.0].mean())
    for each in synapses:
        units = _shared(each.wiring, units)
    return np.exp2(np.ceil(np.log2(units))) if scale == "pow2" and units.all() else units


def _shared(wiring: Wiring, units: Numbers) -> Numbers:
    """The largest unit of all neurons that one weight reaches: of a channel, or of all."""
    if not isinstance(wiring, Windows):
        return units
    channels = 1 if wiring.is_pool else wiring.post.channels
    largest = units.reshape(channels, -1).max(axis=1)
    return np.repeat(largest, len(units) // channels)


def as_codes(synapses: Synapses, base: Numbers) -> Tensor:
    """The weights as codes, the nearest, a tie to the even one, clipped to the largest on both
    sides."""
    unit = units_of_weights(synapses.wiring, synapses.unit * base)
    codes = np.rint(synapses.weights / unit)
    kept = np.clip(codes, -synapses.dtype.high, synapses.dtype.high)
    return Tensor(kept.astype(stored(synapses.dtype)), synapses.dtype)


def units_of_weights(wiring: Wiring, units: Numbers) -> Numbers:
    """Each weight's unit, in a shape that broadcasts to them, by those of the neurons [neurons] at
    which they end."""
    if isinstance(wiring, AllPairs):
        return units[None, :]
    if isinstance(wiring, Listed):
        return units[wiring.post]
    assert isinstance(wiring, Windows)
    channels = 1 if wiring.is_pool else wiring.post.channels
    each = units.reshape(channels, -1)[:, 0]
    return each if wiring.is_pool else each[:, None, None, None]


def _largest(post: Codes, sizes: Numbers, _levels: Numbers, neurons: int) -> Numbers:
    found = np.zeros(neurons)
    np.maximum.at(found, post, sizes)
    return found


def _percentile(post: Codes, sizes: Numbers, _levels: Numbers, neurons: int) -> Numbers:
    order = np.lexsort((sizes, post))
    ends = np.cumsum(np.bincount(post, minlength=neurons))
    found = np.zeros(neurons)
    for neuron, (lo, hi) in enumerate(zip(np.r_[0, ends[:-1]], ends, strict=True)):
        if hi > lo:
            found[neuron] = np.percentile(sizes[order[lo:hi]], PERCENTILE, method="higher")
    return found


def _least_squares(post: Codes, sizes: Numbers, levels: Numbers, neurons: int) -> Numbers:
    """The share of the largest for which the squares of what rounding and clipping change sum to
    the least."""
    largest = _largest(post, sizes, levels, neurons)
    best, least = largest.copy(), np.full(neurons, np.inf)
    for share in SHARES:
        unit = np.where(largest > 0.0, share * largest, 1.0)[post] / levels
        error = sizes - unit * np.minimum(np.rint(sizes / unit), levels)
        sums = np.bincount(post, error * error, neurons)
        better = sums <= least
        best[better], least[better] = share * largest[better], sums[better]
    return best


METHODS: dict[str, Callable[[Codes, Numbers, Numbers, int], Numbers]] = {
    "minmax": _largest,
    "percentile": _percentile,
    "mse": _least_squares,
}
