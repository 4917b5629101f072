"""The integers that a run learns to be, as run.json remembers them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from math import isfinite
from types import MappingProxyType
from typing import Any

from ...backends.artifact.numbers import is_real, is_whole
from ...ir.graph import MOST_SPIKES, SUMS, THRESHOLDS
from ...ir.integers.precision import (
    BELOW,
    DECAYS,
    FEWEST_BITS,
    LEAKS,
    MOST_BITS,
    SCALES,
    Deployment,
    Precision,
)
from ...ir.integers.weights import METHODS
from ...ir.rules import MOST_CODE_BITS

Document = dict[str, Any]
ROUNDINGS, OVERFLOWS = ("floor", "nearest_even", "toward_zero"), ("prove", "saturate", "wrap")
USUAL = Deployment(method="mse")  # of what learns, where nothing is said


def to_document(asked: Deployment) -> Document:
    """The deployment as plain data."""
    precision = {f.name: getattr(asked.precision, f.name) for f in fields(Precision)}
    bits = dict(asked.precision.by_projection)
    return {**precision, "by_projection": bits, "guard": asked.guard, "method": asked.method}


def from_document(document: Mapping[str, Any]) -> Deployment:
    """The deployment that `to_document` wrote, later options at their defaults; ValueError if it
    did not."""
    said = {**to_document(USUAL), **document}
    wrong = sorted(name for name in said if name not in FITS or not FITS[name](said[name]))
    if wrong:
        raise ValueError(f"`{wrong[0]}` of a deployment")
    guard, method = said.pop("guard"), said.pop("method")
    bits = MappingProxyType(dict(said.pop("by_projection")))
    return Deployment(Precision(**said, by_projection=bits), guard, method)


def of_bits(bits: int) -> Deployment:
    """What runs were of when they had bits alone."""
    return from_document({"bits": bits})


def but_usual(asked: Deployment) -> list[tuple[str, object]]:
    """What is asked for that is not as usual, but for the bits that a graph tells: a checksum of it
    stays where options come later."""
    usual, said = to_document(USUAL), to_document(asked)
    return sorted(
        (name, said[name]) for name in said if name != "bits" and said[name] != usual[name]
    )


def _are_bits(value: Any) -> bool:
    return is_whole(value, FEWEST_BITS, MOST_BITS)


def _of_projections(value: Any) -> bool:
    return isinstance(value, Mapping) and all(
        isinstance(name, str) and _are_bits(bits) for name, bits in value.items()
    )


def _one_of(names: Any) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and value in names


FITS: dict[str, Callable[[Any], bool]] = {
    "bits": _are_bits,
    "scale": _one_of(SCALES),
    "guard": lambda value: value is None or is_whole(value, -16, 24),
    "state_bits": lambda value: is_whole(value, 4, 32),
    "decay": _one_of(DECAYS),
    "decay_bits": lambda value: is_whole(value, 4, 16),
    "rounding": _one_of(ROUNDINGS),
    "overflow": _one_of(OVERFLOWS),
    "sums": _one_of(SUMS),
    "input_bits": lambda value: is_whole(value, FEWEST_BITS, MOST_CODE_BITS),
    "floor": lambda value: value is None or (is_real(value) and isfinite(value)),
    "threshold": _one_of(THRESHOLDS),
    "spikes": lambda value: is_whole(value, 1, MOST_SPIKES),
    "table": lambda value: is_whole(value, 0),
    "below": _one_of(BELOW),
    "leak": _one_of(LEAKS),
    "extra_delay": lambda value: is_whole(value, 0),
    "axon_types": lambda value: is_whole(value, 0),
    "by_projection": _of_projections,
    "method": _one_of(METHODS),
}
