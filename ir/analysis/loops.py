"""States that drive each other, and what a step makes of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import networkx as nx
import numpy as np

from ..expr import names
from ..graph import Population
from ..neuron import NeuronModel
from .affine import Row, affine_map, affine_row

MOST = 50  # states of a loop whose eigenvalues are sought


class Loop(NamedTuple):
    """States that drive each other: `rate` [1/ms] is the largest real part of an eigenvalue of
    their equations, `factor` the largest magnitude of one of their step."""

    states: tuple[str, ...]
    rate: float
    factor: float


def loops(population: Population) -> Iterator[Loop]:
    """Those of a population that has been discretized, where equations and step are affine."""
    model, step = population.model, population.step
    if model is None or step is None or not (groups := _groups(model)):
        return
    variables = frozenset(s.name for s in model.states) | frozenset(model.ports)
    values = dict(population.parameters)
    rates = {o.target: affine_row(o.value, variables, values) for o in model.derivatives}
    steps = affine_map(population, step.decay, step.deliver, step.integrate)
    for states in groups:
        of_rates, of_steps = _eigenvalues(states, rates), _eigenvalues(states, steps)
        if len(of_rates) and len(of_steps):
            yield Loop(states, float(of_rates.real.max()), float(np.abs(of_steps).max()))


def _groups(model: NeuronModel) -> list[tuple[str, ...]]:
    """The states of each loop, in the order of the model."""
    order = [ode.target for ode in model.derivatives]
    ways: nx.DiGraph[str] = nx.DiGraph()
    for ode in model.derivatives:
        ways.add_edges_from((ode.target, name) for name in names(ode.value) & {*order})
    found = nx.strongly_connected_components(ways)
    return sorted(tuple(sorted(g, key=order.index)) for g in found if 1 < len(g) <= MOST)


def _eigenvalues(states: tuple[str, ...], rows: Mapping[str, Row | None]) -> np.ndarray:
    """Those of the part of the rows that is of these states; none where one has no finite row."""
    made = [[(rows[s] or {"": np.nan}).get(t, 0.0) for t in (*states, "")] for s in states]
    square = np.array(made)[:, :-1]
    return np.linalg.eigvals(square) if np.isfinite(made).all() else np.zeros(0)
