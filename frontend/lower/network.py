"""A network and its parameters to `ir.graph.Graph`."""

from __future__ import annotations

from ...ir.diagnostics import Diagnostic
from ...ir.graph import Graph
from ..library import Library, Unit
from ..limits import Limits
from ..syntax.tree import Module, Network
from ..typing.constants import Scope
from .bodies import check_module, unroll
from .construction import Environment, Frame, Plan


def lower_network(
    network: Network, unit: Unit, scope: Scope, library: Library, limits: Limits
) -> Graph:
    """The graph of a network; mistakes go to the library's report."""
    plan = Plan(library, limits)
    frame = Frame("", unit, delay=0.0, method="euler")
    failures = library.report.failures
    unroll(network.body, Environment(scope), frame, plan)
    if not plan.populations and library.report.failures == failures:
        message = f"the network `{network.name.text}` has no populations"
        library.report.extend([Diagnostic("E044", message, network.name.span)])
    return Graph(
        network.name.text,
        plan.dt or 1.0,
        tuple(plan.populations),
        tuple(plan.projections),
        tensors=plan.tensors,
    )


def lower_module(
    module: Module, unit: Unit, scope: Scope, library: Library, limits: Limits
) -> None:
    """Check a module that no network instantiates; mistakes go to the library's report."""
    plan = Plan(library, limits, dt=None)
    check_module(module, scope, Frame("", unit, delay=0.0, method="euler", depth=1), plan)
