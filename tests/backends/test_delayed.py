"""Synapses with delays of their own, which the processor's engine brings by a ring of steps: the
same as of the reference, from outside and inside of loops, to several ports, in any sample."""

from __future__ import annotations

import numpy as np
import pytest
from backend_cases import samples_with
from compiled_texts import compiled_text
from kernel_flags import FORWARD

from snncc.backends.cpu.simulator import CpuSimulator
from snncc.backends.reference.simulator import ReferenceSimulator
from snncc.ir.model import draw_model
from snncc.ir.running import all_of

pytestmark = FORWARD
# Weights are whole numbers of halves: float32 has all sums, in whatever order.
CELL = """
neuron cell {
  param v_th: mV = 5 mV
  input a: mV
  input b: mV
  state v: mV = 0 mV
  state w: mV = 0 mV
  on input { v = v + a  w = w + b }
  spike when v + w > v_th
  on spike { v = 0 mV  w = w - 1 mV }
}
"""
AHEAD = f"""{CELL}
network n {{
  dt = 1 ms
  input x[8] encode spikes(duration = 130 ms)
  population e[9] : cell
  output y[3] : cell(v_th = 2 mV)
  x -> e.a : dense(weight = 0.5 * (i % 3))  delay uniform(LOW, HIGH)
  x -> e.b : fixed_fan_in(k = 3, multapses = true, weight = 0.5)  delay normal(30 ms, 20 ms)
  x -> e.a : sparse(p = 0.5, weight = 1)  delay 2 ms
  e -> y.b : dense(weight = 0.5)  delay uniform(1 ms, 60 ms)
}}
"""
LOOP = AHEAD.replace(
    "  e -> y.b",
    """  e -> e.b : dense(weight = -0.5)  delay uniform(2 ms, 12 ms)
  e[0..4] -> e[3..9].a : dense(weight = 0.5)  delay normal(5 ms, 3 ms)
  e -> e.a : dense(weight = 0.5)  delay 1 ms
  e -> y.b""",
)


@pytest.mark.parametrize("text", [AHEAD, LOOP], ids=["ahead", "loop"])
@pytest.mark.parametrize(("low", "high"), [("1 ms", "3 ms"), ("1 ms", "200 ms")])
def test_as_the_reference(kernels, text, low, high):
    model = draw_model(compiled_text(text.replace("LOW", low).replace("HIGH", high)).graph, 3)
    samples = samples_with(np.random.default_rng(1).random((3, 130, 8)) < 0.2)
    simulator = CpuSimulator(model, 1, kernels)
    assert (simulator.plan.late >= 0).sum() == sum(
        p.delays is not None for p in model.graph.projections
    )
    for has_states in (False, True):
        probes = all_of(model.graph, has_states)
        found = simulator.record(samples, probes)
        wanted = ReferenceSimulator(model, np.float32).record(samples, probes)
        for one, other, probe in zip(found, wanted, probes, strict=True):
            np.testing.assert_array_equal(one, other, str(probe))
    assert all(len(one) > 20 for one in found[:3])


def test_what_a_sample_leaves_to_come_is_gone_in_the_next(kernels):
    model = draw_model(compiled_text(AHEAD.replace("LOW", "1 ms").replace("HIGH", "9 ms")).graph, 3)
    trains = np.zeros((2, 130, 8), np.bool_)
    trains[0, 125:] = True  # of which most arrives after the end
    found = CpuSimulator(model, 1, kernels).trace(samples_with(trains), False).spikes
    assert not found["e"][:, 1].any()
