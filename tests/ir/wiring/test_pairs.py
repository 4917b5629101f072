"""Which pairs the connectivities pick."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snncc.ir.expr import Const, Ref, apply
from snncc.ir.graph import Call, Projection
from snncc.ir.types import DType
from snncc.ir.wiring import AllPairs, Wiring, wire

PRE, POST = Ref("i"), Ref("j")


def pairs(kind: str, pre: int, post: int, seed: int = 0, **arguments) -> Wiring:
    call = Call(kind, tuple(arguments.items()))
    return wire(Projection("p", "a", "a", call, Call("constant")), (pre,), (post,), seed)


def as_set(wiring: Wiring) -> set[tuple[int, int]]:
    pre, post = wiring.pairs()
    return set(zip(pre.tolist(), post.tolist(), strict=True))


def test_dense_has_no_list() -> None:
    wiring = pairs("dense", 3, 2)
    assert isinstance(wiring, AllPairs)
    assert wiring.weight_shape == (3, 2)
    assert wiring.pairs()[0].tolist() == [0, 0, 1, 1, 2, 2]
    assert wiring.pairs()[1].tolist() == [0, 1, 0, 1, 0, 1]


def test_one_to_one() -> None:
    assert as_set(pairs("one_to_one", 4, 4)) == {(k, k) for k in range(4)}


def test_lateral_inhibition_joins_all_but_itself() -> None:
    expected = {(i, j) for i in range(5) for j in range(5) if i != j}
    assert as_set(pairs("lateral_inhibition", 5, 5)) == expected
    assert pairs("lateral_inhibition", 1, 1).synapses == 0


@given(st.sampled_from([0.0, 1e-300, 1e-9, 0.01, 0.5, 0.999, 1.0]), st.integers(0, 99))
def test_sparse_has_about_p_of_all_pairs(p, seed) -> None:
    wiring = pairs("sparse", 40, 50, seed, p=p)
    deviation = np.sqrt(2000 * p * (1 - p))
    assert abs(wiring.synapses - 2000 * p) <= 5 * deviation + 1


def test_sparse_pairs_are_equally_likely() -> None:
    hits = np.zeros((5, 7))
    for seed in range(2000):
        pre, post = pairs("sparse", 5, 7, seed, p=0.2).pairs()
        hits[pre, post] += 1
    assert np.abs(hits - 400).max() < 5 * np.sqrt(2000 * 0.16)


@given(st.integers(0, 12), st.integers(0, 99))
def test_fixed_fan_in_gives_each_neuron_k(k, seed) -> None:
    wiring = pairs("fixed_fan_in", 12, 9, seed, k=k)
    assert wiring.fan_in().tolist() == [k] * 9


def test_fixed_fan_in_picks_all_pre_neurons_alike() -> None:
    pre, _ = pairs("fixed_fan_in", 10, 20_000, 3, k=3).pairs()
    assert np.abs(np.bincount(pre) - 6000).max() < 5 * np.sqrt(6000)


@pytest.mark.parametrize("neurons", [7, 3000])
def test_expression_over_indices(neurons) -> None:
    """Also where the pairs are looked at in several slabs."""
    near = apply("le", apply("abs", apply("sub", PRE, POST)), Const(1.0))
    wiring = pairs("expression", neurons, 5, where=near)
    expected = {(i, j) for i in range(6) for j in range(5) if abs(i - j) <= 1}
    assert as_set(wiring) == expected


def test_expression_that_reads_no_index() -> None:
    for value in (True, False):
        wiring = pairs("expression", 3, 4, where=Const(value, DType.BOOL))
        assert wiring.synapses == 12 * value


def test_expression_may_divide_by_zero() -> None:
    ratio = apply("gt", apply("div", Const(1.0), PRE), Const(10.0))
    assert as_set(pairs("expression", 3, 2, where=ratio)) == {(0, 0), (0, 1)}


def test_list_is_sorted() -> None:
    wiring = pairs("list", 4, 3, synapses=((3, 1), (0, 2), (3, 0)))
    assert wiring.pairs()[0].tolist() == [0, 3, 3]
    assert wiring.pairs()[1].tolist() == [2, 0, 1]
    assert pairs("list", 4, 3, synapses=()).synapses == 0
