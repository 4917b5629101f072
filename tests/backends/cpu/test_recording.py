"""What probes see in one pass is what a network that is presented again and again has held."""

from __future__ import annotations

import numpy as np
import pytest
from backend_cases import grid_model, samples_with
from compiled_texts import compiled_text
from drawn_networks import COUNTING, DYADIC
from kernel_flags import FORWARD

from snncc.backends.compiled.recording import traced
from snncc.backends.cpu.simulator import CpuSimulator
from snncc.backends.trace import Trace, seen_of, steps_seen
from snncc.ir.running import SPIKES, Probe, all_of

pytestmark = FORWARD

STEPS = 10
ENGINES = ["interpreted", pytest.param("compiled", marks=pytest.mark.slow)]


@pytest.mark.parametrize("kernels", ENGINES, indirect=True)
@pytest.mark.parametrize("text", [DYADIC, COUNTING.replace("40 ms", "10 ms")])
def test_some_neurons_every_few_steps(text, kernels):
    model = grid_model(compiled_text(text).graph, 5)
    samples = samples_with(np.random.default_rng(1).random((3, STEPS, 12)) < 0.3)
    simulator = CpuSimulator(model, 2, kernels)
    whole = all_of(model.graph, has_states=True)
    some = [
        Probe(p.what, p.population, 1, max(2, p.end - 1), 1 if p.what == SPIKES else 3)
        for p in whole
        if p.end > 1
    ]
    probes = (*whole, *some)
    found = simulator.record(samples, probes)
    trace = traced(simulator, samples, has_states=True)
    for probe, array in zip(probes, found, strict=True):
        wanted = seen_of(trace, probe)
        assert array.dtype == wanted.dtype
        np.testing.assert_array_equal(array, wanted)
    assert any(len(array) for array in found[len(whole) :])
    assert len(steps_seen(some[-1], STEPS)) == found[-1].shape[1] == 3


def test_several_spikes_of_a_step_are_a_row_each():
    spikes = np.zeros((2, 1, 3), np.uint8)
    spikes[1, 0, 2] = 3
    found = seen_of(Trace({"y": spikes}, {}), Probe(SPIKES, "y", 1, 3))
    assert found.tolist() == [[0, 1, 2]] * 3
