"""What a `deploy` block and the options of `quantize` may say, entry by entry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeGuard

from ..chips.table import CHIPS
from ..graph import MOST_SPIKES, SUMS, THRESHOLDS
from ..integers.precision import (
    BELOW,
    DECAYS,
    FEWEST_BITS,
    LEAKS,
    MOST_BITS,
    OVERFLOWS,
    REGISTERS,
    RESETS,
    ROUNDINGS,
    SCALES,
    Deployment,
    Precision,
)
from ..integers.weights import METHODS
from ..ranges import ANY, Range
from ..rules import MOST_CODE_BITS

Choice = int | float | str
MOST_CELLS = 1024  # of a function by table
MOST_LATER = 62  # steps of an extra delay
MOST_TYPES = 256  # of axons

_OWN = Precision()


@dataclass(frozen=True, slots=True)
class DeployEntry:
    """A line of a `deploy` block: a name of `rows`, or, without rows, a whole number of `range`, or
    a number in the unit of membranes, where it `is_quantity`. `default` is what holds without the
    line; None: what `otherwise` says. `is_of_projections`: it may be said of one projection. `flag`
    is its option on the command line, where that is not its name."""

    summary: str
    rows: Mapping[str, object] | None = None
    range: Range = ANY
    default: Choice | None = None
    is_quantity: bool = False
    is_of_projections: bool = False
    flag: str = ""
    otherwise: str = "none"

    def option(self, name: str) -> str:
        """The option of the entry of that name on the command line."""
        return self.flag or f"--{name.replace('_', '-')}"


# Those that `Precision` has a field of that name for, and what `Deployment` has beside it.
DEPLOY_ENTRIES: dict[str, DeployEntry] = {
    "bits": DeployEntry(
        "of a weight",
        range=Range(FEWEST_BITS, MOST_BITS),
        default=_OWN.bits,
        is_of_projections=True,
    ),
    "scale": DeployEntry("what shares a unit of weights", SCALES, default=_OWN.scale),
    "method": DeployEntry("unit from the weights", METHODS, default=Deployment().method),
    "guard": DeployEntry(
        "bits of a state below that unit",
        range=Range(-16, 24),
        otherwise="up to 8, as many as can be proved safe",
    ),
    "state_bits": DeployEntry(
        "to which states saturate", range=Range(4, 32), default=_OWN.state_bits
    ),
    "decay": DeployEntry("by a factor, shifts, a constant", DECAYS, default=_OWN.decay),
    "decay_bits": DeployEntry("of a decay's factor", range=Range(4, 16), default=_OWN.decay_bits),
    "floor": DeployEntry(
        "below which no membrane falls, in its unit, such as mV", is_quantity=True
    ),
    "below": DeployEntry("what becomes of what is lower", BELOW, default=_OWN.below),
    "leak": DeployEntry("when decays are done", LEAKS, default=_OWN.leak),
    "rounding": DeployEntry(
        "of decays and factors", ROUNDINGS, default=_OWN.rounding, flag="--round"
    ),
    "overflow": DeployEntry(
        "of sums: prove that there is none, or not", OVERFLOWS, default=_OWN.overflow
    ),
    "sums": DeployEntry("what a port holds", SUMS, default=_OWN.sums),
    "table": DeployEntry(
        "cells of functions such as exp; 0 refuses them",
        range=Range(0, MOST_CELLS),
        default=_OWN.table,
    ),
    "threshold": DeployEntry("when it is tested", THRESHOLDS, default=_OWN.threshold),
    "spikes": DeployEntry(
        "the most of a neuron in a step", range=Range(1, MOST_SPIKES), default=_OWN.spikes
    ),
    "input_bits": DeployEntry(
        "of a number an input sends",
        range=Range(FEWEST_BITS, MOST_CODE_BITS),
        default=_OWN.input_bits,
    ),
    "extra_delay": DeployEntry(
        "steps by which all spikes come later",
        range=Range(0, MOST_LATER),
        default=_OWN.extra_delay,
    ),
    "axon_types": DeployEntry(
        "the most weights of a neuron, by type of the axon; 0: any number",
        range=Range(0, MOST_TYPES),
        default=_OWN.axon_types,
    ),
    "reset": DeployEntry(
        "what a spike takes where it takes the threshold away", RESETS, default=_OWN.reset
    ),
    "registers": DeployEntry(
        "how wide a chip's currents, sums, thresholds and biases are",
        REGISTERS,
        default=_OWN.registers,
    ),
    "target": DeployEntry("a chip whose limits and forms of numbers are to hold", CHIPS),
}


def problem(name: str, value: object) -> str:
    """Why a value is none of that entry; "" if it is one."""
    entry = DEPLOY_ENTRIES[name]
    if entry.rows is not None:
        is_row = isinstance(value, str) and value in entry.rows
        return "" if is_row else f"`{name}` is one of {', '.join(entry.rows)}"
    if not _is_number(value) or not (entry.is_quantity or isinstance(value, int)):
        return f"`{name}` is a {'' if entry.is_quantity else 'whole '}number"
    said = str(value)[:20]
    return "" if value in entry.range else f"`{name}` is {said}; it must be {entry.range}"


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
