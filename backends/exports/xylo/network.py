"""A quantized network on Xylo: which neuron has which number there, when it runs, and its synapses.

Inputs, hidden neurons and outputs are three kinds, numbered by themselves. Spikes of hidden neurons
take a step, whoever gets them; a population may run late by its lag. What arrives at a neuron is
added in the order of these numbers, inputs first, which must be that of the network.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

import networkx as nx
import numpy as np
import numpy.typing as npt

from ....ir.diagnostics import CompileError, Diagnostic
from ....ir.graph import Graph, Population, Projection
from ....ir.model import Model, weights_name
from ....ir.ranges import Range
from ...reference.network import in_order_of_arrival
from ..chips.lags import Lags, Takes, delay_of, lags_by
from .neurons import STATE_BITS, Cells, cells_of

MOST_CODE = 127
MOST_SHIFT = STATE_BITS - 8  # of a weight of 8 bits
SPIKES = Takes(
    "xylo",
    Range(1, 1),
    0,
    "give spikes of hidden neurons a step, `delay` of one dt, wherever they go, and loops as many "
    "steps as they have projections",
)
Synapses = list[list[tuple[int, int, int]]]  # by sender: neuron, number of its current, weight


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """`kinds`: the populations that are inputs, hidden and outputs, in the order of their numbers;
    `first`: the number of the first neuron of each; `late`: by how many steps an input is played
    late; `synapses` by a row of KINDS."""

    model: Model
    cells: Mapping[str, Cells]
    kinds: Mapping[str, tuple[Population, ...]]
    first: Mapping[str, int]
    lags: Lags
    late: Mapping[str, int]
    synapses: Mapping[str, Synapses]
    guard: int


KINDS = {"in": ("input", "hidden"), "rec": ("hidden", "hidden"), "out": ("hidden", "output")}


def network_of(model: Model) -> Network:
    """The network of a model of integers; CompileError(E071) for what the chip does not have."""
    graph = model.graph
    cells = {p.name: cells_of(model, p) for p in graph.populations if p.step is not None}
    for projection in graph.projections:
        _require_plain(model, projection)
    awake = frozenset(name for name, each in cells.items() if each.biases.any())
    lags, kinds = lags_by(graph, SPIKES, awake), _kinds(graph, cells)
    first: dict[str, int] = {}
    for populations in kinds.values():
        ends = np.cumsum([0, *(p.neurons for p in populations)])
        first |= {p.name: int(k) for p, k in zip(populations, ends[:-1], strict=True)}
    late = {p.name: _late(graph, p, lags) for p in kinds["input"]}
    synapses = {
        name: _synapses(model, cells, first, kinds[pre], frozenset(p.name for p in kinds[post]))
        for name, (pre, post) in KINDS.items()
    }
    return Network(model, cells, kinds, first, lags, late, synapses, _guard(cells.values()))


def _guard(cells: Iterable[Cells]) -> int:
    (guard,) = {each.guard for each in cells}
    if not 0 <= guard <= MOST_SHIFT:
        message = f"a weight is shifted by {guard}, and on Xylo by 0 to {MOST_SHIFT}"
        way_out = "quantize it with --guard, from 0 to 8"
        raise CompileError(Diagnostic("E071", message, help=way_out))
    return guard


def _require_plain(model: Model, projection: Projection) -> None:
    """CompileError(E071) for synapses that the chip does not have."""
    index = model.graph.index()
    if projection.delays is not None or projection.synapse is not None:
        raise _refused(projection, "has synapses of their own delays or states", "take one delay")
    if index[projection.pre].role == "output":
        raise _refused(projection, "leads away from an output", "make its sender hidden")
    if index[projection.pre].step is None and index[projection.post].role == "output":
        raise _refused(
            projection,
            "leads from an input to an output, and outputs get spikes of hidden neurons",
            "put hidden neurons between them",
        )
    pre, post = model.wirings[projection.name].pairs()
    pairs = np.stack((pre, post), axis=1)
    if len(np.unique(pairs, axis=0)) < len(pairs):
        way_out = "join them by one synapse, or by several projections of different ports"
        raise _refused(projection, "joins two neurons twice", way_out)


def _kinds(graph: Graph, cells: Mapping[str, Cells]) -> dict[str, tuple[Population, ...]]:
    """The populations of each kind, such that what arrives is added in the order of the network."""
    order: nx.DiGraph[str] = nx.DiGraph()
    index = graph.index()
    order.add_nodes_from(p.name for p in graph.populations)
    for post, cell in cells.items():
        into = [p for p in in_order_of_arrival(graph) if p.post == post]
        for current in range(len(cell.currents)):
            own = [p for p in into if cell.ports[p.port][0] == current]
            for one, other in pairwise(own):
                if index[other.pre].step is None and index[one.pre].step is not None:
                    raise _refused(other, *_IN_ORDER)
                order.add_edge(one.pre, other.pre)
                if not nx.is_directed_acyclic_graph(order):
                    raise _refused(other, *_IN_ORDER)
    place = {p.name: k for k, p in enumerate(graph.populations)}
    names = list(nx.lexicographical_topological_sort(order, key=place.__getitem__))
    roles = {n: "input" if index[n].step is None else index[n].role for n in names}
    return {
        kind: tuple(index[n] for n in names if roles[n] == kind)
        for kind in ("input", "hidden", "output")
    }


_IN_ORDER = (
    "brings its spikes in another order than Xylo, where those of inputs arrive first, and then of "
    "each hidden neuron in one order for all",
    "write the projections into a population in that order, from each population one to a port",
)


def _late(graph: Graph, population: Population, lags: Lags) -> int:
    """By how many steps an input is played late."""
    own = [p for p in graph.projections if p.pre == population.name]
    wanted = {delay_of(p, lags) for p in own}
    if len(wanted) > 1:
        raise _refused(
            own[-1],
            f"takes a spike of `{population.name}` at another time than its other projections",
            "give spikes of hidden neurons a step, so that no population runs late",
        )
    return wanted.pop() if wanted else 0


def _synapses(
    model: Model,
    cells: Mapping[str, Cells],
    first: Mapping[str, int],
    senders: tuple[Population, ...],
    posts: frozenset[str],
) -> Synapses:
    """The synapses from senders to these populations, those of weight 0 left out."""
    found: Synapses = [[] for p in senders for _ in range(p.neurons)]
    for projection in model.graph.projections:
        if projection.post not in posts or projection.pre not in {p.name for p in senders}:
            continue
        current, sign = cells[projection.post].ports[projection.port]
        for pre, post, code in _coded(model, projection, sign):
            place = first[projection.pre] + pre
            found[place].append((first[projection.post] + post, current, code))
    return found


def _coded(model: Model, projection: Projection, sign: int) -> Iterator[tuple[int, int, int]]:
    wiring = model.wirings[projection.name]
    weights = model.values[weights_name(projection.name)].array.ravel()[wiring.places()]
    codes: npt.NDArray[np.int64] = sign * weights.astype(np.int64)
    if abs(codes).max(initial=0) > MOST_CODE:
        raise _refused(projection, "has codes of more than 8 bits", "quantize it with --bits 8")
    for pre, post, code in zip(*wiring.pairs(), codes, strict=True):
        if code:
            yield int(pre), int(post), int(code)


def _refused(projection: Projection, what: str, way_out: str) -> CompileError:
    message = f"`{projection.name}` {what}"
    return CompileError(Diagnostic("E071", message, projection.span, help=way_out))
