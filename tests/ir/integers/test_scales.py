"""Base units that move: who has them, what follows them, how far they may go."""

import numpy as np
import pytest
from compiled_texts import compiled_text
from integer_cases import drawn_model
from refusal import refusals, refused

from snncc.ir.integers.bounds import bounds_of
from snncc.ir.integers.precision import Deployment, Precision
from snncc.ir.integers.ranges import UNSEEN, Ranges
from snncc.ir.integers.scales import REACH, rescaled
from snncc.ir.model import draw_model
from snncc.ir.passes.quantize import Quantize
from snncc.runtime.quantization import quantized

BIASED = """
neuron biased {
  param tau: ms = 20 ms
  state v: mV = 1 mV
  on input { v = v + i }
  dv/dt = (5000 mV - v) / tau
  spike when v > 1 mV
  on spike { v = v - 100 mV }
}
network n {
  input x[6] encode poisson(duration = 60 ms)
  population h[4] : biased
  output y[2] : lif(v_th = 1 mV)
  x -> h : dense(init = uniform(-0.001, 0.001))
  h -> y : dense
}
"""


def model_of(text, seed=1):
    return draw_model(compiled_text(text).graph, seed)


def scaled(model, **asked):
    return quantized(model, Deployment(Precision(bits=4, **asked)), UNSEEN, True, True)


def test_the_proof_is_of_all_units_that_there_may_be():
    model = model_of(BIASED)
    made, frozen = scaled(model), quantized(model, Deployment(Precision(bits=4)), is_learning=True)
    assert made.precision.guard < frozen.precision.guard
    finest = {name: scale.low for name, scale in made.scales.items()}
    learning = frozenset(p.name for p in model.graph.projections)
    found = bounds_of(rescaled(made.integers, made.scales, finest), 60, learning)
    assert found.overflows == ()
    refused("E083", scaled_with_guard, model, made.precision.guard + 1)


def scaled_with_guard(model, guard):
    asked = Deployment(Precision(bits=4), guard)
    return quantized(model, asked, is_learning=True, has_scales=True)


def test_what_is_kept_in_units_keeps_what_it_means():
    model = model_of(BIASED)
    made = scaled(model)
    for factor in (0.5, 1.0, 1.7):
        bases = {n: factor * s.units.base for n, s in made.scales.items()}
        moved = rescaled(made.integers, made.scales, bases)
        unit, frac = moved.values["h/v.unit"].array, made.precision.guard
        held = [m.name for m in made.scales["h"].units.moved]
        volts = sorted(float((moved.values[f"h/{n}"].array * unit * 2.0**-frac)[0]) for n in held)
        np.testing.assert_allclose(volts, [-100.0, 1.0, 1.0, 250.0], atol=unit.max() * 2.0**-frac)
        np.testing.assert_array_equal(
            moved.values["y/i.unit"].array, factor * made.integers.values["y/i.unit"].array
        )


def test_units_that_do_not_move_are_those_that_were_chosen():
    model = drawn_model(3)
    quantize = Quantize(Precision(bits=4, overflow="wrap", guard=2))
    frozen = quantize.unproved(model)
    moving, scales = Quantize(quantize.precision, has_scales=True).formed(model)
    for name, value in frozen.values.items():
        if "constant" not in name:
            np.testing.assert_array_equal(moving.values[name].array, value.array, name)
    for name, scale in scales.items():
        assert (scale.low < scale.units.base).all()
        assert (scale.low >= scale.units.base / REACH * 0.999).all()
        assert (scale.high <= scale.units.base * REACH * 1.001).all()
        assert (scale.high >= scale.units.base).all(), name


SHARED = """
network n {
  input x[6] encode poisson(duration = 20 ms)
  population m[1, 4, 4] : lif(v_th = 2 mV)
  population c : lif(v_th = 2 mV)
  output y[3] : li
  x -> m : dense
  m -> c : conv2d(channels = 2, kernel = 3, padding = 1)
  c -> y : dense
}
"""


@pytest.mark.parametrize(("scale", "counts"), [("neuron", [16, 2, 1]), ("population", [1, 1, 1])])
def test_a_unit_of_each_group_that_shares_one(scale, counts):
    scales = scaled(model_of(SHARED), scale=scale).scales
    assert [len(set(s.groups.tolist())) for s in scales.values()] == counts
    np.testing.assert_array_equal(scales["c"].groups[:16], scales["c"].groups[0])


NUMBERS = "  input z[2] encode current(duration = 60 ms)\n"


@pytest.mark.parametrize(
    ("change", "asked", "why"),
    [
        ({"0.001))": "0.001))  fixed", "y : dense": "y : dense  fixed"}, {}, None),
        ({"population h[4] : biased": "population h[4] : linear"}, {}, "sends its numbers on"),
        ({"population h[4] : biased": "population h[4] : izhikevich"}, {}, "multiplies its states"),
        ({"h -> y": "x -> y : dense\n  h -> y"}, {"scale": "projection"}, "has units of"),
        ({}, {"scale": "pow2"}, "has units of"),
        ({}, {"scale": "exponent"}, "has units of"),
        ({"  h -> y": f"{NUMBERS}  z -> y : dense\n  h -> y"}, {}, "has several units"),
    ],
)
def test_units_that_cannot_learn(change, asked, why):
    text = BIASED
    for old, new in change.items():
        text = text.replace(old, new)
    model = model_of(text)
    ranges = Ranges({}, {("h", "v"): 100.0, ("h", "u"): 30.0})
    asked = Deployment(Precision(bits=4, **asked), 2)
    if why is None:
        assert quantized(model, asked, ranges, True, True).scales == {}
        return
    error = refusals(quantized, model, asked, ranges, True, True)[0]
    assert error.code == "E080"
    assert why in error.message
    assert error.help == "say `--scales frozen`"
