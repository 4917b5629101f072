"""The Runge-Kutta step: its order, and what it keeps."""

from __future__ import annotations

import numpy as np
import pytest
from compiled_texts import compiled_text

from snncc.backends.reference.network import simulate
from snncc.ir.model import draw_model

RING = """
neuron ring {{
  state v: mV = 1 mV
  state w: mV = 0 mV
  dv/dt = -w / 1 ms
  dw/dt = v / 1 ms
  emit v
}}
network n {{
  dt = {dt} ms
  input x[1] encode spikes(duration = 8 ms)
  output y[1] : ring method rk4
  x -> y : dense
}}
"""


def error(dt: float) -> float:
    """That of cos(8), by a point that goes around a circle."""
    model = draw_model(compiled_text(RING.format(dt=dt)).graph, 0)
    trace = simulate(model, {"x": np.zeros((round(8 / dt), 1, 1), bool)})
    return abs(float(trace.states["y"]["v"][0, 0]) - np.cos(8.0))


def test_it_is_of_the_fourth_order() -> None:
    assert error(0.125) / error(0.0625) == pytest.approx(16, rel=0.15)


def test_its_slopes_carry_nothing_from_step_to_step() -> None:
    step = compiled_text(RING.format(dt=0.5)).graph.population("y").step
    assert step is not None
    slopes = [f"k{k}.{x}" for k in range(1, 5) for x in "vw"]
    assert [s.name for s in step.states if s.name.startswith("k")] == slopes
    assert [a.target for a in step.integrate] == [*slopes, "v", "w"]
