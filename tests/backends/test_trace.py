"""What happens in every step, from every target, as one file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from backend_cases import grid_model, samples_with
from compiled_texts import compiled_text
from devices import CARD, SIMULATOR_AT_NIGHT
from drawn_networks import COUNTING, DYADIC
from integer_cases import drawn_integers, drawn_samples
from kernel_flags import FORWARD
from simulator_cases import check_doubtful, check_lost, lossy_model

from snncc.backends.cpu.simulator import CpuSimulator
from snncc.backends.cuda.simulator import CudaSimulator
from snncc.backends.reference.simulator import AT_ONCE, ReferenceSimulator, double, single
from snncc.runtime.record import record_of

pytestmark = FORWARD

STEPS = 10
RATES = DYADIC.replace("spikes(duration = 10 ms)", "poisson(duration = 10 ms, rate = 400 Hz)")
COUNTED = COUNTING.replace("40 ms", "10 ms")


# No machine without a card may choose one because the kernels of the processor are compiled.
ENGINES = [
    ("interpreted", "grid"),
    pytest.param("compiled", "grid", marks=pytest.mark.slow),
    pytest.param("interpreted", "simulator", marks=SIMULATOR_AT_NIGHT.marks),
    pytest.param("interpreted", "card", marks=CARD.marks),
]


@pytest.mark.parametrize(("kernels", "device"), ENGINES, indirect=True)
@pytest.mark.parametrize(
    "text",
    [DYADIC, pytest.param(COUNTED, marks=pytest.mark.compiled_at_night), RATES],
    ids=["dyadic", "counting", "rates"],
)
def test_all_targets_record_the_same(text, kernels, device, tmp_path):
    """On networks that are exact in float32; the states too, and the ends of sparse projections."""
    model = grid_model(compiled_text(text).graph, 5)
    values = np.random.default_rng(1).random((3, STEPS, 12)) < 0.3
    given = values[:, 0].astype(np.float32) if text is RATES else values.astype(np.uint8)
    samples = samples_with(given)
    simulators = [
        ReferenceSimulator(model, np.float64),
        CpuSimulator(model, 2, kernels),
        CudaSimulator(model, None, tmp_path, device),
    ]
    wanted, *others = [record_of(model, s.trace(samples, True)) for s in simulators]
    for found in others:
        assert list(found) == list(wanted)
        for name, array in wanted.items():
            assert (array.dtype, array.shape) == (found[name].dtype, found[name].shape), name
            assert array.tobytes() == found[name].tobytes(), name
    assert all(len(wanted[f"spikes/{p.name}"]) for p in model.graph.populations)
    for simulator in simulators:
        for population, states in simulator.states_at(samples.only(1), 4).items():
            for state, values in states.items():
                assert values.tolist() == wanted[f"states/{population}/{state}"][1, 3].tolist()
    without = record_of(model, simulators[1].trace(samples, False))
    assert [n for n in wanted if n not in without] == [n for n in wanted if n.startswith("states")]


def test_states_that_are_codes(kernels):
    """After any step they are those of the trace, and of the reference: whole numbers."""
    model, samples = drawn_integers(3), drawn_samples(3)
    golden = ReferenceSimulator(model, np.float64).trace(samples, True).states
    found = CpuSimulator(model, 1, kernels).states_at(samples.only(1), 17)
    assert found["h0"]
    for name, states in found.items():
        for state, codes in states.items():
            assert codes.dtype.kind == "i"
            assert (codes == golden[name][state][16, 1]).all(), (name, state)
    assert any(np.abs(codes).max() > 1 for codes in found["h0"].values())


def test_the_reference_tells_of_lost_states():
    for make in (double, single):
        check_lost(make(lossy_model(), None, Path()))
        check_doubtful(lambda model, make=make: make(model, None, Path()))


def test_the_reference_presents_a_few_at_a_time():
    model = grid_model(compiled_text(RATES).graph, 5)
    values = np.random.default_rng(2).random((AT_ONCE + 3, 12)).astype(np.float32)
    samples, simulator = samples_with(values), ReferenceSimulator(model, np.float64)
    outcome = simulator.run(samples)
    rasters = [simulator.raster(samples, k) for k in (0, AT_ONCE, AT_ONCE + 2)]
    for k, raster in zip((0, AT_ONCE, AT_ONCE + 2), rasters, strict=True):
        np.testing.assert_array_equal(outcome.counts[k], raster[:, -5:].sum(axis=0))
    assert outcome.activity.shape == (rasters[0].shape[1],)
    assert simulator.run(samples.part(0, 0)).counts.shape == (0, 5)
