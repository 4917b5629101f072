"""Relays: the populations between the parts of a projection, `a -> b : pool2d(…) then conv2d(…)`.

A relay is called after the population that the projection begins at and the part that leads to it,
`a.pool2d`. No other population has the name of another one before its last dot: what stands before
the dot of `c[0].h` is an instance.
"""

from __future__ import annotations

from collections.abc import Mapping

from .graph import Graph, Population, Projection
from .wiring import CONNECTIVITIES


def relay_name(pre: str, kind: str) -> str:
    """The name of the relay behind a part of this kind."""
    return f"{pre}.{kind}"


def relays(graph: Graph) -> Mapping[str, str]:
    """The relays of a graph, each with the population that its projection begins at."""
    names = {population.name for population in graph.populations}
    origins = {name: name.rpartition(".")[0] for name in names}
    return {name: origin for name, origin in origins.items() if origin in names}


def spiking_instead(population: Population) -> str:
    """How to let a neuron that spikes stand in place of a population that sends numbers: of a
    relay, whose model no program says, by a population and a projection of its own."""
    origin, _, called = population.name.rpartition(".")
    kind = called.partition("#")[0]
    model = population.model
    if model is None or model.name != "linear" or kind not in CONNECTIVITIES:
        return f"let `{population.name}` be a neuron that spikes, such as `lif`"
    return (
        f"in place of `{kind}(…) then` write a population that spikes, `population p : lif`, with "
        f"`{origin} -> p : {kind}(…)` before and the rest behind it"
    )


def written_ends(graph: Graph) -> Mapping[str, tuple[str, str, str]]:
    """Of every projection the ends of the statement that it is from, or is a part of, and the port
    at the last one."""
    between = relays(graph)
    onward: dict[str, Projection] = {p.pre: p for p in graph.projections if p.pre in between}
    ends: dict[str, tuple[str, str, str]] = {}
    for projection in graph.projections:
        last = projection
        while last.post in onward:
            last = onward[last.post]
        ends[projection.name] = between.get(projection.pre, projection.pre), last.post, last.port
    return ends
