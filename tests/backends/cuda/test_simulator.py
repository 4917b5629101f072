"""The kernels on a device against the reference, spike for spike."""

from __future__ import annotations

import numpy as np
import pytest
from backend_cases import compare_with_reference, grid_model, samples_with
from compiled_texts import compiled_text
from devices import with_threads, without_simulator
from drawn_networks import COUNTING, DYADIC, LATE, PLANES, REPEATED, SOURCED, drawn_networks
from refusal import refused
from simulator_cases import (
    check_doubtful,
    check_drawn,
    check_exact,
    check_first,
    check_functions,
    check_graded,
    check_lost,
    check_methods,
    check_noise,
    check_order,
    check_planes,
    check_scores,
    check_sums,
    check_unheard,
    lossy_model,
)

from snncc.backends.cuda.simulator import CudaSimulator, Reserve


@pytest.fixture(scope="module")
def simulator(device, tmp_path_factory):
    """simulator(model): the model on the device."""

    def make(model):
        return CudaSimulator(model, None, tmp_path_factory.mktemp("k"), device)

    return make


@pytest.fixture(scope="module")
def compare(simulator):
    def run(model, samples):
        return compare_with_reference(simulator(model), model, samples)

    return run


@drawn_networks(6)
def test_any_network_fires_like_the_reference(compare, drawn):
    check_drawn(compare, drawn)


@with_threads
@pytest.mark.parametrize(
    "text",
    [DYADIC, COUNTING, REPEATED, LATE, SOURCED],
    ids=["dyadic", "counting", "repeated", "late", "sourced"],
)
def test_exact_networks_fire_like_the_float64_reference(compare, text):
    check_exact(compare, text)


@pytest.mark.parametrize("text", [DYADIC, PLANES.format(stride=2, padding=1, step=1, delay=1)])
def test_numbers_of_an_input_are_brought_in_every_step(compare, text):
    """Through projections of every kind; the sums are those of the reference, bit for bit."""
    head, _, rest = text.partition("encode ")
    text = f"{head}encode current(duration = 12 ms, mean = 0.25, sd = 0.5) {rest.partition(')')[2]}"
    graph = compiled_text(text).graph
    inputs = sum(p.neurons for p in graph.populations if p.role == "input")
    values = np.random.default_rng(2).integers(0, 9, (2, inputs)).astype(np.float32) / 8
    found = compare(grid_model(graph, 5), samples_with(values))
    found.agree()
    assert found.compiled[:, :, inputs:].any()
    assert not found.compiled[:, :, :inputs].any()


@with_threads
def test_noise_is_that_of_the_reference(compare):
    check_noise(compare)


@with_threads
def test_populations_that_send_numbers(compare):
    check_graded(compare)


def test_an_input_that_sends_numbers_to_nobody(compare):
    check_unheard(compare)


@with_threads
def test_what_comes_from_other_blocks_is_added_first(compare):
    check_order(compare)


def test_a_state_that_is_lost_is_told(simulator):
    check_lost(simulator(lossy_model()))
    check_doubtful(simulator)


@pytest.mark.parametrize("readout", ["li", "li_max", "li_mean"])
def test_scores(simulator, readout):
    check_scores(simulator, readout)


def test_first_spikes(simulator):
    check_first(simulator)


def test_sums_of_pscs(simulator):
    check_sums(simulator)


@with_threads
def test_planes(compare):
    check_planes(compare, 1, stride=2, padding=1, step=1, delay=1)


def test_every_method(compare):
    check_methods(compare)


def test_every_function_in_a_neuron(compare):
    check_functions(compare)


WIDE = """
network n {
  dt = 1 ms
  input x[70] encode poisson(duration = 9 ms, rate = 300 Hz)
  population a[45] : lif(tau_mem = 4 ms, tau_syn = 2 ms, v_th = 1 mV, refractory = 1 ms)
  output y[40] : lif(tau_mem = 4 ms, tau_syn = 2 ms, v_th = 2 mV, refractory = 0 ms)
  x -> a : dense
  a -> y : dense
  y -> a : sparse(p = 0.2) delay 2 ms
}
"""


