"""Graphs whose edges name what is not there, or end where no edge can: put right, or refused.

Nothing is mended unless it is asked for, and nothing where several repairs are possible; each is
told in words.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...ir.diagnostics import CompileError
from ...ir.nir.graph import UNFIT, Edge, NirGraph, refusal
from ...ir.report import listing, nearest
from .ends import closed, passed, text_of, trimmed, untrimmed
from .flat import INNER, Flat, Way
from .meant import KIND, Meant, meant, spelled
from .shapes import shapes_of

MOST = 100  # lost edges that are looked into


@dataclass(frozen=True, slots=True, eq=False)
class Mended:
    """A graph whose edges lead from node to node, from Inputs to Outputs, and what was done."""

    graph: NirGraph
    repairs: tuple[str, ...] = ()


def mended(flat: Flat, is_asked: bool) -> Mended:
    """The graph, put right if that `is_asked`; else CompileError(E091) for one that is wrong, which
    offers it where it would help."""
    wrong = _wrong(flat)
    if wrong is None:
        return Mended(NirGraph(flat.nodes, tuple(way.edge for way in flat.ways)))
    if is_asked:
        return repaired(flat)
    raise _offered(flat, wrong)


def _offered(flat: Flat, wrong: tuple[str, str]) -> CompileError:
    message, way_out = wrong
    try:
        made = repaired(flat)
        shapes_of(made.graph)
    except CompileError as error:
        return refusal(UNFIT, message, way_out or error.diagnostics[0].message)
    more = f", and {len(made.repairs) - 1} more" if len(made.repairs) > 1 else ""
    return refusal(UNFIT, message, f"say `--repair`: {made.repairs[0]}{more}")


def _wrong(flat: Flat) -> tuple[str, str] | None:
    """The first thing that is wrong, and a way out."""
    apart = next((name for name in flat.nodes if "/" in name), None)
    if apart is not None:
        return f"the node `{apart}` lies in a group that is no node", "call it without a `/`"
    lost = next((way for way in flat.ways if way.lost), None)
    if lost is not None:
        return _loss(flat, lost)
    kinds = {node.kind for node in flat.nodes.values()}
    for kind in ("Input", "Output"):
        if kind not in kinds:
            return f"the graph has no {kind}", "write it with one, and edges to it"
    entered = next((b for _, b, _ in flat.ways if flat.nodes[b].kind == "Input"), None)
    if entered is not None:
        return f"an edge leads to the Input `{entered}`", "leave it out"
    left = next((a for a, _, _ in flat.ways if flat.nodes[a].kind == "Output"), None)
    if left is not None:
        return f"an edge leads from the Output `{left}`", "leave it out"
    return untrimmed(NirGraph(flat.nodes, tuple(way.edge for way in flat.ways)))


def _loss(flat: Flat, way: Way) -> tuple[str, str]:
    end = way.lost[0]
    if end in flat.graphs:
        kind = KIND[end == way.pre]
        parts = [n for n, node in flat.nodes.items() if node.kind == INNER[kind]]
        count = sum(name.rpartition(".")[0] == end for name in parts)
        message = f"the graph `{end}` within the graph has {count} nodes of kind {kind}"
        return message, "one of each is read; put its nodes into the outer graph"
    message = f"the graph has an edge `{way.pre}` -> `{way.post}`, and no node `{end}`"
    return message[:900], nearest(end, flat.nodes)


def repaired(flat: Flat) -> Mended:
    """The graph put right; CompileError(E091) for what can be in several ways, or in none."""
    done = [f"`{n}` is a node, though it lies in a group" for n in flat.nodes if "/" in n]
    named: dict[str, list[str]] = {"Input": [], "Output": []}
    graph = NirGraph(flat.nodes, _found(flat, named, done))
    for kind in ("Input", "Output"):
        graph = passed(graph, kind, done)
        graph = closed(graph, kind, named[kind], done)
        graph = trimmed(graph, kind, done)
    return Mended(graph, tuple(done))


def _found(flat: Flat, named: dict[str, list[str]], done: list[str]) -> tuple[Edge, ...]:
    """All edges, their lost ends found or they themselves left out; to `named` go those from an
    Input, and to an Output, that is not there at all."""
    if sum(bool(way.lost) for way in flat.ways) > MOST:
        raise refusal(UNFIT, f"more than {MOST} edges of the graph name what is not there")
    kept: list[Edge] = []
    left: list[Way] = []
    held = {way.edge for way in flat.ways if not way.lost}
    for way in flat.ways:
        if not way.lost:
            kept.append(way.edge)
            continue
        edge = _ends(flat, way, named, left, done)
        if edge is None:
            continue
        if edge in held:
            done[-1] = f"{text_of(way.edge)} is left out: {text_of(edge)} is there already"
            continue
        held.add(edge)
        kept.append(edge)
    _require_ways(left, kept, named, done)
    return tuple(kept)


def _ends(
    flat: Flat, way: Way, named: dict[str, list[str]], left: list[Way], done: list[str]
) -> Edge | None:
    """The nodes that an edge joins; None for an edge that is of an Input or Output which is not
    there, is a loop that is there, or, in `left`, has an end that nothing resembles."""
    found = [_end(flat, way, end, k == 0) for k, end in enumerate(way.edge)]
    pre, post = found
    if pre is not None and post is not None:
        if way.pre == way.post and way.lost:
            _require_loop(flat, way, (pre.name, post.name))
            done.append(f"{text_of(way.edge)} is left out: the loop is within `{way.pre}` already")
            return None
        why = "; ".join(f"`{meant.name}`: {meant.why}" for meant in found if meant and meant.why)
        done.append(f"{text_of(way.edge)} is {text_of((pre.name, post.name))} ({why})")
        return pre.name, post.name
    for known, end, kind in ((post, way.pre, "Input"), (pre, way.post, "Output")):
        is_new = all(node.kind != kind for node in flat.nodes.values())
        if known is not None and is_new and spelled(end) == kind.casefold():
            named[kind].append(known.name)
            return None
    left.append(Way(pre.name if pre else way.pre, post.name if post else way.post, way.lost))
    return None


def _end(flat: Flat, way: Way, end: str, is_source: bool) -> Meant | None:
    if end not in way.lost:
        return Meant(end, "")
    found = meant(flat, end, is_source)
    if len(found) > 1:
        names = listing(one.name for one in found)
        message = f"{text_of(way.edge)}: `{end}` may be any of {names}"
        raise refusal(UNFIT, message[:900], "name one of them in the file")
    return found[0] if found else None


def _require_loop(flat: Flat, way: Way, edge: Edge) -> None:
    """That there is one: tracers join what calls itself to itself, beside the loop within it."""
    after = NirGraph(flat.nodes, tuple(w.edge for w in flat.ways if not w.lost)).after()
    reached, new = set[str](), {edge[0]}
    while new:
        new = {n for name in new for n in after[name]} - reached
        reached |= new
    if edge[1] not in reached:
        message = f"{text_of(way.edge)}: whether `{edge[0]}` leads to `{edge[1]}` is not known"
        raise refusal(UNFIT, message[:900], "leave the edge out, or name its nodes, in the file")


def _require_ways(
    left: list[Way], kept: list[Edge], named: dict[str, list[str]], done: list[str]
) -> None:
    """Leave edges out to which nothing can be joined, where what they join has other ways."""
    pres = {a for a, _ in kept} | {*named["Output"]}
    posts = {b for _, b in kept} | {*named["Input"]}
    for way in left:
        alone = (way.pre not in way.lost and way.pre not in pres) or (
            way.post not in way.lost and way.post not in posts
        )
        if alone:
            message = f"{text_of(way.edge)} leads nowhere, and is the only one of its other end"
            raise refusal(UNFIT, message[:900], "see how the network was exported")
        done.append(f"{text_of(way.edge)} is left out: there is nothing like {listing(way.lost)}")
