"""What is foretold of a wiring is what comes of it."""

from __future__ import annotations

import pytest

from snncc.ir.expr import Const
from snncc.ir.graph import Call, Projection, Value
from snncc.ir.types import DType, Shape
from snncc.ir.wiring import Listed, foretold_size, wire

EXACT: list[tuple[str, dict[str, Value], Shape, Shape]] = [
    ("dense", {}, (7,), (5,)),
    ("one_to_one", {}, (7,), (7,)),
    ("fixed_fan_in", {"k": 3}, (7,), (5,)),
    ("fixed_fan_out", {"k": 3}, (7,), (5,)),
    ("fixed_total", {"n": 12}, (7,), (5,)),
    ("lateral_inhibition", {}, (7,), (7,)),
    ("list", {"synapses": ((0, 1), (2, 2))}, (3,), (3,)),
    ("conv2d", {"channels": 2, "kernel": 3, "stride": 1, "padding": 0}, (3, 8, 7), (2, 6, 5)),
    (
        "conv2d",
        {"channels": 6, "kernel": 3, "stride": 1, "padding": 1, "groups": 3},
        (3, 8, 7),
        (6, 8, 7),
    ),
    ("conv2d", {"channels": 2, "kernel": 3, "stride": 2, "padding": 0}, (3, 9, 7), (2, 4, 3)),
    ("pool2d", {"kernel": 2, "stride": 0}, (3, 8, 6), (3, 4, 3)),
]


def projection(kind: str, arguments: dict[str, Value], is_loop: bool = False) -> Projection:
    call = Call(kind, tuple(arguments.items()))
    return Projection("a->b", "a", "a" if is_loop else "b", call, Call("constant"))


@pytest.mark.parametrize(("kind", "arguments", "pre", "post"), EXACT)
def test_what_is_certain_is_exact(
    kind: str, arguments: dict[str, Value], pre: Shape, post: Shape
) -> None:
    joined = projection(kind, arguments, kind == "lateral_inhibition")
    foretold, made = foretold_size(joined, pre, post), wire(joined, pre, post, 0)
    assert foretold.synapses == made.synapses
    weights = 1
    for extent in made.weight_shape:
        weights *= extent
    assert foretold.weights == weights
    assert foretold.is_listed == isinstance(made, Listed)


def test_borders_of_a_convolution_are_left_out() -> None:
    arguments: dict[str, Value] = {"channels": 1, "kernel": 5, "stride": 1, "padding": 2}
    joined = projection("conv2d", arguments)
    foretold, made = foretold_size(joined, (20, 20), (20, 20)), wire(joined, (20, 20), (20, 20), 0)
    assert 0.5 * made.synapses < foretold.synapses <= made.synapses


def test_chance_is_expected() -> None:
    joined = projection("sparse", {"p": 0.1})
    made = wire(joined, (200,), (300,), 0)
    assert abs(foretold_size(joined, (200,), (300,)).synapses - made.synapses) < 300


@pytest.mark.parametrize("grid", [(5, 5, 15), (15, 25), (375,)])
def test_a_liquid_is_never_foretold_larger_than_it_is(grid: Shape) -> None:
    arguments: dict[str, Value] = {
        "grid": grid,
        "lambda": 2.0,
        "wiring": "symmetric",
        "inhibitory": 0.2,
        "density": 1.5,
    }
    joined = projection("liquid", arguments)
    foretold, made = foretold_size(joined, (375,), (375,)), wire(joined, (375,), (375,), 0)
    assert 0 < foretold.synapses <= made.synapses


def test_of_a_condition_nothing_is_known() -> None:
    where = Const(True, DType.BOOL)
    assert foretold_size(projection("expression", {"where": where}), (9,), (9,)).synapses == 0
