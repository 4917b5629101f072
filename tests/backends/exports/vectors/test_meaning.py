"""What numbers that stand still in a neuron are for."""

import json

import numpy as np
import pytest
from compiled_texts import compiled_text

from snncc.backends.exports.vectors.folder import vector_files
from snncc.backends.exports.vectors.meaning import meaning_of
from snncc.backends.reference.network import simulate
from snncc.backends.trace import Trace
from snncc.ir.integers.precision import Precision
from snncc.ir.model import draw_model
from snncc.ir.passes.pipeline import run_model_passes
from snncc.ir.passes.quantize import Quantize

NET = """
network n {
  dt = 1 ms
  input x[3] encode spikes(duration = 9 ms)
  output y[2] : lif(v_th = 5 mV)
  x -> y : dense(init = expression(1 + i + 3 * j))
}
"""


def model(**asked):
    floats = run_model_passes(draw_model(compiled_text(NET).graph, 0))
    return run_model_passes(floats, (Quantize(Precision(**asked)),))


@pytest.mark.parametrize("below", ["clip", "reset", "subtract"])
def test_thresholds_and_floors(below):
    """Neurons of units of their own have codes of their own."""
    step = model(floor=-2.0, below=below).graph.population("y").step
    found = [meaning_of(step, s) for s in step.states if s.name in step.still]
    assert sorted(found[:2]) == [("floor", "v"), ("threshold", "v")]


def test_a_threshold_is_worth_what_the_program_says():
    made = model()
    spikes = np.ones((9, 1, 3), bool)
    trace = simulate(made, {"x": spikes}, record=True)
    files = vector_files(made, "d", Trace(trace.spikes, trace.history), None)
    parts = {p["folder"]: p for p in json.loads(files["manifest.json"])["parts"]}
    (constant,) = parts["4_net"]["constants"]
    assert (constant["role"], constant["of"], constant["unit"]) == ("threshold", "v", "mV")
    worth = np.array(constant["start"]) * np.array(constant["lsb"])
    assert np.allclose(worth, 5.0, atol=0.01)
    assert "the threshold of `v` of `y` stands still at" in files["README.md"].decode()
