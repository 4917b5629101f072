"""The compiled network against the reference, spike for spike."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from drawn_networks import COUNTING, DYADIC, ECHO, PLANES, TRANSCENDENT, drawn_networks

from snncc.backends.cpu.simulator import CpuSimulator
from snncc.frontend.program import load_program
from snncc.ir.diagnostics import CompileError
from snncc.ir.graph import Graph
from snncc.ir.model import draw_model
from snncc.ir.passes.pipeline import run_pipeline
from snncc.ir.verify import GraphError

COMPILED = pytest.mark.parametrize(
    "kernels", [pytest.param("compiled", marks=pytest.mark.slow)], indirect=True
)
INTERPRETED = pytest.mark.parametrize("kernels", ["interpreted"], indirect=True)
ROOT = Path(__file__).parents[3]
SEED = 3


@COMPILED
@drawn_networks(40)
def test_any_network_fires_like_the_reference(compare, samples_of, on_grid, drawn):
    graph = run_pipeline(drawn.graph)
    compare(on_grid(graph, drawn.seed), samples_of(drawn.values)).agree()


@INTERPRETED
@drawn_networks(3)
def test_few_networks_fire_like_the_reference(compare, samples_of, on_grid, drawn):
    graph = run_pipeline(drawn.graph)
    compare(on_grid(graph, drawn.seed), samples_of(drawn.values)).agree()


@pytest.mark.parametrize("text", [DYADIC, COUNTING])
def test_exact_networks_fire_like_the_float64_reference(
    compiled, compare, samples_of, on_grid, text
):
    graph = compiled(text).graph
    steps = 10 if text is DYADIC else 40
    values = np.random.default_rng(1).random((3, steps, 12)) < 0.3
    found = compare(on_grid(graph, 5), samples_of(values.astype(np.uint8)))
    found.agree()
    assert found.exact
    bounds = np.cumsum([p.neurons for p in graph.populations])[:-1]
    assert all(part.any() for part in np.split(found.compiled, bounds, axis=2))


def test_what_comes_from_other_blocks_is_added_first(compiled, compare, samples_of):
    """(2^24 - 2^24) + 1 is 1 in single precision, (1 + 2^24) - 2^24 is 0."""
    graph = compiled(ECHO).graph
    weights = {"h->h": np.ones(1, np.float32), "x->h": np.float32([1, 2**24, -(2**24)])}
    values = np.array([[[1, 0, 0], [0, 1, 1], [0, 0, 0]]], np.uint8)
    found = compare(draw_model(graph, SEED, weights), samples_of(values))
    found.agree()
    assert found.compiled[:, 0, 3].tolist() == [True, True, True]


@pytest.mark.parametrize(
    ("stride", "padding", "step", "delay"), [(1, 0, 2, 0), (2, 1, 1, 1), (1, 2, 3, 2)]
)
def test_planes(compiled, compare, samples_of, on_grid, stride, padding, step, delay):
    graph = compiled(PLANES.format(stride=stride, padding=padding, step=step, delay=delay)).graph
    values = np.random.default_rng(2).integers(0, 2, (2, 72)).astype(np.float32) / np.float32(2)
    found = compare(on_grid(graph, 7, -0.5, 2.0), samples_of(values))
    found.agree()
    assert found.compiled[:, :, -3:].any()


def test_every_function_in_a_neuron(compiled, compare, samples_of, on_grid):
    """The functions' last bits may differ, so the seed is one where none decides."""
    graph = compiled(TRANSCENDENT).graph
    values = np.full((1, 10), 0.2, np.float32)
    found = compare(on_grid(graph, 11, -1.0, 1.5), samples_of(values))
    found.agree()
    assert 20 < found.compiled[:, :, 10:].sum() < 900


