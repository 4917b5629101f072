"""Edges that close cycles."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snncc.frontend.nir.cycles import closing


def has_cycle(edges) -> bool:
    sorter = TopologicalSorter()
    for pre, post in edges:
        sorter.add(post, pre)
    try:
        sorter.prepare()
    except CycleError:
        return True
    return False


def test_the_edge_back_of_a_walk_from_the_first() -> None:
    edges = [("i", "a"), ("a", "b"), ("b", "a"), ("b", "b"), ("i", "b")]
    assert closing("iab", edges) == ([2, 3], [["a", "b"], ["b"]])
    assert closing("iab", edges[:2]) == ([], [])


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("abcdef")), max_size=14))
def test_without_them_there_is_no_cycle_and_each_closes_one(edges) -> None:
    cut, cycles = closing("abcdef", edges)
    kept = [edge for place, edge in enumerate(edges) if place not in cut]
    assert not has_cycle(kept)
    assert bool(cut) == has_cycle(edges)
    for place, cycle in zip(cut, cycles, strict=True):
        way = list(pairwise(cycle))
        assert edges[place] == (cycle[-1], cycle[0])
        assert set(way) <= set(edges)


def test_a_long_chain_takes_no_stack() -> None:
    names = [str(k) for k in range(5000)]
    edges = [*pairwise(names), (names[-1], names[0])]
    assert closing(names, edges)[0] == [4999]


@pytest.mark.parametrize("count", [1, 3])
def test_parallel_edges_are_cut_each(count) -> None:
    assert len(closing("a", [("a", "a")] * count)[0]) == count
