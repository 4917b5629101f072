"""Units that are learnt: the base unit of each neuron, what follows it, and how far it may go.

A population's units are its base units times numbers that stay. So where a base unit moves,
weights, thresholds, resets and biases keep what they mean, but for rounding, as other codes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from ..diagnostics import CompileError, Diagnostic
from ..graph import Graph, Population
from ..model import Model, unit_name, value_name
from ..tensors import Tensor, stored, tensor
from ..wiring import Windows
from .coded import Moved
from .population import Integers, Units

Numbers = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
BASE = "base"  # of a population: the name of its base units among what is learnt
REACH = 4.0  # times as large, or as small, as at the beginning


@dataclass(frozen=True, slots=True, eq=False)
class Scale:
    """The base units of a population: as they begin, [neurons], the group of neurons that shares
    one, from 0 on, and the least and the greatest that each may come to."""

    units: Units
    groups: Codes
    low: Numbers
    high: Numbers


Scales = Mapping[str, Scale]  # by population
NO_SCALES: Scales = MappingProxyType({})


def learnable(graph: Graph, made: Iterable[Integers], scale: str) -> list[str]:
    """The populations whose units are learnt: weights that learn lead there. CompileError(E080) for
    one whose units others follow, that has several, or by a `scale` (a row of `precision.SCALES`)
    whose units are no numbers between others."""
    found, names = [], []
    learning = {p.post for p in graph.projections if p.trainable}
    sending = {p.pre for p in graph.projections}
    for each in made:
        population, step = each.population, each.population.step
        if step is None or population.name not in learning:
            continue
        names.append(population.name)
        if scale == "pow2":
            found.append(_refused(population, "is a power of two"))
        elif step.emit is not None and population.name in sending:
            found.append(_refused(population, "sends its numbers on"))
        elif each.units is not None and set(step.ports) - each.units.relative.keys():
            found.append(_refused(population, "has several units of weights"))
        elif each.units is not None and each.units.is_clipped:
            found.append(_refused(population, "multiplies its states"))
    if found:
        raise CompileError(found)
    return names


def _refused(population: Population, why: str) -> Diagnostic:
    message = f"the units of `{population.name}` cannot be learnt: it {why}"
    return Diagnostic("E080", message, population.span, help="say `--scales frozen`")


def moving_of(one: Units | None, other: Units | None) -> frozenset[int]:
    """The numbers of a step that follow its base units, by what they are at two of these."""
    assert one is not None
    assert other is not None
    pairs = zip(one.exacts, other.exacts, strict=True)
    return frozenset(k for k, (a, b) in enumerate(pairs) if not np.array_equal(a, b))


def scale_of(model: Model, made: Integers) -> Scale:
    """How the base units of a population may move."""
    units = made.units
    assert units is not None
    factors = [np.full_like(units.base, 1.0 / REACH), np.full_like(units.base, REACH)]
    for moved in units.moved:
        size = abs(moved.exact)
        factors[0] = np.maximum(factors[0], 2.0 * size / moved.dtype.high)
        if moved.how is not np.rint:  # what a threshold is compared with stays a code above 0
            factors[1] = np.minimum(factors[1], np.where(size >= 1.0, size, 1.0))
    groups = _groups(model, made)
    low, high = (
        _of_groups(groups, factor * units.base, how)
        for factor, how in zip(factors, (np.maximum, np.minimum), strict=True)
    )
    return Scale(units, groups, low, high)


def _groups(model: Model, made: Integers) -> Codes:
    neurons = made.population.neurons
    assert made.units is not None
    if made.units.is_one:
        return np.zeros(neurons, np.int64)
    groups = np.arange(neurons)
    for projection in made.projections:
        wiring = model.wirings[projection.name]
        if isinstance(wiring, Windows):
            channels = 1 if wiring.is_pool else wiring.post.channels
            each = neurons // channels
            groups = np.minimum(groups, np.arange(neurons) // each * each)
    return np.unique(groups, return_inverse=True)[1].astype(np.int64)


def _of_groups(groups: Codes, values: Numbers, how: np.ufunc) -> Numbers:
    """Of each neuron what is the greatest, or the least, of its group."""
    found = np.full(groups.max() + 1, -np.inf if how is np.maximum else np.inf)
    how.at(found, groups, values)
    return found[groups]


def rescaled(integers: Model, scales: Scales, bases: Mapping[str, Numbers]) -> Model:
    """The integers with other base units, [neurons] by population; their weights stay the codes
    that they are."""
    values: dict[str, Tensor] = {}
    for name, base in bases.items():
        units = scales[name].units
        for own, relative in units.relative.items():
            values[value_name(name, unit_name(own))] = tensor(relative * base)
        for moved in units.moved:
            codes = codes_at(moved, units.base / base)
            values[value_name(name, moved.name)] = Tensor(
                codes.astype(stored(moved.dtype)), moved.dtype
            )
    return replace(integers, values={**integers.values, **values})


def codes_at(moved: Moved, finer: Numbers) -> Codes:
    """The codes of a number where units are so many times as fine."""
    return np.asarray(moved.how(moved.exact * finer), np.int64)


def ends_of(scales: Scales) -> dict[tuple[str, str], tuple[Codes, Codes]]:
    """The least and the greatest codes of numbers that move, by population and state."""
    ends = {}
    for name, scale in scales.items():
        for moved in scale.units.moved:
            both = [codes_at(moved, scale.units.base / end) for end in (scale.low, scale.high)]
            ends[name, moved.name] = np.minimum(*both), np.maximum(*both)
    return ends
