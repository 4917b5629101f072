"""A network that was written out, as something that can be run beside others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..trace import Trace

Spikes = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Played:
    """What was written tells of itself, and `play`: what it does with spikes [T, B, inputs], the
    input populations side by side. `inputs` and `told` are neurons by population: of the inputs,
    and of those whose spikes the trace tells; `dt` in ms, `digest` that of the graph."""

    inputs: Mapping[str, int]
    told: Mapping[str, int]
    dt: float
    digest: str
    play: Callable[[Spikes], Trace]
