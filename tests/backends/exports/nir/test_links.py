"""Linear nodes of all wirings, beside the synapses that they are."""

from __future__ import annotations

import numpy as np
import pytest

from snncc.backends.exports.nir import links
from snncc.backends.exports.nir.links import links_of
from snncc.backends.exports.nir.trouble import UnsaidError
from snncc.ir.wiring.kinds import AllPairs, Listed, Planes, Windows

DRAW = np.random.default_rng(1)


def index(*values: int):
    return np.array(values, np.int32)


def test_all_pairs_are_a_matrix_of_outputs_and_inputs() -> None:
    weights = DRAW.normal(size=(3, 2)).astype(np.float32)
    (link,) = links_of(AllPairs(3, 2), weights, -2.0, (3,), 4)
    assert link.kind == "Linear"
    assert np.array_equal(link.fields["weight"], -2 * weights.T)
    assert link.late == 4


def test_a_list_is_a_matrix_with_zeros_and_adds_pairs_up() -> None:
    wiring = Listed(3, 2, index(0, 1, 1, 2), index(1, 0, 0, 1))
    (link,) = links_of(wiring, np.array([1, 2, 4, 8], np.float32), 1.0, (3,), 0)
    assert np.array_equal(link.fields["weight"], [[0, 6, 0], [1, 0, 8]])


def test_a_matrix_is_bounded(monkeypatch) -> None:
    monkeypatch.setattr(links, "MOST", 5)
    for wiring in (AllPairs(3, 2), Listed(3, 2, index(0), index(1))):
        with pytest.raises(UnsaidError, match="matrix of 6"):
            links_of(wiring, np.ones(wiring.weight_shape, np.float32), 1.0, (3,), 0)


def test_delays_of_synapses_are_a_node_each() -> None:
    wiring = Listed(2, 2, index(0, 0, 1), index(0, 1, 1), index(3, 1, 3))
    found = links_of(wiring, np.array([1, 2, 4], np.float32), 1.0, (2,), 1)
    assert [int(link.late) for link in found] == [1, 3]
    assert np.array_equal(found[0].fields["weight"], [[0, 0], [2, 0]])
    assert np.array_equal(found[1].fields["weight"], [[1, 0], [0, 4]])


def test_one_to_one_is_an_edge_a_scale_or_delays() -> None:
    wiring = Listed(2, 2, index(0, 1), index(0, 1))
    (edge,) = links_of(wiring, np.ones(2, np.float32), 1.0, (2,), 0)
    assert edge.kind == ""
    (scale,) = links_of(wiring, np.array([1, 2], np.float32), 1.0, (2,), 0)
    assert (scale.kind, list(scale.fields["scale"])) == ("Scale", [1, 2])
    late = Listed(2, 2, index(0, 1), index(0, 1), index(2, 5))
    (own,) = links_of(late, np.ones(2, np.float32), 1.0, (2,), 2)
    assert list(own.late) == [2, 5]


@pytest.mark.parametrize(
    ("weight", "kind"), [(1.0, "SumPool2d"), (0.25, "AvgPool2d"), (1.1, "Conv2d")]
)
def test_a_pool_is_that_of_its_weight(weight, kind) -> None:
    pool = Windows(Planes(2, 4, 4), Planes(2, 2, 2), 2, 2, 0, True)
    (link,) = links_of(pool, np.array([weight], np.float32), 1.0, (2, 4, 4), 0)
    assert link.kind == kind
    if kind == "Conv2d":
        assert link.fields["groups"] == 2
        assert np.array_equal(link.fields["weight"], np.full((2, 1, 2, 2), 1.1, np.float32))
