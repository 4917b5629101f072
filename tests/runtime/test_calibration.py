"""What the numbers of inputs come to in training samples."""

from __future__ import annotations

import numpy as np
import pytest
from compiled_texts import compiled_text
from refusal import refused

from snncc.backends.protocols import Samples
from snncc.ir.integers.precision import Precision
from snncc.ir.model import draw_model
from snncc.ir.passes.pipeline import run_model_passes
from snncc.ir.passes.quantize import Quantize
from snncc.runtime.calibration import seen

NET = """
network n {
  input x[2] encode current(duration = 5 ms, mean = 0.5, sd = 0.1)
  input z[1] encode bernoulli(duration = 5 ms)
  output y[1] : lif
  x -> y : dense
  z -> y : dense
}
"""


def samples(values) -> Samples:
    rows = np.asarray(values, np.float32)
    order = np.arange(len(rows))
    none = np.zeros(len(rows), np.int32)
    return Samples(rows, order, order.astype(np.uint64), none, np.ones(len(rows), np.float32))


@pytest.mark.parametrize(("method", "largest"), [("minmax", 4.0), ("percentile", 4.0)])
def test_the_largest_number_of_an_input(method, largest) -> None:
    model = draw_model(compiled_text(NET).graph, 0)
    ranges = seen(model, samples([[0.5, 0.1, 1.0], [0.6, 0.8, 0.0]]), method, 8)
    assert ranges.sent.keys() == {"x"}
    assert np.isclose(ranges.sent["x"], largest)
    made = run_model_passes(run_model_passes(model), (Quantize(Precision(), ranges=ranges),))
    assert np.isclose(made.values["x/emitted.last.unit"].array, largest / 127)
    call = made.graph.population("x").encoding
    assert (call.kind, call["bits"]) == ("codes", 8)
    assert np.isclose(call["sd"], 0.1 * largest / 127)


def test_of_many_numbers_a_few_may_be_clipped() -> None:
    values = np.full((2000, 3), 0.6)
    values[0, 0] = 100.0
    model = draw_model(compiled_text(NET).graph, 0)
    found = {m: seen(model, samples(values), m, 4).sent["x"] for m in ("minmax", "percentile")}
    assert np.isclose(found["minmax"], 995.0)
    assert np.isclose(found["percentile"], 1.0)


def test_states_of_neurons_with_products() -> None:
    text = NET.replace("output y[1] : lif", "population y[1] : izhikevich\n  output o[1] : lif")
    text = text.replace("z -> y : dense", "z -> y : dense\n  y -> o : dense")
    model = draw_model(compiled_text(text).graph, 0)
    few, more, again = (seen(model, samples(np.full((n, 3), 0.5)), "minmax", 8) for n in (1, 9, 9))
    assert few.states.keys() == {("y", "v"), ("y", "u"), ("y", "old.v")}
    assert more == again
    assert all(few.states[name] <= size for name, size in more.states.items())
    assert 60 < few.states["y", "v"] < 200


def test_without_samples_it_is_what_values_up_to_one_give() -> None:
    model = run_model_passes(draw_model(compiled_text(NET).graph, 0))
    made = run_model_passes(model, (Quantize(Precision(input_bits=4)),))
    assert np.isclose(made.values["x/emitted.last.unit"].array, 5.0 / 7)


def test_states_that_grow_without_end_have_no_range() -> None:
    growing = """neuron grows {
      state v: mV = 1 mV
      on input { v = v + i }
      dv/dt = v * v * v / 1 mV / 1 mV / 1 ms
      spike when v > 1e30 mV
    }
    """
    net = NET.replace("output y[1] : lif", "output y[1] : grows").replace("5 ms", "40 ms")
    model = draw_model(compiled_text(growing + net).graph, 0)
    found = refused("E053", seen, model, samples(np.full((1, 3), 1.0)), "minmax", 8)
    assert "`v` of `y` is no finite number" in found.message
    assert "bound it" in (found.help or "")
