"""Which edges need no Delay node, beside a walk in every order."""

from __future__ import annotations

import numpy as np
import pytest

from snncc.backends.exports.nir.late import backward
from snncc.frontend.nir.cycles import closing

CASES = {
    "a chain": ([("x", "a", 1), ("a", "b", 0)], (1, set())),
    "a loop of its own": ([("x", "a", 0), ("a", "a", 1)], (1, {1})),
    "of two steps": ([("x", "a", 0), ("a", "a", 2), ("a", "b", 1)], (2, {1})),
    "the commonest": ([("x", "a", 0), ("a", "a", 2), ("a", "b", 0), ("b", "b", 2), ("b", "a", 1)],)
    + ((2, {1, 3}),),
    "two populations": ([("x", "a", 0), ("a", "b", 0), ("b", "a", 1)], (1, {2})),
    "entered behind": ([("x", "b", 0), ("a", "b", 0), ("b", "a", 1)], (1, set())),
    "entered at both": ([("x", "a", 0), ("x", "b", 5), ("a", "b", 0), ("b", "a", 1)], (1, set())),
    "late all around": ([("x", "a", 1), ("a", "b", 1), ("b", "a", 1)], (1, set())),
    "not led to": ([("x", "c", 0), ("a", "b", 0), ("b", "a", 1)], (1, {2})),
}


@pytest.mark.parametrize("name", CASES)
def test_edges_without_a_delay_node(name) -> None:
    edges, (steps, places) = CASES[name]
    assert backward(edges, ["x"], ["x", "a", "b", "c"]) == (steps, places)


@pytest.mark.parametrize("seed", range(60))
def test_a_walk_meets_these_and_no_others(seed) -> None:
    """Of graphs at random whose edges within a step make no cycle."""
    draw = np.random.default_rng(seed)
    names = ["x", *"abcde"]
    pairs = [(a, b) for a in names for b in names[1:] if draw.random() < 0.35]
    edges = [
        (a, b, 0 if a < b and draw.random() < 0.6 else int(draw.integers(1, 3))) for a, b in pairs
    ]
    edges = [(a, b, 0 if a == "x" and d else d) for a, b, d in edges]
    steps, places = backward(edges, ["x"], names)
    assert all(edges[k][2] == steps for k in places)
    walked = [k for k, edge in enumerate(edges) if not edge[2] or k in places]
    order = [walked[k] for k in draw.permutation(len(walked))]
    cut, _ = closing(names, [edges[k][:2] for k in order])
    assert {order[k] for k in cut} == places
