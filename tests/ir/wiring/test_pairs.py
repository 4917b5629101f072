"""Which pairs the connectivities pick."""

import pytest

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
