"""The refractory time of a population, in steps."""

from __future__ import annotations

import numpy as np

from ..expr import evaluate
from ..graph import Population


def refractory_steps(population: Population) -> int:
    """The steps after a spike in which a neuron cannot fire, of a population that has its step."""
    step = population.step
    if step is None or step.refractory is None:
        return 0
    constants = dict(zip(step.constants, population.constants, strict=True))
    return round(float(evaluate(step.refractory, constants, np.float64)))
