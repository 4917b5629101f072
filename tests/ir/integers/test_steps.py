"""The neuron that docs/integer.md works out by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from compiled_texts import compiled_text

from snncc.backends.reference.network import simulate
from snncc.ir.expr import apply
from snncc.ir.integers.precision import Precision
from snncc.ir.model import draw_model
from snncc.ir.passes.pipeline import run_model_passes
from snncc.ir.passes.quantize import Quantize

PAGE = Path(__file__).parents[3] / "docs" / "integer.md"
NET = """
network n {
  dt = 1 ms
  input x[2] encode spikes(duration = 3 ms)
  output y[1] : lif(tau_mem = 64 ms, tau_syn = 8 ms, v_th = 20 mV)
  x -> y : dense
}
"""


def test_three_steps_by_hand() -> None:
    floats = draw_model(compiled_text(NET).graph, 0, {"x->y": np.float32([[1.0], [-0.5]])})
    model = run_model_passes(floats, (Quantize(Precision(bits=8, guard=4)),))
    spikes = np.array([[1, 1], [1, 0], [0, 0]], bool)[:, None]
    found = simulate(model, {"x": spikes}, record=True).history["y"]
    exact = simulate(floats, {"x": spikes}, record=True).history["y"]["v"][-1].item()
    page = PAGE.read_text()
    assert found["c"].ravel().tolist() == [1008, 2914, 2549]
    assert found["v"].ravel().tolist() == [1008, 3906, 6393]
    assert model.weights("x->y").ravel().tolist() == [127, -64]
    unit = model.values["y/v.unit"].array.item()
    assert np.isclose(unit, 1 / 1016)
    volts = 6393 / 16 * unit
    for text in (
        *("= 1008 |", "+ 2032 = 2914 |", "+ 2914 = 3906 |", "= 2549 |", "+ 2549 = 6393 |"),
        *(f"1016 = {volts:.4f} mV", f"float64 it is {exact:.4f} mV", "v > 325119"),
    ):
        assert text in page, text
    assert "325119" in repr(model.graph.population("y").step.threshold)


CLIPPED = """
network n {
  dt = 1 ms
  input x[3] encode spikes(duration = 1 ms)
  output y[1] : if(v_th = 100 mV)
  x -> y : dense
}
"""


@pytest.mark.parametrize(
    ("sums", "order", "v"),
    [
        # 100 + 100 + (-127) in a state of 8 bits: the sum, then the clip, or clip after clip.
        ("exact", (100, 100, -127), 73),
        ("each", (100, 100, -127), 127 - 127),
        ("each", (-127, 100, 100), 73),
    ],
)
def test_what_a_port_holds_decides_where_it_saturates(sums, order, v) -> None:
    weights = np.array(order, np.float32)[:, None] / 127
    floats = run_model_passes(draw_model(compiled_text(CLIPPED).graph, 0, {"x->y": weights}))
    model = run_model_passes(floats, (Quantize(Precision(guard=0, sums=sums)),))
    step = model.graph.population("y").step
    (deliver,) = step.deliver
    clipped = replace(deliver, value=apply("saturate", deliver.value, immediate=8))
    populations = tuple(
        p if p.step is None else replace(p, step=replace(step, deliver=(clipped,)))
        for p in model.graph.populations
    )
    model = replace(model, graph=replace(model.graph, populations=populations))
    spikes = np.ones((1, 1, 3), bool)
    assert simulate(model, {"x": spikes}, record=True).history["y"]["v"].item() == v
