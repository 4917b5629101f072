"""Floats whose states are clipped as those of their integers are."""

import numpy as np
import pytest
from compiled_texts import compiled_text
from integer_cases import drawn_model

from snncc.backends.protocols import Samples
from snncc.backends.reference.simulator import ReferenceSimulator
from snncc.ir.integers.clipped import clipped
from snncc.ir.integers.precision import Deployment, Precision
from snncc.ir.integers.ranges import Ranges
from snncc.ir.model import draw_model
from snncc.ir.passes.pipeline import run_model_passes
from snncc.runtime.quantization import quantized

NET = """
network n {
  input x[3] encode spikes(duration = 60 ms)
  population h[4] : izhikevich
  output y[2] : lif(v_th = 1 mV)
  x -> h : dense(init = uniform(100, 200))
  h -> y : dense(init = uniform(0, 2))
}
"""
OFTEN = Samples(
    np.ones((1, 60, 3), np.uint8), np.zeros(1, np.int64), np.zeros(1, np.uint64),
    np.zeros(1, np.int32), np.ones(1, np.float32),
)  # fmt: skip


def test_states_stay_where_those_of_the_integers_do():
    ranges = Ranges({}, {("h", "v"): 80.0, ("h", "u"): 20.0})
    model = draw_model(compiled_text(NET).graph, 1)
    made = quantized(model, Deployment(Precision(bits=8)), ranges)
    floats = clipped(made.floats, made.integers)
    traces = {
        name: ReferenceSimulator(each, np.float64).trace(OFTEN, True).states["h"]
        for name, each in (("before", made.floats), ("after", floats), ("codes", made.integers))
    }
    step = made.integers.graph.population("h").step
    frac = next(s.dtype.frac for s in step.states if s.name == "u")
    unit = float(made.integers.values["h/u.unit"].array) * 2.0**-frac
    most = {name: abs(states["u"]).max() for name, states in traces.items()}
    assert most["after"] == pytest.approx(most["codes"] * unit, rel=1e-3)
    assert most["before"] > 1.5 * most["after"]
    assert floats.graph.population("y") == made.floats.graph.population("y")


def test_neurons_without_products_stay_as_they_are():
    model = run_model_passes(drawn_model(2))
    made = quantized(model, Deployment(Precision(state_bits=16, overflow="wrap")))
    assert clipped(made.floats, made.integers).graph == made.floats.graph
