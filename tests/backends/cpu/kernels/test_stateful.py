"""Synapses with states on the processor, bit for bit those of the reference in single precision."""

from __future__ import annotations

import numpy as np
import pytest
from backend_cases import samples_with
from kernel_flags import FORWARD
from synapse_cases import network, probes_of

from snncc.backends.cpu.simulator import CpuSimulator
from snncc.backends.reference.simulator import ReferenceSimulator
from snncc.ir.running import all_of

pytestmark = FORWARD

ENGINES = ["interpreted", pytest.param("compiled", marks=pytest.mark.slow)]


@pytest.mark.parametrize("kernels", ENGINES, indirect=True)
def test_every_spike_and_every_state(kernels):
    model = network()
    samples = samples_with(np.random.default_rng(1).random((2, 12)).astype(np.float32))
    probes = (*all_of(model.graph, True), *probes_of(model, 7))
    probes = tuple(p for p in probes if not p.of_synapses or p.end)
    engine = CpuSimulator(model, 2, kernels)
    found = engine.record(samples, probes)
    wanted = ReferenceSimulator(model, np.float32).record(samples, probes)
    for probe, one, other in zip(probes, found, wanted, strict=True):
        assert one.shape == other.shape, probe
        np.testing.assert_array_equal(one, other, err_msg=str(probe))
    held = [array for probe, array in zip(probes, found, strict=True) if probe.of_synapses]
    assert sum(len(np.unique(array)) > 2 for array in held) > len(held) / 2
    assert np.array_equal(engine.run(samples).counts, engine.run(samples).counts)


@pytest.mark.parametrize("kernels", ENGINES, indirect=True)
def test_a_sample_begins_anew(kernels):
    model = network()
    values = np.random.default_rng(2).random((1, 12)).astype(np.float32)
    once, twice = samples_with(values), samples_with(np.repeat(values, 2, axis=0))
    twice.ids[:] = once.ids[0]
    engine, probes = CpuSimulator(model, 1, kernels), probes_of(model)
    for one, two in zip(engine.record(once, probes), engine.record(twice, probes), strict=True):
        np.testing.assert_array_equal(one[0], two[0])
        np.testing.assert_array_equal(one[0], two[1])
