"""Small networks of floats, and what they are in integers."""

from __future__ import annotations

from compiled_texts import compiled_text

from snncc.ir.integers.precision import Precision
from snncc.ir.model import Model, draw_model
from snncc.ir.passes.pipeline import run_model_passes
from snncc.ir.passes.quantize import Quantize

NET = """
network n {
  dt = 1 ms
  input x[5] encode spikes(duration = 60 ms)
  population h[4] : CELL
  output y[3] : lif(v_th = 2 mV)
  x -> h : dense(init = uniform(-2, 4))
  h -> y : dense(init = uniform(-2, 4))
}
"""
LIF = "lif(tau_mem = 20 ms, tau_syn = 5 ms, v_th = 3 mV)"
SOFT = """
neuron soft {
  param tau: ms = 10 ms
  param v_th: mV = 1 mV
  state v: mV = 0 mV
  on input { v = v + i }
  dv/dt = -v / tau
  spike when v >= v_th
  on spike { v = v - v_th }
}
"""


def floats(cell: str = LIF, before: str = "") -> Model:
    return run_model_passes(draw_model(compiled_text(before + NET.replace("CELL", cell)).graph, 3))


def integers(model: Model, method: str = "minmax", **asked: object) -> Model:
    return run_model_passes(model, (Quantize(Precision(**asked), method),))