@with_threads
def test_populations_wider_than_a_block(compare):
    """More neurons than threads, and spike masks of several words."""
    graph = compiled_text(WIDE).graph
    values = np.random.default_rng(4).random((1, 70)).astype(np.float32)
    found = compare(grid_model(graph, 9), samples_with(values))
    found.agree()
    assert found.compiled[:, :, 70 + 32 : 70 + 45].any()


@without_simulator
def test_thousands_of_steps(compare):
    graph = compiled_text(COUNTING.replace("40 ms", "2000 ms")).graph
    values = np.random.default_rng(1).random((1, 2000, 12)) < 0.1
    found = compare(grid_model(graph, 5), samples_with(values.astype(np.uint8)))
    found.agree()
    assert found.exact
    assert found.compiled[1900:, :, -5:].any()


def test_samples_in_flight_change_nothing(simulator, monkeypatch):
    graph = compiled_text(DYADIC.replace("spikes(", "poisson(")).graph
    model = grid_model(graph, 5)
    samples = samples_with(np.random.default_rng(3).random((5, 12)).astype(np.float32))
    one, several = simulator(model), simulator(model)
    four = several._scratch(4)
    monkeypatch.setattr(several, "_scratch", lambda _: four)
    a, b = one.run(samples), several.run(samples)
    assert four.count.shape[0] < len(samples.ids)
    np.testing.assert_array_equal(a.counts, b.counts)
    np.testing.assert_array_equal(a.activity, b.activity)
    assert a.activity.any()


def test_samples_made_anew_are_those_that_are_presented(simulator):
    """A training that transforms its images brings others with every call; tests come between."""
    graph = compiled_text(DYADIC.replace("spikes(", "bernoulli(")).graph
    model, draw = grid_model(graph, 5), np.random.default_rng(3)
    made = simulator(model)
    pieces = [samples_with(draw.random((2, 12)).astype(np.float32)) for _ in range(3)]
    order = (0, 1, 2, 0)
    found = [made.run(pieces[k]).activity for k in order]
    wanted = [simulator(model).run(pieces[k]).activity for k in order]
    np.testing.assert_array_equal(found, wanted)
    assert len({activity.tobytes() for activity in found}) == 3


def test_no_samples(simulator):
    graph = compiled_text(DYADIC.replace("spikes(", "poisson(")).graph
    outcome = simulator(grid_model(graph, 5)).run(samples_with(np.zeros((0, 12), np.float32)))
    assert outcome.counts.shape == (0, 5)
    assert not outcome.activity.any()


def test_samples_that_do_not_fit(simulator):
    graph = compiled_text(DYADIC).graph
    made = simulator(grid_model(graph, 5))
    refused("E062", made.run, samples_with(np.zeros((1, 9, 12), np.uint8)))


def test_scratch_that_fits_no_device(simulator, monkeypatch):
    graph = compiled_text(DYADIC).graph
    made = simulator(grid_model(graph, 5))
    monkeypatch.setattr(made.device, "free_bytes", lambda: 1000)
    refused("E072", made.run, samples_with(np.zeros((1, 10, 12), np.uint8)))


def test_scratch_is_kept_where_memory_is_short():
    made: list[int] = []

    def build(make, flight):
        make((flight, 100), np.float32)
        made.append(flight)
        return flight

    class Small:
        name, arch = "small", "simulator"

        def free_bytes(self):
            return 1500

        def empty(self, shape, dtype):
            return np.zeros(shape, dtype)

    reserve = Reserve(Small())
    assert reserve.of(8, build) == 3  # 400 bytes each
    built = len(made)
    assert reserve.of(8, build) == 3
    assert reserve.of(2, build) == 3
    assert len(made) == built, "nothing is made anew"