@COMPILED
def test_user_defined_neuron_in_a_ring_with_delays(compare, samples_of, on_grid):
    graph = run_pipeline(load_program(ROOT / "examples/alif_ring.snn").graph)
    model = on_grid(graph, 2, 0.5, 9.0)
    values = np.zeros((2, 48), np.float32)
    values[0, :6], values[1, 20:40:4] = 0.3, 0.2
    found = compare(model, samples_of(values))
    found.agree()
    cells = found.compiled[:, :, 48:96]
    assert cells[:, 0].any(axis=0).sum() > 12, "activity leaves the kicked neurons"
    delays = {p.delay for p in graph.projections if p.pre == p.post}
    assert delays == {2, 7}


@pytest.fixture(scope="module")
def chain(compiled):
    return compiled(DYADIC.replace("spikes(duration = 10 ms)", "poisson(duration = 20 ms)")).graph


def test_threads_and_samples_beside_change_nothing(chain, kernels, samples_of, on_grid):
    values = np.random.default_rng(3).random((4, 12)).astype(np.float32)
    samples, model = samples_of(values), on_grid(chain, 5)
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


def test_ids_and_seed_key_the_encoding(chain, kernels, samples_of, on_grid):
    values = np.full((2, 12), 0.5, np.float32)
    samples, model = samples_of(values), on_grid(chain, 5)
    simulator = CpuSimulator(model, 1, kernels)
    first, second = simulator.raster(samples, 0), simulator.raster(samples, 1)
    assert not np.array_equal(first[:, :12], second[:, :12])
    again = replace(samples, ids=samples.ids[::-1])
    np.testing.assert_array_equal(simulator.raster(again, 0), second)
    simulator.seed = np.uint64(SEED + 2**40)
    assert not np.array_equal(simulator.raster(samples, 0)[:, :12], first[:, :12])


def test_no_samples(chain, kernels, samples_of, on_grid):
    simulator = CpuSimulator(on_grid(chain, 5), 2, kernels)
    outcome = simulator.run(samples_of(np.zeros((0, 12), np.float32)))
    assert outcome.counts.shape == (0, 5)
    assert outcome.predictions.shape == (0,)
    assert not outcome.activity.any()


def codes(error):
    return [d.code for d in error.value.diagnostics]


@pytest.mark.parametrize("shape", [(2, 11), (2, 13), (2, 20, 12)])
def test_samples_that_do_not_fit(chain, kernels, samples_of, on_grid, shape):
    simulator = CpuSimulator(on_grid(chain, 5), 1, kernels)
    with pytest.raises(CompileError) as error:
        simulator.run(samples_of(np.zeros(shape, np.float32)))
    assert codes(error) == ["E062"]


def test_spike_trains_that_do_not_fit(compiled, kernels, samples_of, on_grid):
    graph = compiled(DYADIC).graph
    simulator = CpuSimulator(on_grid(graph, 5), 1, kernels)
    for shape in [(1, 12), (1, 9, 12), (1, 10, 13)]:
        with pytest.raises(CompileError) as error:
            simulator.run(samples_of(np.zeros(shape, np.uint8)))
        assert codes(error) == ["E062"]


def test_weights_that_do_not_fit(chain, kernels, on_grid):
    model = on_grid(chain, 5)
    flipped = model.with_weights({"x->a": np.zeros((9, 12), np.float32)})
    for wrong in (replace(model, values={}), flipped):
        with pytest.raises(GraphError, match="x->a"):
            CpuSimulator(wrong, 1, kernels)
    wide = model.with_weights({"x->a": np.zeros((12, 9))})
    with pytest.raises(CompileError) as error:
        CpuSimulator(wide, 1, kernels)
    assert codes(error) == ["E071"]
    assert "`weights/x->a` is f64" in error.value.diagnostics[0].message


def test_steps_and_graph(chain, kernels, on_grid):
    simulator = CpuSimulator(on_grid(chain, 5), None, kernels)
    assert simulator.steps == 20
    assert isinstance(simulator.graph, Graph)
    assert simulator.threads >= 1
