"""How fast states decay, or grow, of themselves."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..expr import Expr, affine, evaluate, names
from ..graph import Population
from ..neuron import NeuronModel


class Leak(NamedTuple):
    """The part of dx/dt = rate x + … of a state x, in 1/ms, and the parameters that it reads, as
    the program may write them."""

    state: str
    rate: float
    reads: tuple[str, ...]


Rates = tuple[tuple[str, Expr, frozenset[str]], ...]


def leaks(population: Population, known: dict[int, Rates] | None = None) -> tuple[Leak, ...]:
    """Those of the ODEs with such a part, whose rate depends on no state or input and is finite.
    `known` keeps by the id of a model, which the caller keeps alive, what is the same for each."""
    model, values = population.model, dict(population.parameters)
    if model is None:
        return ()
    kept = {} if known is None else known
    if id(model) not in kept:
        kept[id(model)] = rates_of(model)
    found = []
    for state, rate, read in kept[id(model)]:
        with np.errstate(all="ignore"):
            value = float(evaluate(rate, values, np.float64))
        reads = tuple(f"`{n} = {values[n]:g}`" for n in values if n in read)
        found.append(Leak(state, value, reads))
    return tuple(leak for leak in found if np.isfinite(leak.rate))


def rates_of(model: NeuronModel) -> Rates:
    """State, rate and what that reads, of each ODE with such a part."""
    variables = frozenset(s.name for s in model.states) | frozenset(model.ports)
    found = []
    for ode in model.derivatives:
        rate = (affine(ode.value, frozenset({ode.target})) or {}).get(ode.target)
        if rate is not None and not names(rate) & variables:
            found.append((ode.target, rate, names(rate)))
    return tuple(found)
