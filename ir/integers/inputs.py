"""Inputs that send numbers, in integers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ..calls import level
from ..graph import Call, Population
from ..model import unit_name, value_name
from ..neuron import LAST_EMITTED
from ..rules import most_sent
from ..tensors import tensor
from .population import Integers
from .precision import Precision
from .ranges import Ranges


def coded_input(population: Population, precision: Precision, ranges: Ranges) -> Integers:
    """An input that sends codes in place of numbers, rounded once.

    The largest number that was seen is the largest code; where nothing was seen, the largest that
    data from 0 to 1 give.
    """
    call, unit = population.encoding, 1.0
    assert call is not None
    if not most_sent(population):
        mean, sd = np.asarray(level(call, "mean")), np.asarray(level(call, "sd"))
        ends = np.maximum(np.abs(mean), np.abs(1.0 - mean)) / sd
        largest = ranges.sent.get(population.name, float(ends.max()))
        bits = precision.input_bits
        unit = (largest or 1.0) / ((1 << (bits - 1)) - 1)
        levels = ("mean", call["mean"]), ("sd", _said(sd * unit))
        call = Call("codes", (*call.arguments[:1], *levels, ("bits", bits)))
    name = value_name(population.name, unit_name(LAST_EMITTED))
    return Integers(replace(population, encoding=call), (), {name: tensor(np.float64(unit))})


def _said(levels: npt.NDArray[np.float64]) -> float | tuple[float, ...]:
    """A number, or those of several channels, as an argument."""
    return tuple(levels.tolist()) if levels.ndim else float(levels)
