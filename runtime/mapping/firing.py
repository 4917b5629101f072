"""How often senders fire, measured on samples: on average, and in some steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ...backends.layout.senders import moments_among, rates_of
from ...backends.protocols import Simulator
from ...ir.model import Model
from ..samples import Presentation
from ..training.evaluate import answer

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Firing:
    """Packets a step of every sender of `Numbering`: `rates` on average, float64 [senders], and
    those of some moments, float32 [senders, moments], None where these are not known."""

    rates: Array
    moments: Array | None = None


def firing_of(model: Model, simulator: Simulator, shown: Presentation) -> Firing:
    """What all samples come to, and moments spread over them."""
    found = answer(simulator, shown)
    assert found is not None
    steps = simulator.steps
    rates = rates_of(model, found.activity, len(shown) * steps)
    sample, step = np.divmod(moments_among(len(shown) * steps), steps)
    moments = []
    for k in np.unique(sample):
        spikes = simulator.raster(shown.pick(np.array([k])), 0)[step[sample == k]]
        moments.append(rates_of(model, spikes, 1))
    return Firing(rates, np.ascontiguousarray(np.concatenate(moments).T, np.float32))
