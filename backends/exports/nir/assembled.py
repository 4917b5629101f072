"""Nodes and edges of a network."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from math import prod
from typing import NamedTuple

import numpy as np

from ....ir.diagnostics import Span
from ....ir.graph import Population, Projection
from ....ir.model import Model
from ....ir.nir.graph import KINDS, Array, Edge, NirGraph, Node
from ....ir.nir.names import node_name
from ....ir.nir.said import Gain, Said
from ....ir.types import Shape
from .agreed import marks_of
from .cells import SUM, Cell
from .links import MOST, Link, links_of
from .model import Floats
from .trouble import Trouble, UnsaidError

Cells = Mapping[str, Cell]


class Way(NamedTuple):
    """A projection, or a part of it, as a node: `late` in steps, 0 where the edge closes a cycle
    for every reader."""

    name: str
    pre: Population
    post: str
    link: Link
    span: Span | None


@dataclass(slots=True)
class Draft:
    """A graph that grows."""

    dt: float  # [s]
    nodes: dict[str, Node] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)
    found: list[Trouble] = field(default_factory=list)

    def add(self, name: str, kind: str, **fields: Array | int | str) -> str:
        """A node of that name, or of one that is free."""
        assert {f.name for f in KINDS[kind] if not f.is_optional} <= set(fields), kind
        free, number = name, 2
        while free in self.nodes:
            free, number = f"{name}#{number}", number + 1
        kept = {k: v if isinstance(v, str) else np.asarray(v) for k, v in fields.items()}
        self.nodes[free] = Node(free, kind, kept)
        return free


def ways_of(
    model: Model, projection: Projection, cells: Cells, late: int, found: list[Trouble]
) -> tuple[Way, ...]:
    """The nodes that a projection is."""
    populations = model.graph.index()
    pre = populations[projection.pre]
    factor = cells[projection.post].ports.get(projection.port, 0.0)
    wiring, weights = model.wirings[projection.name], model.weights(projection.name)
    try:
        links = links_of(wiring, weights, factor, pre.shape, late)
    except UnsaidError as error:
        message = f"`{projection.name}` cannot be written: {error}"
        found.append(Trouble(message, projection.span, error.way_out))
        return ()
    names = [projection.name, *(f"{projection.name}#{k}" for k in range(2, len(links) + 1))]
    return tuple(
        Way(name, pre, projection.post, link, projection.span)
        for name, link in zip(names, links, strict=True)
    )


def assembled(
    model: Model, cells: Cells, ways: Iterable[Way], said: Said
) -> tuple[NirGraph, list[Trouble]]:
    """The graph, and the biases for which it has no place."""
    assert said.dt is not None
    draft = Draft(said.dt)
    arriving: dict[str, list[Way]] = {name: [] for name in cells}
    for way in ways:
        arriving[way.post].append(way)
    ends = {p.name: node_name(p.name) for p in model.graph.populations}
    if len(set(ends.values())) < len(ends):
        ends = {name: name for name in ends}
    leaving = {way.pre.name for found in arriving.values() for way in found}
    for population in model.graph.populations:
        if population.role == "input":
            draft.add(ends[population.name], "Input", shape=np.array(population.shape))
    for population in model.graph.populations:
        if population.name in cells:
            is_last = population.role == "output" and population.name not in leaving
            place = _Place(population, cells[population.name], ends, is_last)
            _population(draft, place, arriving[population.name], said)
    _outputs(draft, model, cells, ends)
    return NirGraph(draft.nodes, tuple(draft.edges)), draft.found


class _Place(NamedTuple):
    """A population, its cell, the names of all nodes, and whether it leads to nothing but out."""

    population: Population
    cell: Cell
    ends: Mapping[str, str]
    is_last: bool

    @property
    def name(self) -> str:
        return self.ends[self.population.name]


def _population(draft: Draft, place: _Place, ways: list[Way], said: Said) -> None:
    shape, cell = place.population.shape, place.cell
    if cell.kind != SUM:
        fields = {k: stored(v, shape) for k, v in _numbers(cell, said).items()}
        draft.add(place.name, cell.kind, **fields)
        _marked(draft, place, said)
        _joined(draft, place, ways)
        return
    alike = all(way.link.same(ways[0].link) for way in ways)
    is_plain = bool(ways) and alike and not ways[0].link.kind
    if is_plain and len(ways) > 1 and place.is_last and not np.any(ways[0].link.late):
        draft.add(place.name, "Output", shape=np.array(shape))  # which sums what leads to it
        draft.edges += [(place.ends[way.pre.name], place.name) for way in ways]
        return
    if ways and alike:
        link = _biased(draft, place, ways[0].link, identity=True)
        _own(draft, place, link, ways)
        return
    _own(draft, place, Link("Scale", {"scale": np.ones(shape, np.float32)}, np.array(0)), [])
    _joined(draft, place, ways)


def _marked(draft: Draft, place: _Place, said: Said) -> None:
    """What a node says of itself, where it is not what the graph says of all."""
    own = {k: v for k, v in marks_of(place.cell).items() if v != getattr(said, k)}
    draft.nodes[place.name] = replace(draft.nodes[place.name], marks=own)


def _own(draft: Draft, place: _Place, link: Link, ways: list[Way]) -> None:
    """The linear node that a population which sends sums is, and what leads to it."""
    if not link.kind:
        link = link._replace(kind="Scale", fields={"scale": np.ones(place.population.shape, "f4")})
    draft.add(place.name, link.kind, **link.fields)
    for way in ways:
        _led(draft, place.ends[way.pre.name], way, link.kind, place.name)


def _joined(draft: Draft, place: _Place, ways: list[Way]) -> None:
    """The nodes that lead to a population. One of them brings its bias."""
    needs = bool(np.any(place.cell.bias))
    for group in _groups(ways):
        way = group[0]
        link = (
            _biased(draft, place, way.link) if needs and _takes_bias(place, way.link) else way.link
        )
        needs = needs and link is way.link
        pre = place.ends[way.pre.name]
        if not link.kind and np.any(link.late):
            for each in group:
                _delay(draft, node_name(each.name), place.ends[each.pre.name], each, place.name)
            continue
        if not link.kind and (pre, place.name) not in draft.edges:
            draft.edges.append((pre, place.name))
            continue
        if not link.kind:
            link = link._replace(kind="Scale", fields={"scale": np.ones(way.pre.shape, "f4")})
        node = draft.add(_base(way.name, len(group)), link.kind, **link.fields)
        draft.edges.append((node, place.name))
        for each in group:
            _led(draft, place.ends[each.pre.name], each, link.kind, node)
    if needs:
        _leaked(draft, place)


def _groups(ways: list[Way]) -> list[list[Way]]:
    """Ways that are one node: `w[0]`, `w[1]`, … from different populations, of one link."""
    found: dict[str, list[Way]] = {}
    for way in ways:
        name = _base(way.name, 2) if way.name.endswith("]") else way.name
        rows = found.setdefault(name, [])
        is_one = not rows or (
            rows[0].link.same(way.link) and way.pre.name not in {row.pre.name for row in rows}
        )
        (rows if is_one else found.setdefault(f"{name}\0{way.name}", [])).append(way)
    return list(found.values())


def _base(name: str, count: int) -> str:
    return node_name(re.sub(r"\[\d+\]$", "", name) if count > 1 else name)


def _led(draft: Draft, pre: str, way: Way, kind: str, node: str) -> None:
    """The edges from a population to the linear node, by a Delay and a Flatten if it takes them."""
    if np.any(way.link.late):
        pre = _delay(draft, f"{node}.delay", pre, way, None)
    if kind in ("Linear", "Affine") and len(way.pre.shape) > 1:
        shape = np.array(way.pre.shape)
        flat = draft.add(f"{node}.flatten", "Flatten", start_dim=0, end_dim=-1, input_type=shape)
        draft.edges.append((pre, flat))
        pre = flat
    draft.edges.append((pre, node))


def _delay(draft: Draft, name: str, pre: str, way: Way, post: str | None) -> str:
    seconds = np.broadcast_to(way.link.late * draft.dt, way.pre.shape)
    node = draft.add(name, "Delay", delay=stored(seconds, way.pre.shape))
    draft.edges.append((pre, node))
    if post is not None:
        draft.edges.append((node, post))
    return node


def _takes_bias(place: _Place, link: Link) -> bool:
    if link.kind == "Linear":
        return True
    return link.kind == "Conv2d" and _by_channel(place) is not None


def _by_channel(place: _Place) -> Floats | None:
    """The bias of each channel; None where it differs within one."""
    shape = place.population.shape
    bias = np.broadcast_to(place.cell.bias.ravel(), (prod(shape),)).reshape(shape[0], -1)
    return bias[:, 0] if bool(np.all(bias == bias[:, :1])) else None


def _biased(draft: Draft, place: _Place, link: Link, identity: bool = False) -> Link:
    """The link with the bias of the population, if it has one and there is a place for it."""
    bias, size = place.cell.bias, prod(place.population.shape)
    if not np.any(bias):
        return link
    each = stored(np.broadcast_to(bias.ravel(), (size,)), (size,))
    if link.kind == "Linear":
        return link._replace(kind="Affine", fields={**link.fields, "bias": each})
    if link.kind == "Conv2d" and (channels := _by_channel(place)) is not None:
        return link._replace(fields={**link.fields, "bias": stored(channels, channels.shape)})
    if identity and link.kind in ("", "Scale") and size * size <= MOST:
        scale = np.broadcast_to(np.ravel(link.fields.get("scale", 1.0)), (size,))
        fields = {"weight": np.diag(scale).astype(np.float32), "bias": each}
        return link._replace(kind="Affine", fields=fields)
    _homeless(draft, place)
    return link


def _leaked(draft: Draft, place: _Place) -> None:
    """A bias that no node brings, as a part of what the potential leaks to."""
    node = draft.nodes[place.name]
    if node.kind not in ("LIF", "LI"):
        _homeless(draft, place)
        return
    shape = place.population.shape
    bias = np.broadcast_to(place.cell.bias.ravel(), (prod(shape),)).reshape(shape)
    leak = node.numbers("v_leak") + node.numbers("r") * bias
    fields = {**node.fields, "v_leak": stored(leak, shape)}
    draft.nodes[place.name] = replace(node, fields=fields)


def _homeless(draft: Draft, place: _Place) -> None:
    name, span = place.population.name, place.population.span
    message = f"`{name}` has a constant current, and no matrix leads to it that could bring it"
    way_out = "in NIR a bias is that of an Affine or a Conv2d: join it by `dense`"
    draft.found.append(Trouble(message, span, way_out))


def _outputs(draft: Draft, model: Model, cells: Cells, ends: Mapping[str, str]) -> None:
    outputs = [p for p in model.graph.populations if p.role == "output" and p.name in cells]
    for population in outputs:
        if draft.nodes[ends[population.name]].kind == "Output":
            continue
        name = "output" if len(outputs) == 1 else f"{ends[population.name]}.output"
        node = draft.add(name, "Output", shape=np.array(population.shape))
        draft.edges.append((ends[population.name], node))


def _numbers(cell: Cell, said: Said) -> Mapping[str, Floats]:
    """The numbers of a node, r per second where the file says so."""
    if cell.per_step is None or said.gain != Gain.TIME or said.dt is None:
        return cell.fields
    return {**cell.fields, "r": cell.per_step / said.dt}


def stored(values: Floats, shape: Shape) -> Array:
    """The numbers in that shape, in single precision if they are numbers of it."""
    whole = np.asarray(values, np.float64)
    whole = np.broadcast_to(whole if whole.size == 1 else whole.reshape(shape), shape)
    with np.errstate(over="ignore"):
        single = whole.astype(np.float32)
    return single if np.array_equal(single, whole) else np.ascontiguousarray(whole)
