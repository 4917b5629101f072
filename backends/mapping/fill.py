"""Cores filled one after the other, as far as their limits let."""

from __future__ import annotations

import numpy as np

from .axons import Axons, Ints
from .levels import bounds_of
from .limits import CoreLimits
from .load import Kernels
from .records import Level


def filled(level: Level, limits: CoreLimits, cores: int, order: Ints, kernels: Kernels) -> Ints:
    """Cores filled with neurons in this order; the last takes what is left."""
    part = np.zeros(len(level.size), np.int32)
    kernels.fill(level, bounds_of(limits, cores, level.kind.shape[1]), order, part)
    return part


def by_classes(axons: Axons) -> Ints:
    """The neurons in an order in which those of the same classes lie together."""
    return np.lexsort((np.arange(axons.neurons), *reversed(axons.kinds)))
