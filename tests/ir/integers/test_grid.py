"""Other weights on the grid of an integer network."""

from __future__ import annotations

import numpy as np
import pytest
from integer_cases import drawn_model, in_integers, numbered_model

from snncc.ir.integers.axons import axon_types, of_axon_types
from snncc.ir.integers.grid import grid_of, recoded, types_of
from snncc.ir.integers.precision import Precision
from snncc.ir.passes.quantize import Quantize
from snncc.ir.wiring import AllPairs, Windows


def integers_of(model, scale="neuron"):
    return Quantize(Precision(bits=5, guard=2, overflow="wrap", scale=scale)).run(model)


@pytest.mark.parametrize("scale", ["neuron", "population", "pow2", "projection"])
@pytest.mark.parametrize("seed", range(3))
def test_its_own_weights_have_their_own_codes(seed, scale):
    model = drawn_model(seed)
    integers = integers_of(model, scale)
    again = recoded(integers, model)
    assert again.graph == integers.graph
    for name, value in integers.values.items():
        assert again.values[name].dtype == value.dtype
        np.testing.assert_array_equal(again.values[name].array, value.array, err_msg=name)


@pytest.mark.parametrize("seed", range(3))
def test_others_are_the_nearest_codes_of_the_same_units(seed):
    model = drawn_model(seed)
    integers = integers_of(model)
    draw = np.random.default_rng(seed)
    weights = {
        p.name: draw.uniform(-2, 2, model.weights(p.name).shape).astype(np.float32)
        for p in model.graph.projections
    }
    units, limits = grid_of(integers)
    flat = np.concatenate([weights[p.name].ravel() for p in model.graph.projections])
    wanted = np.clip(np.rint(flat.astype(np.float64) / units), -limits, limits)
    found = recoded(integers, model.with_weights(weights))
    codes = [found.weights(p.name).ravel() for p in model.graph.projections]
    np.testing.assert_array_equal(np.concatenate(codes), wanted)
    assert set(limits) == {15.0}


@pytest.mark.parametrize("seed", range(6))
def test_what_is_sent_in_codes_has_a_unit_too(seed):
    """A port that takes codes of numbers has another unit than the weights that lead to it."""
    model = numbered_model(seed)
    integers = in_integers(model, Precision(bits=5, guard=2, overflow="wrap"), "minmax")
    again = recoded(integers, model)
    for p in model.graph.projections:
        np.testing.assert_array_equal(again.weights(p.name), integers.weights(p.name), p.name)


@pytest.mark.parametrize("seed", range(3))
def test_weights_by_axon_type_are_what_quantization_makes_of_them(seed):
    model = drawn_model(seed)
    if any(isinstance(wiring, Windows) for wiring in model.wirings.values()):
        pytest.skip("windows have no types")
    precision = Precision(bits=8, guard=2, overflow="wrap", axon_types=3)
    integers = Quantize(precision).run(model)
    types = types_of(integers, model, 3)
    again = recoded(integers, model, types)
    for p in model.graph.projections:
        np.testing.assert_array_equal(again.weights(p.name), integers.weights(p.name), p.name)


def test_a_type_has_the_mean_of_those_that_are_joined():
    """What is joined is what is nearer to what the type had than to 0."""
    wiring = AllPairs(4, 1)
    (types,) = axon_types([(wiring, np.array([[4.0], [6.0], [1.0], [-3.0]]))], 1)
    assert (types.kinds.tolist(), types.levels.tolist()) == ([0, 0, 0, 0], [[5.0]])
    (kept,) = of_axon_types([(wiring, np.array([[4.0], [9.0], [2.6], [-8.0]]))], [types])
    assert kept.ravel().tolist() == [5.2, 5.2, 5.2, 0.0]
