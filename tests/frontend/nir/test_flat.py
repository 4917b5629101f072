"""Nodes without a step of their own are left out, and what led to them leads on."""

from __future__ import annotations

from refusal import refused

from snncc.frontend.nir.flat import without
from snncc.ir.nir.graph import NirGraph, Node


def crossed(pres: int, posts: int) -> NirGraph:
    ends = [("f", f"b{k}") for k in range(posts)]
    edges = (*((f"a{k}", "f") for k in range(pres)), *ends)
    kinds = {"f": "Flatten"}
    names = {name: None for edge in edges for name in edge}
    return NirGraph({n: Node(n, kinds.get(n, "Scale"), {}) for n in names}, edges)


def test_each_that_led_to_it_leads_to_each_it_led_to() -> None:
    found = without(crossed(2, 2), ("Flatten",))
    assert set(found.edges) == {(a, b) for a in ("a0", "a1") for b in ("b0", "b1")}


def test_how_many_edges_that_may_make_is_bounded() -> None:
    """A file of three thousand edges would become one of two millions."""
    said = refused("E091", without, crossed(1001, 1000), ("Flatten",))
    assert "1001 edges lead to `f`, and 1000 from it" in said.message
