"""A plan by which units of populations are left out while a network learns."""

from __future__ import annotations

from ...ir.dropout import share, threshold, together
from ...ir.graph import Graph, TrainSpec
from .plan import Plan


def dropping(plan: Plan, graph: Graph, spec: TrainSpec) -> Plan:
    """The plan of a graph as it learns by a spec; what answers goes by the plan as it was."""
    dropped, alike, shares = (x.copy() for x in (plan.dropped, plan.alike, plan.share))
    names = [population.name for population in graph.populations]
    for call in spec.calls("dropout"):
        p = names.index(call.kind)
        dropped[p], shares[p] = threshold(call), share(call)
        alike[p] = together(graph.populations[p], call)
    return plan._replace(dropped=dropped, alike=alike, share=shares)
