"""Other weights on the grid of an integer network."""

from __future__ import annotations

import numpy as np
import pytest
from integer_cases import drawn_model, in_integers, numbered_model

from snncc.ir.integers.grid import grid_of, recoded
from snncc.ir.integers.precision import Precision
from snncc.ir.passes.quantize import Quantize


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
