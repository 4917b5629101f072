"""Blocks, their order, and cycles without delay."""

from itertools import pairwise

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from refusal import refusals, refused

from snncc.ir.diagnostics import CompileError, Source, Span
from snncc.ir.graph import Call, Graph, Population, Projection
from snncc.ir.passes.schedule import Schedule, topological_order

DENSE, INIT = Call("dense"), Call("constant", (("value", 1.0),))


def graph(names: str, *edges: str) -> Graph:
    """Edges are written "a b 0": pre, post, delay; spans point into a text of one line each."""
    source = Source("net.snn", "\n".join(edges))
    populations = tuple(Population(name, (1,), "hidden") for name in names.split())
    projections, start = [], 0
    for edge in edges:
        pre, post, delay = edge.split()
        span = Span(source, start, start + len(edge))
        projections.append(Projection(edge, pre, post, DENSE, INIT, delay=int(delay), span=span))
        start += len(edge) + 1
    return Graph("n", 1.0, populations, tuple(projections))


def order(*arguments: str) -> list[str]:
    schedule = Schedule().run(graph(*arguments)).schedule
    assert schedule is not None
    return [("*" if b.is_recurrent else "") + "+".join(b.populations) for b in schedule]


def test_a_chain_follows_its_projections() -> None:
    assert order("c b a", "a b 0", "b c 1") == ["a", "b", "c"]


def test_ties_go_by_the_program() -> None:
    assert order("d c b a") == ["d", "c", "b", "a"]
    assert order("c x b a", "x b 0") == ["c", "x", "b", "a"]


def test_recurrence() -> None:
    assert order("x h y", "x h 0", "h h 1", "h y 0") == ["x", "*h", "y"]
    blocks = order("x b a y", "x a 0", "a b 0", "b a 1", "b y 0")
    assert blocks == ["x", "*a+b", "y"], "within a block, along the projections without delay"
    assert order("x b a y", "x a 0", "a b 2", "b a 1") == ["x", "*b+a", "y"]


@pytest.mark.parametrize(
    ("edges", "cycle"),
    [
        (["a a 0"], "a -> a"),
        (["a b 0", "b a 0"], "a -> b -> a"),
        (["a b 0", "b c 0", "c b 0", "c a 0"], "a -> b -> c -> a"),
        (["a b 0", "b c 0", "c a 0", "a c 0"], "a -> c -> a"),
        (["a b 1", "b a 0", "b c 0", "c b 0"], "b -> c -> b"),
    ],
)
def test_a_cycle_without_delay_is_named(edges, cycle) -> None:
    diagnostic = refused("E041", Schedule().run, graph("a b c", *edges))
    assert diagnostic.message == f"cycle without delay: {cycle}"
    assert diagnostic.span is not None
    spans = [diagnostic.span, *(note.span for note in diagnostic.related)]
    for span, (pre, post) in zip(spans, pairwise(cycle.split(" -> ")), strict=True):
        assert span.source.text[span.start : span.end] == f"{pre} {post} 0"
    assert "delay 1 ms" in diagnostic.help


def test_every_cycle_is_reported() -> None:
    net = graph("a b c d", "a b 0", "b a 0", "c d 0", "d c 0", "b c 0")
    assert len(refusals(Schedule().run, net)) == 2


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(0, 1)), max_size=12))
@settings(max_examples=150, deadline=None)
def test_against_the_definition(edges) -> None:
    net = graph("a b c d e f g", *(f"{'abcdefg'[a]} {'abcdefg'[b]} {d}" for a, b, d in set(edges)))
    undelayed = nx.DiGraph((p.pre, p.post) for p in net.projections if p.delay == 0)
    if not nx.is_directed_acyclic_graph(undelayed):
        with pytest.raises(CompileError):
            Schedule().run(net)
        return
    schedule = Schedule().run(net).schedule
    assert schedule is not None
    components = {frozenset(c) for c in nx.strongly_connected_components(net.digraph())}
    assert {frozenset(b.populations) for b in schedule} == components
    block = {name: k for k, b in enumerate(schedule) for name in b.populations}
    place = {name: k for k, name in enumerate(n for b in schedule for n in b.populations)}
    for p in net.projections:
        assert block[p.pre] <= block[p.post]
        assert p.delay or place[p.pre] < place[p.post]


def test_topological_order_is_the_least_one() -> None:
    assert topological_order(4, [(3, 0), (3, 3), (2, 1)]) == [2, 1, 3, 0]
