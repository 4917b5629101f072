"""Networks that are driven by sources: what theory says of them, on every simulator alike."""

from __future__ import annotations

import numpy as np
import pytest
from backend_cases import samples_with
from compiled_texts import compiled_text
from kernel_flags import FORWARD

from snncc import load
from snncc.backends.cpu.simulator import CpuSimulator
from snncc.backends.reference.simulator import ReferenceSimulator
from snncc.ir.model import draw_model
from snncc.ir.running import SPIKES, Probe, all_of

pytestmark = FORWARD
PASSIVE = """
neuron passive {
  param tau: ms = 20 ms
  state v: mV = 0 mV
  on input { v = v + i }
  dv/dt = -v / tau
  spike when v > 1000 mV
}
network n(k: int = 40) {
  dt = 0.1 ms
  method = forward_euler
  source bg[k] : poisson(rate = 8 kHz)
  population e[k] : passive
  bg -> e : one_to_one(weight = 0.1 mV)  delay 0 ms
}
run n { duration 200 ms  record v of e every 1 ms }
"""


def test_a_passive_cell_has_the_variance_that_theory_gives(tmp_path):
    """Campbell: mean w r tau and variance w^2 r tau / 2; a spike or none would give a fifth."""
    program = tmp_path / "passive.snn"
    program.write_text(PASSIVE)
    v = load(program, target="reference").run().states["e"]["v"][0, 80:]
    decay, mean = 1 - 0.1 / 20, 0.8
    variance = 0.01 * decay**2 * mean / (1 - decay**2)
    assert variance == pytest.approx(0.01 * 8 * 20 / 2, rel=0.02)
    size = v.size / 20  # of squares that tell anew: they are alike for tau / 2
    assert abs(v.mean() - 0.1 * decay * mean / (1 - decay)) < 5 * np.sqrt(2 * variance / size)
    assert abs(v.var() / variance - 1) < 5 * np.sqrt(2 / size)


MIXED = """
network n {
  dt = 1 ms
  input x[3] encode spikes(duration = 30 ms)
  source p[9] : poisson(rate = 1.5 kHz)
  source t[2] : times([3 ms, 3 ms, 20 ms])
  population e[9] : lif(v_th = 4 mV)
  output y[2] : lif(v_th = 4 mV)
  x -> e : dense
  p -> e : one_to_one(weight = 1)
  t -> e : dense(weight = 2)
  e -> y : dense
}
"""


def model():
    return draw_model(compiled_text(MIXED).graph, 3)


@pytest.mark.parametrize("threads", [1, 3])
def test_what_is_recorded_is_that_of_the_reference_on_any_number_of_threads(kernels, threads):
    samples = samples_with(np.zeros((4, 30, 3), np.uint8))
    graph = model().graph
    probes = (*all_of(graph, False), Probe(SPIKES, "p", 2, 7), Probe(SPIKES, "t", 0, 2))
    found = CpuSimulator(model(), threads, kernels).record(samples, probes)
    wanted = ReferenceSimulator(model(), np.float32).record(samples, probes)
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(one, other)
    assert len(found[-2]) > 4 * 30 * 5
    assert found[-1][:6].tolist() == [[0, 3, 0]] * 2 + [[0, 3, 1]] * 2 + [[0, 20, 0], [0, 20, 1]]
    assert [probe.population for probe in probes[:-2]] == ["x", "e", "y"]


def test_a_sample_fires_the_same_whatever_is_presented_with_it(kernels):
    samples = samples_with(np.zeros((4, 30, 3), np.uint8))
    simulator = CpuSimulator(model(), 2, kernels)
    whole = simulator.trace(samples, False).spikes
    alone = simulator.trace(samples.only(2), False).spikes
    for name, spikes in whole.items():
        np.testing.assert_array_equal(spikes[:, 2:3], alone[name])
    assert whole["p"].dtype == np.uint8
    assert whole["p"].max() > 1
