"""Projections by the ends of a line."""

from __future__ import annotations

from synapse_cases import network

from snncc.frontend.lower.ends import by_ends


def test_several_between_two_populations_are_all_meant() -> None:
    named = by_ends(network().graph)
    assert list(named["image", "a"]) == ["image->a", "image->a#2", "image->a#3"]
    assert list(named["image", "a.i"]) == list(named["image", "a"])
    assert ("a", "image") not in named
