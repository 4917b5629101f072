"""Initial weights: distributions, expressions, given tensors, refusals."""

import numpy as np
import pytest

from snncc.ir.diagnostics import CompileError
from snncc.ir.expr import Const, Ref, apply
from snncc.ir.graph import Call, Projection
from snncc.ir.wiring import initial_weights, wire

PRE, POST = Ref("i"), Ref("j")
DENSE = Call("dense")
CONV = Call("conv2d", (("channels", 8), ("kernel", 5), ("stride", 1), ("padding", 0)))


def weights(
    init: str, connectivity: Call = DENSE, pre=(40,), post=(50,), tensors=None, **arguments
):
    call = Call(init, tuple(arguments.items()))
    projection = Projection("p", "a", "a", connectivity, call)
    return initial_weights(projection, wire(projection, pre, post, 1), 1, tensors or {})


def test_uniform() -> None:
    drawn = weights("uniform", low=-0.5, high=1.5)
    assert drawn.min() >= -0.5
    assert drawn.max() < 1.5
    assert drawn.mean() == pytest.approx(0.5, abs=5 * 2 / np.sqrt(12 * 2000))


def test_normal_and_constant() -> None:
    drawn = weights("normal", mean=3.0, sd=0.5)
    assert drawn.mean() == pytest.approx(3.0, abs=0.05)
    assert drawn.std() == pytest.approx(0.5, abs=0.05)
    assert (weights("constant", value=0.1) == np.float32(0.1)).all()


def test_kaiming_scales_by_fan_in() -> None:
    assert weights("kaiming", gain=2.0).std() == pytest.approx(2 / np.sqrt(40), rel=0.1)
    ring = Call("fixed_fan_in", (("k", 4),))
    assert weights("kaiming", ring, gain=2.0).std() == pytest.approx(1.0, rel=0.2)
    shared = weights("kaiming", CONV, (4, 9, 9), (8, 5, 5), gain=1.0)
    assert shared.std() == pytest.approx(0.1, rel=0.1)


def test_expression() -> None:
    distance = apply("abs", apply("sub", PRE, POST))
    drawn = weights("expression", value=distance)
    assert drawn.tolist() == np.abs(np.subtract.outer(np.arange(40), np.arange(50))).tolist()
    band = Call("expression", (("where", apply("eq", PRE, POST)),))
    assert weights("expression", band, value=apply("add", PRE, POST)).tolist() == list(
        range(0, 80, 2)
    )
    assert (weights("expression", value=Const(2.0)) == 2).all()


def test_given_matrix_and_list() -> None:
    matrix = np.arange(2000.0).reshape(40, 50)
    assert weights("given", tensor="m", tensors={"m": matrix}).tolist() == matrix.tolist()
    pairs = Call("list", (("synapses", ((3, 1), (0, 2), (3, 0))),))
    listed = weights("given", pairs, (4,), (3,), {"m": np.array([1, 2, 3])}, tensor="m")
    assert listed.tolist() == [2, 3, 1], "in the order of the sorted pairs"


@pytest.mark.parametrize(
    ("init", "arguments", "code", "message"),
    [
        ("uniform", {"low": 1.0, "high": 0.0}, "E042", "from 1 to 0 is empty"),
        ("constant", {"value": 1e39}, "E042", "not a finite number"),
        ("expression", {"value": apply("div", Const(1.0), PRE)}, "E042", "not a finite number"),
        ("expression", {"value": Ref("n")}, "E042", "reads `n`"),
        ("given", {"tensor": "w"}, "E042", "`w` are missing"),
        ("given", {"tensor": "small"}, "E040", "shape [2], but `p` needs [40, 50]"),
    ],
)
def test_refusals(init, arguments, code, message) -> None:
    with pytest.raises(CompileError) as caught:
        weights(init, tensors={"small": np.zeros(2)}, **arguments)
    assert caught.value.diagnostics[0].code == code
    assert message in caught.value.diagnostics[0].message


def test_shared_weights_have_no_indices() -> None:
    with pytest.raises(CompileError, match="shared by many pairs"):
        weights("expression", CONV, (4, 9, 9), (8, 5, 5), value=PRE)
