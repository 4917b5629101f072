"""What NIR leaves open, and what a file says of it in its metadata, under keys of ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from math import isfinite
from typing import Any

from ..report import nearest
from .graph import UNFIT, NirGraph, refusal


class Reset(StrEnum):
    """What a spike does to the potential: sets it to v_reset, or subtracts the threshold."""

    ZERO = "zero"
    SUBTRACT = "subtract"


class Method(StrEnum):
    """How a step solves the equations. By `euler` a potential takes the current of this step, by
    `euler-together` that before it; `exponential` solves each equation by itself, `exact` all."""

    EULER = "euler"
    TOGETHER = "euler-together"
    EXPONENTIAL = "exponential"
    EXACT = "exact"


class Comparison(StrEnum):
    """Where a neuron fires: above its threshold alone, or at it too."""

    ABOVE = "above"
    AT_LEAST = "at-least"


class Gain(StrEnum):
    """What the r of a node without a leak is per: a second, or a step."""

    TIME = "time"
    STEP = "step"


class Signals(StrEnum):
    """What an Input sends."""

    SPIKES = "spikes"
    NUMBERS = "numbers"


SHORTEST, LONGEST = 1e-9, 1e3  # [s] of a step
MOST_LATE = 10**6  # [steps]
MOST_SPIKES = 10**6  # of a neuron in a step


@dataclass(frozen=True, slots=True)
class Said:
    """What the metadata of a graph say, each by the key of its name; None: nothing."""

    network: str | None = None
    dt: float | None = None  # [s]
    reset: str | None = None
    discretize: str | None = None
    comparison: str | None = None
    gain: str | None = None
    recurrent_delay: int | None = None  # [steps]
    input: str | None = None
    spikes_per_step: int | None = None
    membrane_floor: float | None = None

    def given(self) -> dict[str, str | float | int]:
        """What is said, by the key in a file."""
        pairs = ((key_of(f.name), getattr(self, f.name)) for f in fields(self))
        return {key: value for key, value in pairs if value is not None}


@dataclass(frozen=True, slots=True, eq=False)
class NirFile:
    """What a file holds; `version` is that of the package that wrote it, "" if it is not said."""

    name: str
    version: str
    graph: NirGraph
    said: Said = Said()


def key_of(name: str) -> str:
    """The key of a field of Said in a file: `snncc.dt`."""
    return f"snncc.{name}"


MARKS = ("reset", "comparison")  # which a node may say of itself alone
KEYS = tuple(key_of(f.name) for f in fields(Said))
_WORDS = {
    "reset": Reset,
    "discretize": Method,
    "comparison": Comparison,
    "gain": Gain,
    "input": Signals,
}
_TEXTS = {"network", *_WORDS}
_WHOLE = {"recurrent_delay": (MOST_LATE, "steps"), "spikes_per_step": (MOST_SPIKES, "spikes")}


def is_text(key: str) -> bool:
    """Whether the value of a key is a text; else it is a number."""
    return key.removeprefix("snncc.") in _TEXTS


def said(metadata: Mapping[str, Any]) -> Said:
    """What metadata of these keys say; CompileError(E091) for a value that means nothing."""
    values = {key.removeprefix("snncc."): value for key, value in metadata.items()}
    for name, words in _WORDS.items():
        if name in values and values[name] not in tuple(words):
            known = nearest(values[name], tuple(words)) or f"it is {', '.join(words)}"
            raise refusal(UNFIT, f"`{key_of(name)}` says `{values[name][:40]}`", known)
    dt, floor = values.get("dt"), values.get("membrane_floor")
    if dt is not None and not (isfinite(dt) and SHORTEST <= dt <= LONGEST):
        message = f"`{key_of('dt')}` says {dt:g}"
        raise refusal(UNFIT, message, f"it is from {SHORTEST:g} to {LONGEST:g} seconds")
    if floor is not None and not (isfinite(floor) and floor <= 0):
        raise refusal(UNFIT, f"`{key_of('membrane_floor')}` says {floor:g}", "it is 0 or below")
    whole = {
        name: _whole(name, values[name], most, unit)
        for name, (most, unit) in _WHOLE.items()
        if name in values
    }
    return Said(**values | whole)


def _whole(name: str, value: float, most: int, unit: str) -> int:
    if not 1 <= value <= most or value != int(value):
        message = f"`{key_of(name)}` says {value:g}"
        raise refusal(UNFIT, message, f"it is from 1 to {most} {unit}")
    return int(value)
