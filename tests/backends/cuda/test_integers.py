"""Networks of integers on a device: the bits of the reference, spikes and states."""

from __future__ import annotations

import numpy as np
import pytest
from devices import with_threads, without_simulator
from integer_cases import DRAWN, STEPS, check_outcome, drawn_integers
from refusal import refused

from snncc.backends.compiled.text.step import state_places
from snncc.backends.cuda.simulator import CudaSimulator
from snncc.backends.reference.simulator import ReferenceSimulator
from snncc.backends.trainers.cuda_kernels import emit

CLOCKED = [kind for kind in DRAWN if kind != "firing"]


def check(seed: int, device, folder, kind: str = "spikes", most: int = 100) -> int:
    """The device does the same as the reference; how many spikes there were."""
    draw, sample = DRAWN[kind]
    model, samples = draw(seed), sample(seed).part(0, most)
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
    return check_outcome(simulator, model, samples, wanted.spikes)


@with_threads
def test_a_drawn_network(device, tmp_path):
    assert check(2, device, tmp_path, most=1) > 5


@pytest.mark.parametrize("kind", CLOCKED)
def test_drawn_networks(device, tmp_path, kind):
    assert sum(check(seed, device, tmp_path, kind) for seed in range(3)) > 0


@pytest.mark.slow
@without_simulator
@pytest.mark.parametrize("kind", CLOCKED)
def test_more_drawn_networks(device, tmp_path, kind):
    assert sum(check(seed, device, tmp_path, kind) for seed in range(3, 16)) > 20


@without_simulator
@pytest.mark.parametrize("kind", ["each", "firing"])
def test_what_it_does_not_do_is_refused(device, tmp_path, kind):
    model = drawn_integers(0, "each") if kind == "each" else DRAWN[kind][0](0)
    refused("E075", CudaSimulator, model, None, tmp_path, device)


@pytest.mark.slow
def test_they_compile_to_ptx(tmp_path):
    """Sums of codes are integers: no float is added where they are delivered and decay."""
    emission = emit(drawn_integers(0), None, "sm_80", tmp_path)
    (ptx,) = (content.decode() for name, content in emission.members.items() if "ptx" in name)
    assert ".entry run" in ptx
    assert not [word for word in ("add.f32", "fma.rn.f32") if word in ptx]
