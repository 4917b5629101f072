"""A network that was written out, as something that can be run beside others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .trace import Trace

Spikes = npt.NDArray[np.uint8]


class Inputs(NamedTuple):
    """What comes in, the input populations side by side: `spikes` [T, B, inputs], and `numbers`
    [B, numbers] that are sent in every step."""

    spikes: Spikes
    numbers: npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Played:
    """What was written tells of itself, and `play`: what it does with its inputs. `inputs`,
    `numbers` and `told` are neurons by population: of the inputs that send spikes, of those that
    send numbers, and of those whose spikes the trace tells; `dt` in ms, `digest` that of the
    graph."""

    inputs: Mapping[str, int]
    numbers: Mapping[str, int]
    told: Mapping[str, int]
    dt: float
    digest: str
    play: Callable[[Inputs], Trace]
