"""What the end of an edge means that is no node: names half laid flat, or spelled otherwise.

Exporters that take modules apart leave edges to the module (`lif1`, `lif1.input`) beside nodes that
are its parts (`lif1.lif`, `lif1.w_rec`), write one name in two ways, or name what lies in a graph
within the graph. Each rule says every node that may be meant, and why; the first that knows one
decides.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from ...ir.nir.graph import CELLS, Node
from .flat import INNER, Flat

MARKS = re.compile(r"[^0-9A-Za-z]+")
POINTS = re.compile(r"[./]")
PORT = {False: "input", True: "output"}  # by whether an edge leads from the end
KIND = {False: "Input", True: "Output"}


class Meant(NamedTuple):
    """A node that may be meant, and why."""

    name: str
    why: str


Rule = Callable[[Flat, str, bool], list[Meant]]


def meant(flat: Flat, end: str, is_source: bool) -> list[Meant]:
    """The nodes that a lost end of an edge may mean; none, if nothing resembles it."""
    return next((found for rule in RULES if (found := rule(flat, end, is_source))), [])


def spelled(name: str) -> str:
    """A name without what exporters write in different ways."""
    return MARKS.sub("_", name).strip("_").casefold()


def _inside(flat: Flat, end: str, _is_source: bool) -> list[Meant]:
    graph = next((g for g in reversed(flat.graphs) if end.startswith(f"{g}.")), "")
    why = f"it is a node of the graph `{graph}` within the graph"
    return [Meant(end, why)] if end in flat.nodes else []


def _repeated(flat: Flat, end: str, _is_source: bool) -> list[Meant]:
    """Within a graph `a`, what is called `a.b` is its node `b`."""
    graphs = [g for g in flat.graphs if end.startswith(f"{g}.{g}.")]
    names = [end.removeprefix(f"{graph}.") for graph in graphs]
    return [Meant(n, "the edge is within that graph") for n in names if n in flat.nodes]


def _otherwise(flat: Flat, end: str, _is_source: bool) -> list[Meant]:
    found = [name for name in flat.nodes if spelled(name) == spelled(end)]
    return [Meant(name, "the names differ in marks and in case alone") for name in found]


def _end_of_all(flat: Flat, end: str, is_source: bool) -> list[Meant]:
    kind = KIND[not is_source]
    if spelled(end) != kind.casefold():
        return []
    found = [name for name, node in flat.nodes.items() if node.kind == kind]
    return [Meant(name, f"it is the {kind} of the graph") for name in found]


def _port(flat: Flat, end: str, is_source: bool) -> list[Meant]:
    """`a.input`, to which an edge leads, is `a`, and so is `a.output`, from which one does."""
    *stem, last = POINTS.split(end)
    name = end[: -len(last) - 1]
    if last.casefold() != PORT[is_source] or not stem:
        return []
    if name in flat.nodes:
        return [Meant(name, f"a node has one {PORT[is_source]}")]
    return _otherwise(flat, name, is_source) or _whole(flat, name, is_source)


def _whole(flat: Flat, end: str, is_source: bool) -> list[Meant]:
    """Where what is called `a` was taken apart: its node at which it begins, or ends."""
    parts = {n: node for n, node in flat.nodes.items() if n.startswith((f"{end}.", f"{end}/"))}
    kind = KIND[is_source]
    ends = [n for n, node in parts.items() if node.kind in (kind, INNER[kind])]
    if ends:
        return [Meant(name, f"it is the {kind} of `{end}`") for name in ends]
    inner = {n: node for n, node in parts.items() if node.kind not in (*INNER, *INNER.values())}
    free = _free(flat, inner, is_source)
    if free:
        word = "it leads to" if is_source else "leads to it"
        return [Meant(name, f"nothing else of `{end}` is what {word}") for name in free]
    cells = [name for name, node in inner.items() if node.kind in CELLS]
    why = f"it is the neuron of `{end}`, whose nodes lie on a cycle"
    return [Meant(name, why) for name in cells]


def _free(flat: Flat, parts: dict[str, Node], is_source: bool) -> list[str]:
    """Of some nodes those that lead to none of them, or to which none of them leads."""
    ways = [way for way in flat.ways if not way.lost and {*way.edge} <= parts.keys()]
    bound = {way.pre if is_source else way.post for way in ways}
    return [name for name in parts if name not in bound]


def _longer(flat: Flat, end: str, _is_source: bool) -> list[Meant]:
    """Names of which one ends with the other: `w_rec` for `lif1.w_rec`, or `net.fc` for `fc`."""
    found = [name for name in flat.nodes if _ends(POINTS.split(name), POINTS.split(end))]
    found += [
        name
        for name in flat.nodes
        if _ends(POINTS.split(end), POINTS.split(name)) and not _is_known(flat, end)
    ]
    return [Meant(name, f"no other name ends like `{end}`") for name in found]


def _ends(whole: list[str], part: list[str]) -> bool:
    return len(part) < len(whole) and whole[-len(part) :] == part


def _is_known(flat: Flat, end: str) -> bool:
    """Whether something is called by the first part of a name: then it is about this alone."""
    first = POINTS.split(end)[0]
    return any(POINTS.split(name)[0] == first for name in (*flat.nodes, *flat.graphs))


RULES: Iterable[Rule] = (_inside, _repeated, _otherwise, _end_of_all, _port, _whole, _longer)
