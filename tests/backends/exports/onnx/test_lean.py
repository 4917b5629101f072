"""Resets that nobody sees."""

from __future__ import annotations

import pytest

pytest.importorskip("onnx", reason="pip install onnx")

from compiled_texts import compiled_text

from snncc.backends.exports.onnx.lean import lean
from snncc.ir.integers.precision import Precision
from snncc.ir.model import draw_model
from snncc.ir.passes.pipeline import run_model_passes
from snncc.ir.passes.quantize import Quantize

NET = """
neuron own {
  param pause: ms = 2 ms
  state v: mV = 0 mV
  state w: mV = 0 mV
  on input { v = v + i }
  dv/dt = -v / 9 ms - w / 9 ms
  dw/dt = -w / 9 ms
  spike when v > 1 mV
  on spike { v = 0 mV }
  refractory pause { v = 0 mV }
}
network n {
  dt = 1 ms
  input x[3] encode spikes(duration = 9 ms)
  output y[2] : own
  x -> y : dense
}
"""


def resets(old="v = 0 mV }\n}", new="v = 0 mV }\n}", cell="own"):
    """The states that a spike still resets."""
    text = NET.replace(old, new).replace(": own", f": {cell}")
    assert old in NET
    model = run_model_passes(draw_model(compiled_text(text).graph, 0))
    (population,) = (
        p
        for p in run_model_passes(model, (Quantize(Precision(guard=4)),)).graph.populations
        if p.step is not None
    )
    return [assign.target for assign in lean(population).step.reset]


def test_what_is_held_at_once_needs_no_reset():
    assert resets() == []
    assert resets(cell="lif") == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("pause: ms = 2 ms", "pause: ms = 0 ms"),  # nothing is held
        ("on spike { v = 0 mV }", "on spike { v = -1 mV }"),  # at another number
        ("on spike { v = 0 mV }", "on spike { v = v - 1 mV }"),
        ("dw/dt = -w / 9 ms", "dw/dt = (v - w) / 9 ms"),  # the other state reads it
        ("refractory pause { v = 0 mV }", "refractory pause { w = 0 mV }"),
    ],
)
def test_what_is_seen_is_kept(old, new):
    assert resets(old, new) == ["v"]
