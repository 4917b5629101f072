"""A network with one thing changed, and how that is said."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from ...backends.reference.network import Real
from ...ir.model import Model
from .alone import Case

# The classes of causes.
INPUT = "input"
WEIGHTS = "weights"
ROUNDING = "weight rounding"
THRESHOLD = "threshold"
TIE = "threshold tie"
DECAY = "decay"
DECAY_ROUNDING = "decay rounding"
SATURATION = "saturation"
DELAY = "delay"
RESET = "reset kind"
REFRACTORINESS = "refractory"
WIRING = "wiring"
ORDER = "order"
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """A population alone with one thing changed; `said` goes on after "with". What changes all of
    it, `is_whole`, explains nothing where less does."""

    cause: str
    said: str
    model: Model
    real: Real = np.float64
    is_whole: bool = False


Candidates = Callable[[Case], Iterator[Change]]
