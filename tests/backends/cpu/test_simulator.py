"""The compiled network against the reference, spike for spike."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from backend_cases import grid_model, samples_with
from compiled_texts import compiled_text
from drawn_networks import COUNTING, DYADIC, LATE, REPEATED, SOURCED, drawn_networks
from kernel_flags import FORWARD
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

from snncc.backends.cpu.simulator import CpuSimulator
from snncc.frontend.program import load_program
from snncc.ir.graph import Graph
from snncc.ir.passes.pipeline import run_pipeline
from snncc.ir.verify import GraphError

pytestmark = FORWARD

COMPILED = pytest.mark.parametrize(
    "kernels", [pytest.param("compiled", marks=pytest.mark.slow)], indirect=True
)
INTERPRETED = pytest.mark.parametrize("kernels", ["interpreted"], indirect=True)
ROOT = Path(__file__).parents[3]
SEED = 3


@COMPILED
@drawn_networks(40)
def test_any_network_fires_like_the_reference(compare, drawn):
    check_drawn(compare, drawn)


@INTERPRETED
@drawn_networks(3)
def test_few_networks_fire_like_the_reference(compare, drawn):
    check_drawn(compare, drawn)


@pytest.mark.parametrize("text", [DYADIC, COUNTING, REPEATED, LATE, SOURCED])
def test_exact_networks_fire_like_the_float64_reference(compare, text):
    check_exact(compare, text)


def test_noise_is_that_of_the_reference(compare):
    check_noise(compare)


def test_populations_that_send_numbers(compare):
    check_graded(compare)


@COMPILED
def test_an_input_that_sends_numbers_to_nobody(compare):
    check_unheard(compare)


def test_what_comes_from_other_blocks_is_added_first(compare):
    check_order(compare)


@pytest.mark.parametrize(
    ("stride", "padding", "step", "delay"), [(1, 0, 2, 0), (2, 1, 1, 1), (1, 2, 3, 2)]
)
def test_planes(compare, stride, padding, step, delay):
    check_planes(compare, 2, stride=stride, padding=padding, step=step, delay=delay)


def test_a_state_that_is_lost_is_told(kernels):
    check_lost(CpuSimulator(lossy_model(), 2, kernels))
    check_doubtful(lambda model: CpuSimulator(model, 2, kernels))


@pytest.mark.parametrize("readout", ["li", "li_max", "li_mean"])
def test_scores(kernels, readout):
    check_scores(lambda model: CpuSimulator(model, 2, kernels), readout)


def test_first_spikes(kernels):
    check_first(lambda model: CpuSimulator(model, 2, kernels))


def test_sums_of_pscs(kernels):
    check_sums(lambda model: CpuSimulator(model, 2, kernels))


def test_every_method(compare):
    check_methods(compare)


def test_every_function_in_a_neuron(compare):
    check_functions(compare)


@COMPILED
def test_user_defined_neuron_in_a_ring_with_delays(compare):
    graph = run_pipeline(load_program(ROOT / "examples/alif_ring.snn").graph)
    model = grid_model(graph, 2, 0.5, 9.0)
    values = np.zeros((2, 48), np.float32)
    values[0, :6], values[1, 20:40:4] = 0.3, 0.2
    found = compare(model, samples_with(values))
    found.agree()
    cells = found.compiled[:, :, 48:96]
    assert cells[:, 0].any(axis=0).sum() > 12, "activity leaves the kicked neurons"
    delays = {p.delay for p in graph.projections if p.pre == p.post}
    assert delays == {2, 7}


@pytest.fixture(scope="module")
def chain():
    return compiled_text(
        DYADIC.replace("spikes(duration = 10 ms)", "poisson(duration = 20 ms)")
    ).graph


def test_threads_and_samples_beside_change_nothing(chain, kernels):
    values = np.random.default_rng(3).random((4, 12)).astype(np.float32)
    samples, model = samples_with(values), grid_model(chain, 5)
    one, two = (CpuSimulator(model, n, kernels) for n in (1, 2))
    alone = [one.raster(samples, k) for k in range(4)]
    for simulator, _ in product((one, two), range(2)):
        outcome = simulator.run(samples)
        np.testing.assert_array_equal(outcome.counts, [r[:, -5:].sum(axis=0) for r in alone])
        np.testing.assert_array_equal(outcome.activity, np.sum(alone, axis=(0, 1)))
        np.testing.assert_array_equal(outcome.predictions, outcome.counts.argmax(axis=1))
        assert not outcome.cost.any()
    assert alone[0].any()
    assert not np.array_equal(alone[0], alone[1])


def test_ids_and_seed_key_the_encoding(chain, kernels):
    values = np.full((2, 12), 0.5, np.float32)
    samples, model = samples_with(values), grid_model(chain, 5)
    simulator = CpuSimulator(model, 1, kernels)
    first, second = simulator.raster(samples, 0), simulator.raster(samples, 1)
    assert not np.array_equal(first[:, :12], second[:, :12])
    again = replace(samples, ids=samples.ids[::-1])
    np.testing.assert_array_equal(simulator.raster(again, 0), second)
    simulator.seed = np.uint64(SEED + 2**40)
    assert not np.array_equal(simulator.raster(samples, 0)[:, :12], first[:, :12])


def test_no_samples(chain, kernels):
    simulator = CpuSimulator(grid_model(chain, 5), 2, kernels)
    outcome = simulator.run(samples_with(np.zeros((0, 12), np.float32)))
    assert outcome.counts.shape == (0, 5)
    assert outcome.predictions.shape == (0,)
    assert not outcome.activity.any()


@pytest.mark.parametrize("shape", [(2, 11), (2, 13), (2, 20, 12)])
def test_samples_that_do_not_fit(chain, kernels, shape):
    simulator = CpuSimulator(grid_model(chain, 5), 1, kernels)
    refused("E062", simulator.run, samples_with(np.zeros(shape, np.float32)))


def test_spike_trains_that_do_not_fit(kernels):
    graph = compiled_text(DYADIC).graph
    simulator = CpuSimulator(grid_model(graph, 5), 1, kernels)
    for shape in [(1, 12), (1, 9, 12), (1, 10, 13)]:
        refused("E062", simulator.run, samples_with(np.zeros(shape, np.uint8)))


def test_weights_that_do_not_fit(chain, kernels):
    model = grid_model(chain, 5)
    flipped = model.with_weights({"x->a": np.zeros((9, 12), np.float32)})
    for wrong in (replace(model, values={}), flipped):
        with pytest.raises(GraphError, match="x->a"):
            CpuSimulator(wrong, 1, kernels)
    wide = model.with_weights({"x->a": np.zeros((12, 9))})
    assert "`weights/x->a` is f64" in refused("E071", CpuSimulator, wide, 1, kernels).message


def test_steps_and_graph(chain, kernels):
    simulator = CpuSimulator(grid_model(chain, 5), None, kernels)
    assert simulator.steps == 20
    assert isinstance(simulator.graph, Graph)
    assert simulator.threads >= 1
