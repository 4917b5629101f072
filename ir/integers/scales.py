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
from ..tensors import Tensor, numbers, stored, tensor
from ..wiring import Windows
from .coded import Moved
from .population import Integers, Units
from .precision import PORT_BITS

Numbers = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
BASE = "base"  # of a population: the name of its base units among what is learnt
SHIFT = 2.0**-8  # of a number, by which what follows it is found
FREE = ("neuron", "population")  # rows of `precision.SCALES` of units that may be any number
REACH = 4.0  # times as large, or as small, as at the beginning


@dataclass(frozen=True, slots=True, eq=False)
class Scale:
    """What moves of a population: its base units as they begin, [neurons], the group of neurons
    that shares one, from 0 on, and the least and the greatest that each may come to, which are the
    same where they do not learn; the least and the greatest codes of each number that moves."""

    units: Units
    groups: Codes
    low: Numbers
    high: Numbers
    ends: tuple[tuple[Codes, Codes], ...]

    @property
    def is_learnt(self) -> bool:
        """Whether its base units learn."""
        return bool((self.low < self.high).any())


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
        if scale not in FREE:
            found.append(_refused(population, f"has units of `--scale {scale}`"))
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


def moving_of(first: Units | None, *others: Units | None) -> frozenset[int]:
    """The numbers of a step that are not the same in all of these."""
    assert first is not None
    found = set()
    for other in others:
        assert other is not None
        pairs = enumerate(zip(first.exacts, other.exacts, strict=True))
        found |= {k for k, (a, b) in pairs if not np.array_equal(a, b)}
    return frozenset(found)


def shifted(model: Model, names: Mapping[str, Iterable[str]]) -> Model:
    """The model with others of these values, by population, a little nearer to 0."""
    values = {}
    for population, own in names.items():
        for name in (value_name(population, n) for n in own):
            before = numbers(model.values[name]).astype(np.float64)
            values[name] = np.where(before == 0.0, SHIFT, before * (1.0 - SHIFT))
    return model.with_values(values)


def scale_of(model: Model, made: Integers, has_scale: bool, has_numbers: bool) -> Scale:
    """How a population may move: its base units, and numbers that follow parameters that learn."""
    units = made.units
    assert units is not None
    factors = [np.full_like(units.base, each) for each in (1.0 / REACH, REACH)]
    for moved in units.moved:
        size = abs(moved.exact)
        factors[0] = np.maximum(factors[0], np.minimum(2.0 * size / moved.dtype.high, 1.0))
        if moved.is_level:  # what a threshold is compared with stays a code above 0
            factors[1] = np.minimum(factors[1], np.where(size >= 1.0, size, 1.0))
    groups = _groups(model, made)
    low, high = (
        _of_groups(groups, factor * units.base, how) if has_scale else units.base
        for factor, how in zip(factors, (np.maximum, np.minimum), strict=True)
    )
    ends = []
    for moved in units.moved:
        both = [_rounded(moved, moved.exact * (units.base / end)) for end in (low, high)]
        each = np.minimum(*both), np.maximum(*both)
        ends.append(_further(moved, *each) if has_numbers else each)
    return Scale(units, groups, low, high, tuple(ends))


def _further(moved: Moved, low: Codes, high: Codes) -> tuple[Codes, Codes]:
    """The ends of a number that follows parameters: of a decay, all that decays; of what a
    threshold is compared with, so many times as much, and above 0; of others, on both sides of 0,
    also as much as a weight of 8 bits."""
    if moved.dtype.bits < PORT_BITS:
        return np.zeros_like(low), np.full_like(high, (1 << moved.dtype.frac) - 1)
    most = np.maximum(abs(low), abs(high)) * REACH
    if not moved.is_level:
        most = np.maximum(most, np.ldexp(127.0, moved.dtype.frac))
    ends = np.minimum(most, moved.dtype.high // 2).astype(np.int64)
    return (np.minimum(low, 1) if moved.is_level else -ends), ends


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


def rescaled(
    integers: Model,
    scales: Scales,
    bases: Mapping[str, Numbers],
    found: Mapping[str, Mapping[str, Numbers]] = MappingProxyType({}),
) -> Model:
    """The integers with other base units, [neurons] by population, and what was `found` of numbers
    that follow parameters, by population and name; their weights stay the codes that they are."""
    values: dict[str, Tensor] = {}
    for name, scale in scales.items():
        units, base = scale.units, bases.get(name, scale.units.base)
        finer, made = units.base / base, units.moved
        if name in found:
            finer, made = np.ones(()), units.remade(base, found[name])
        for own, relative in units.relative.items() if name in bases else ():
            values[value_name(name, unit_name(own))] = tensor(relative * base)
        for moved, ends in zip(made, scale.ends, strict=True):
            codes = np.clip(_rounded(moved, moved.exact * finer), *ends)
            values[value_name(name, moved.name)] = Tensor(
                codes.astype(stored(moved.dtype)), moved.dtype
            )
    return replace(integers, values={**integers.values, **values})


def _rounded(moved: Moved, exact: Numbers) -> Codes:
    codes = np.nan_to_num(moved.how(exact))
    return np.asarray(np.clip(codes, moved.dtype.low, moved.dtype.high), np.int64)


def ends_of(scales: Scales) -> dict[tuple[str, str], tuple[Codes, Codes]]:
    """The least and the greatest codes of numbers that move, by population and state."""
    return {
        (name, moved.name): ends
        for name, scale in scales.items()
        for moved, ends in zip(scale.units.moved, scale.ends, strict=True)
    }
