"""Networks of integers on a device: the bits of the reference, spikes and states."""

from __future__ import annotations

import numpy as np
import pytest
from devices import with_threads, without_simulator
from integer_cases import STEPS, drawn_integers, drawn_samples

from snncc.backends.compiled.text.step import state_places
from snncc.backends.cuda.simulator import CudaSimulator
from snncc.backends.reference.simulator import ReferenceSimulator
from snncc.backends.trainers.cuda_kernels import emit


def check(seed: int, device, folder, most: int = 100) -> int:
    """The device does the same as the reference; how many spikes there were."""
    model, samples = drawn_integers(seed), drawn_samples(seed).part(0, most)
    wanted = ReferenceSimulator(model, np.float64).trace(samples, True)
    simulator = CudaSimulator(model, None, folder, device)
    found = simulator.trace(samples, False)
    for name, spikes in wanted.spikes.items():
        assert (found.spikes[name] == spikes).all(), (seed, name)
    for sample in range(len(samples.ids)):
        after = simulator.states_after(samples.only(sample), STEPS)
        for k, population in enumerate(simulator.graph.populations):
            own = slice(*simulator.plan.neurons[k : k + 2])
            places = state_places(population.step) if population.step else {}
            for state, (kind, row) in places.items():
                codes = wanted.states[population.name][state][-1, sample]
                assert (after[kind][row, own] == codes).all(), (seed, population.name, state)
    outcome = simulator.run(samples)
    output = next(p.name for p in model.graph.populations if p.role == "output")
    assert (outcome.counts == wanted.spikes[output].sum(axis=0)).all()
    return int(sum(s.sum() for name, s in wanted.spikes.items() if name != "x"))


@with_threads
def test_a_drawn_network(device, tmp_path):
    assert check(2, device, tmp_path, most=1) > 5


def test_drawn_networks(device, tmp_path):
    assert sum(check(seed, device, tmp_path) for seed in range(3)) > 20


@pytest.mark.slow
@without_simulator
def test_more_drawn_networks(device, tmp_path):
    assert sum(check(seed, device, tmp_path) for seed in range(3, 23)) > 400


@pytest.mark.slow
def test_they_compile_to_ptx(tmp_path):
    """Sums of codes are integers: no float is added where they are delivered and decay."""
    emission = emit(drawn_integers(0), None, "sm_80", tmp_path)
    (ptx,) = (content.decode() for name, content in emission.members.items() if "ptx" in name)
    assert ".entry run" in ptx
    assert not [word for word in ("add.f32", "fma.rn.f32") if word in ptx]
