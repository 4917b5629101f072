"""Populations that cannot fire as they should: warnings, because the network still runs."""

from __future__ import annotations

from ..diagnostics import Diagnostic
from ..graph import Graph, Population


def rate_warnings(graph: Graph) -> tuple[Diagnostic, ...]:
    """W040 for every input whose probability of a spike, value x rate x dt, goes beyond 1; W041 for
    every output whose model never spikes."""
    inputs = [(p, _most(p, graph.dt)) for p in graph.populations]
    cut = (_cut(p, most, graph.dt) for p, most in inputs if most > 1.0 + 1e-9)
    outputs = (p for p in graph.populations if p.role == "output")
    return (*cut, *(_silent(p) for p in outputs if p.model and p.model.spike is None))


def _silent(population: Population) -> Diagnostic:
    return Diagnostic(
        "W041",
        f"`{population.name}` never fires, so its spike counts tell no class from another",
        population.span,
        help="give its model a condition, `spike when …`, or read its states instead",
    )


def _most(population: Population, dt: float) -> float:
    """The spikes a step that a value of 1 asks for; 1 of an encoding without a rate."""
    arguments = dict(population.encoding.arguments) if population.encoding else {}
    rate = arguments.get("rate", 1000.0 / dt)
    assert isinstance(rate, (int, float)), rate
    return rate * dt / 1000.0


def _cut(population: Population, most: float, dt: float) -> Diagnostic:
    return Diagnostic(
        "W040",
        f"a value of 1 asks `{population.name}` for {most:.3g} spikes a step, and at most one is "
        f"possible: all values above {1 / most:.3g} fire in every step",
        population.span,
        help=f"a rate of at most {1000 / dt:g} Hz is possible with steps of {dt:g} ms",
    )
