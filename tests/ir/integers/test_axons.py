"""Weights by axon type."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from snncc.ir.integers.axons import by_axon_types
from snncc.ir.wiring import AllPairs, Listed


def squares(weights, types, count: int) -> float:
    """The least that changes for these types, by trying every set of joined axons."""
    total = 0.0
    for column, kind in product(weights.T, range(count)):
        own = column[types == kind]
        least = (own**2).sum()
        for joined in product([False, True], repeat=len(own)):
            chosen = own[np.array(joined, bool)]
            if len(chosen):
                least = min(least, (own**2).sum() - chosen.sum() ** 2 / len(chosen))
        total += least
    return float(total)


@pytest.mark.parametrize("seed", range(4))
def test_no_other_weights_of_these_types_are_nearer(seed: int) -> None:
    rng = np.random.default_rng(seed)
    weights = rng.normal(size=(7, 5))
    ((found, types),) = by_axon_types([(AllPairs(7, 5), weights)], 2)
    for column, kind in product(found.T, range(2)):
        assert len(set(column[types == kind]) - {0.0}) <= 1
    assert np.isclose(((found - weights) ** 2).sum(), squares(weights, types, 2))
    for k in range(7):  # and no axon would be better off as one of the other type
        others = types.copy()
        others[k] = 1 - others[k]
        levels = [[next(iter(set(c[types == t]) - {0.0}), 0.0) for c in found.T] for t in range(2)]
        row = np.minimum(weights[k] ** 2, (weights[k] - levels[others[k]]) ** 2).sum()
        assert row >= ((found[k] - weights[k]) ** 2).sum() - 1e-12


def test_what_has_types_keeps_them() -> None:
    types = np.array([0, 1, 2, 3] * 5)
    table = np.random.default_rng(0).permutation(np.arange(1.0, 29.0)).reshape(4, 7) - 14.5
    weights = table[types] * (np.arange(140).reshape(20, 7) % 9 > 0)
    ((found, kinds),) = by_axon_types([(AllPairs(20, 7), weights)], 4)
    assert (found == weights).all()
    assert len(set(zip(types, kinds, strict=True))) == len(set(kinds))


def test_projections_to_the_same_neurons_share_their_weights() -> None:
    rng = np.random.default_rng(3)
    dense, listed = AllPairs(9, 6), Listed(4, 6, *np.array([[0, 1, 3, 3], [2, 5, 0, 4]], np.int32))
    given = [(dense, rng.normal(size=(9, 6))), (listed, rng.normal(size=4))]
    (first, kinds), (second, others) = by_axon_types(given, 3)
    assert (first.shape, second.shape, kinds.shape, others.shape) == ((9, 6), (4,), (9,), (4,))
    whole = np.concatenate([given[0][1], np.zeros((4, 6))])
    whole[9 + listed.pre, listed.post] = given[1][1]
    ((joined, types),) = by_axon_types([(AllPairs(13, 6), whole)], 3)
    assert (np.concatenate([kinds, others]) == types).all()
    assert (joined[:9] == first).all()
    assert (joined[9 + listed.pre, listed.post] == second).all()
    for k in range(6):
        assert len(set(joined[:, k]) - {0.0}) <= 3


def test_what_is_not_joined_stays_so() -> None:
    pre, post = np.array([0, 0, 2], np.int32), np.array([0, 2, 1], np.int32)
    wiring = Listed(3, 4, pre, post)
    ((found, types),) = by_axon_types([(wiring, np.array([1.0, -2.0, 3.0]))], 4)
    assert found.tolist() == [1.0, -2.0, 3.0]
    assert types.shape == (3,)
