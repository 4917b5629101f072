"""How fast states decay, or grow, of themselves."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..expr import affine, evaluate, names
from ..graph import Population


class Leak(NamedTuple):
    """The part of dx/dt = rate x + … of a state x, in 1/ms, and the parameters that it reads, as
    the program may write them."""

    state: str
    rate: float
    reads: tuple[str, ...]


def leaks(population: Population) -> tuple[Leak, ...]:
    """Those of the ODEs with such a part, whose rate depends on no state or input and is finite."""
    model, values = population.model, dict(population.parameters)
    if model is None:
        return ()
    variables = frozenset(s.name for s in model.states) | frozenset(model.ports)
    found = []
    for ode in model.derivatives:
        rate = (affine(ode.value, frozenset({ode.target})) or {}).get(ode.target)
        if rate is not None and not names(rate) & variables:
            with np.errstate(all="ignore"):
                value = float(evaluate(rate, values, np.float64))
            reads = tuple(f"`{n} = {values[n]:g}`" for n in values if n in names(rate))
            found.append(Leak(ode.target, value, reads))
    return tuple(leak for leak in found if np.isfinite(leak.rate))
