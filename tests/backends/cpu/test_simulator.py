"""The compiled network against the reference, spike for spike."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from snncc.backends.cpu.simulator import CpuSimulator
from snncc.frontend.program import compile_text, load_program
from snncc.ir.diagnostics import CompileError, Source
from snncc.ir.graph import Call, Graph, Projection
from snncc.ir.passes.pipeline import run_pipeline

COMPILED = pytest.mark.parametrize(
    "kernels", [pytest.param("compiled", marks=pytest.mark.slow)], indirect=True
)
INTERPRETED = pytest.mark.parametrize("kernels", ["interpreted"], indirect=True)
ROOT = Path(__file__).parents[3]
SEED = 3

# Every drawn network has these populations, so that one compilation of neuron steps serves all.
POOL = """
neuron gate {
  param tau: ms = 2 ms
  param v_th: mV = 3 mV
  param floor: mV = -4 mV
  state v: mV = 0 mV
  state n: 1 = 0
  input up: mV
  input down: mV
  on input {
    v = max(floor, v + min(up, 6 mV) - abs(down))
    n = n + sqrt(n * n)
  }
  dv/dt = -v / tau
  dn/dt = -n / (2 * tau)
  spike when v >= v_th and not (n > 5) or v > 2 * v_th
  on spike {
    v = v - v_th
    n = n + 1
  }
  refractory 1 ms { n = n }
}
network pool {
  dt = 1 ms
  input image[5, 5] encode ENCODING
  input side[6] encode ENCODING
  population plain[7] : lif(tau_mem = 4 ms, tau_syn = 2 ms, v_th = 1.5 mV, refractory = 2 ms)
  population quick[5] : lif(tau_mem = 2 ms, tau_syn = 1 ms, v_th = 1 mV, refractory = 0 ms)
  population sharp[6] : if(v_th = 2 mV)
  population tired[6] : alif(tau_mem = 4 ms, tau_adapt = 8 ms, beta = 0.5 mV, v_th = 2 mV)
  population pair[4] : cuba_lif(tau_mem = 4 ms, tau_exc = 2 ms, tau_inh = 4 ms, v_th = 1 mV)
  population cortex[5] : izhikevich(drive = 8 mV / 1 ms)
  population gated[6] : gate
  population solved[5] : lif(tau_mem = 4 ms, tau_syn = 2 ms, v_th = 1 mV) method exact
  output answer[4] : lif(tau_mem = 4 ms, tau_syn = 2 ms, v_th = 2 mV, refractory = 1 ms)
}
"""
ENCODINGS = {
    "poisson": "poisson(duration = 24 ms, rate = 400 Hz)",
    "bernoulli": "bernoulli(duration = 24 ms)",
    "spikes": "spikes(duration = 24 ms)",
}
STEPS, INPUTS = 24, 31
PORTS = {"pair": ("exc", "inh"), "gated": ("up", "down")}
CONSTANT = Call("constant", (("value", 1.0),))


def pool(encoding):
    text = POOL.replace("ENCODING", ENCODINGS[encoding])
    return compile_text(Source("pool.snn", text)).graph


POOLS = {kind: pool(kind) for kind in ENCODINGS}


@st.composite
def connectivities(draw, pre, post):
    """A call that can join these populations."""
    kinds = ["dense", "sparse", "list"]
    kinds += ["one_to_one"] if pre.neurons == post.neurons else []
    kinds += ["lateral_inhibition"] if pre.name == post.name else []
    kinds += ["liquid"] if post.neurons == pre.neurons == 6 and pre.role != "input" else []
    kind = draw(st.sampled_from(kinds))
    if kind == "sparse":
        return Call(kind, (("p", draw(st.sampled_from([0.0, 0.3, 0.7, 1.0]))),))
    if kind == "list":
        pairs = st.tuples(st.integers(0, pre.neurons - 1), st.integers(0, post.neurons - 1))
        return Call(kind, (("synapses", tuple(draw(st.lists(pairs, unique=True, max_size=8)))),))
    if kind == "liquid":
        arguments = {"grid": (1, 2, 3), "lambda": 2.0, "wiring": "symmetric"}
        return Call(kind, (*arguments.items(), ("inhibitory", 0.2), ("density", 1.5)))
    return Call(kind)


@dataclass(frozen=True)
class Drawn:
    """The pool joined at random; shown by what joins it."""

    graph: Graph = field(repr=False)
    values: Any  # of two samples
    seed: int  # of the weights

    def __repr__(self):
        lines = (
            f"{p.pre}->{p.post}.{p.port} {p.connectivity} {p.delay}" for p in self.graph.projections
        )
        return "\n".join([f"{self.graph.populations[0].encoding} seed {self.seed}", *lines])


@st.composite
def networks(draw):
    """A network of the pool with inputs and weights."""
    encoding = draw(st.sampled_from(sorted(ENCODINGS)))
    graph = POOLS[encoding]
    order = draw(st.permutations([p.name for p in graph.populations if p.role != "input"]))
    place = {name: k for k, name in enumerate(order)}
    projections = []
    for number in range(draw(st.integers(3, 16))):
        pre = draw(st.sampled_from(graph.populations))
        post = draw(st.sampled_from([p for p in graph.populations if p.role != "input"]))
        # Without delay only forward in some order, so that there is no cycle without delay.
        forward = place.get(pre.name, -1) < place[post.name]
        delay = draw(st.integers(0 if forward else 1, 4))
        port = draw(st.sampled_from(PORTS.get(post.name, ("i",))))
        call = draw(connectivities(pre, post))
        ends = (f"p{number}", pre.name, post.name)
        projections.append(Projection(*ends, call, CONSTANT, port, delay))
    generator = np.random.default_rng(draw(st.integers(0, 2**32)))
    if encoding == "spikes":
        values = (generator.random((2, STEPS, INPUTS)) < 0.3).astype(np.uint8)
    else:
        values = generator.integers(0, 5, (2, INPUTS)).astype(np.float32) / np.float32(4)
    return Drawn(
        replace(graph, projections=tuple(projections)), values, draw(st.integers(0, 2**20))
    )


def drawn_networks(examples):
    """The decorators of a property of drawn networks."""

    def decorate(test):
        quietly = settings(
            max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck)
        )
        return quietly(given(drawn=networks())(test))

    return decorate


@COMPILED
@drawn_networks(40)
def test_any_network_fires_like_the_reference(compare, samples_of, grid_weights, drawn):
    graph = run_pipeline(drawn.graph)
    compare(graph, samples_of(drawn.values), grid_weights(graph, drawn.seed)).agree()


@INTERPRETED
@drawn_networks(3)
def test_few_networks_fire_like_the_reference(compare, samples_of, grid_weights, drawn):
    graph = run_pipeline(drawn.graph)
    compare(graph, samples_of(drawn.values), grid_weights(graph, drawn.seed)).agree()


DYADIC = """
network n {
  dt = 1 ms
  input x[12] encode spikes(duration = 10 ms)
  population a[9] : lif(tau_mem = 2 ms, tau_syn = 2 ms, v_th = 1 mV, refractory = 1 ms)
  population b[8] : lif(tau_mem = 4 ms, tau_syn = 2 ms, v_th = 1 mV, refractory = 0 ms)
  population c[7] : if(v_th = 1 mV)
  output y[5] : lif(tau_mem = 2 ms, tau_syn = 1 ms, v_th = 1 mV, refractory = 0 ms)
  x -> a : dense
  a -> b : dense
  b -> a : sparse(p = 0.5) delay 2 ms
  a -> c : dense
  c -> c : lateral_inhibition delay 1 ms
  b -> y : dense delay 3 ms
  c -> y : dense
}
"""
COUNTING = """
network n {
  dt = 1 ms
  input x[12] encode spikes(duration = 40 ms)
  population a[9] : if(v_th = 1 mV)
  population b[9] : if(v_th = 2 mV)
  output y[5] : if(v_th = 1 mV)
  x -> a : dense
  a -> b : one_to_one
  b -> b : lateral_inhibition delay 1 ms
  b -> a : sparse(p = 0.5) delay 4 ms
  a -> y : dense delay 1 ms
  b -> y : dense
}
"""


@pytest.mark.parametrize("text", [DYADIC, COUNTING])
def test_exact_networks_fire_like_the_float64_reference(
    compiled, compare, samples_of, grid_weights, text
):
    graph = compiled(text).graph
    steps = 10 if text is DYADIC else 40
    values = np.random.default_rng(1).random((3, steps, 12)) < 0.3
    found = compare(graph, samples_of(values.astype(np.uint8)), grid_weights(graph, 5))
    found.agree()
    assert found.exact
    bounds = np.cumsum([p.neurons for p in graph.populations])[:-1]
    assert all(part.any() for part in np.split(found.compiled, bounds, axis=2))


ECHO = """
network n {
  dt = 1 ms
  input x[3] encode spikes(duration = 3 ms)
  output h[1] : if(v_th = 1 mV)
  h -> h : one_to_one(weight = 1) delay 1 ms
  x -> h : list(synapses = [[0, 0, 1], [1, 0, 16777216], [2, 0, -16777216]])
}
"""


def test_what_comes_from_other_blocks_is_added_first(compiled, compare, samples_of):
    """(2^24 - 2^24) + 1 is 1 in single precision, (1 + 2^24) - 2^24 is 0."""
    graph = compiled(ECHO).graph
    weights = {"h->h": np.ones(1, np.float32), "x->h": np.float32([1, 2**24, -(2**24)])}
    values = np.array([[[1, 0, 0], [0, 1, 1], [0, 0, 0]]], np.uint8)
    found = compare(graph, samples_of(values), weights)
    found.agree()
    assert found.compiled[:, 0, 3].tolist() == [True, True, True]


PLANES = """
network n {{
  dt = 1 ms
  input image[2, 6, 6] encode bernoulli(duration = 12 ms)
  population maps : lif(tau_mem = 4 ms, tau_syn = 2 ms, v_th = 1 mV)
  population small : if(v_th = 1.5 mV)
  output y[3] : if(v_th = 1 mV)
  image -> maps : conv2d(channels = 3, kernel = 3, stride = {stride}, padding = {padding})
      delay {delay} ms
  maps -> small : pool2d(kernel = 2, stride = {step}) delay {delay} ms
  maps -> maps : sparse(p = 0.05) delay 1 ms
  small -> y : dense
}}
"""


@pytest.mark.parametrize(
    ("stride", "padding", "step", "delay"), [(1, 0, 2, 0), (2, 1, 1, 1), (1, 2, 3, 2)]
)
def test_planes(compiled, compare, samples_of, grid_weights, stride, padding, step, delay):
    graph = compiled(PLANES.format(stride=stride, padding=padding, step=step, delay=delay)).graph
    values = np.random.default_rng(2).integers(0, 2, (2, 72)).astype(np.float32) / np.float32(2)
    found = compare(graph, samples_of(values), grid_weights(graph, 7, -0.5, 2.0))
    found.agree()
    assert found.compiled[:, :, -3:].any()


TRANSCENDENT = """
neuron odd {
  param tau: ms = 5 ms
  param v_th: mV = 2 mV
  param unit: mV = 1 mV
  state v: mV = 0 mV
  state w: 1 = 0.5
  on input { v = v + i }
  dv/dt = (unit * exp(-w) + unit * tanh(v / unit) - v) / tau
  dw/dt = (sin(v / unit) + cos(w) * log(1.5 + w * w) - w) / tau
  spike when v >= v_th + unit * floor(w) + unit * (w * w) ^ 0.75
  on spike { v = 0 mV }
}
network n {
  dt = 1 ms
  input x[10] encode bernoulli(duration = 50 ms)
  output y[20] : odd
  x -> y : dense
  y -> y : sparse(p = 0.2) delay 2 ms
}
"""


def test_every_function_in_a_neuron(compiled, compare, samples_of, grid_weights):
    """The functions' last bits may differ, so the seed is one where none decides."""
    graph = compiled(TRANSCENDENT).graph
    values = np.full((1, 10), 0.2, np.float32)
    found = compare(graph, samples_of(values), grid_weights(graph, 11, -1.0, 1.5))
    found.agree()
    assert 20 < found.compiled[:, :, 10:].sum() < 900


@COMPILED
def test_user_defined_neuron_in_a_ring_with_delays(compare, samples_of, grid_weights):
    graph = run_pipeline(load_program(ROOT / "examples/alif_ring.snn").graph)
    weights = grid_weights(graph, 2, 0.5, 9.0)
    values = np.zeros((2, 48), np.float32)
    values[0, :6], values[1, 20:40:4] = 0.3, 0.2
    found = compare(graph, samples_of(values), weights)
    found.agree()
    cells = found.compiled[:, :, 48:96]
    assert cells[:, 0].any(axis=0).sum() > 12, "activity leaves the kicked neurons"
    delays = {p.delay for p in graph.projections if p.pre == p.post}
    assert delays == {2, 7}


@pytest.fixture(scope="module")
def chain(compiled):
    return compiled(DYADIC.replace("spikes(duration = 10 ms)", "poisson(duration = 20 ms)")).graph


def test_threads_and_samples_beside_change_nothing(chain, kernels, samples_of, grid_weights):
    values = np.random.default_rng(3).random((4, 12)).astype(np.float32)
    samples, weights = samples_of(values), grid_weights(chain, 5)
    one, two = (CpuSimulator(chain, weights, SEED, n, kernels) for n in (1, 2))
    alone = [one.raster(samples, k) for k in range(4)]
    for simulator, _ in product((one, two), range(2)):
        outcome = simulator.run(samples)
        np.testing.assert_array_equal(outcome.counts, [r[:, -5:].sum(axis=0) for r in alone])
        np.testing.assert_array_equal(outcome.activity, np.sum(alone, axis=(0, 1)))
        np.testing.assert_array_equal(outcome.predictions, outcome.counts.argmax(axis=1))
        assert not outcome.cost.any()
    assert alone[0].any()
    assert not np.array_equal(alone[0], alone[1])


def test_ids_and_seed_key_the_encoding(chain, kernels, samples_of, grid_weights):
    values = np.full((2, 12), 0.5, np.float32)
    samples, weights = samples_of(values), grid_weights(chain, 5)
    simulator = CpuSimulator(chain, weights, SEED, 1, kernels)
    first, second = simulator.raster(samples, 0), simulator.raster(samples, 1)
    assert not np.array_equal(first[:, :12], second[:, :12])
    again = replace(samples, ids=samples.ids[::-1])
    np.testing.assert_array_equal(simulator.raster(again, 0), second)
    simulator.seed = np.uint64(SEED + 2**40)
    assert not np.array_equal(simulator.raster(samples, 0)[:, :12], first[:, :12])


def test_no_samples(chain, kernels, samples_of, grid_weights):
    simulator = CpuSimulator(chain, grid_weights(chain, 5), SEED, 2, kernels)
    outcome = simulator.run(samples_of(np.zeros((0, 12), np.float32)))
    assert outcome.counts.shape == (0, 5)
    assert outcome.predictions.shape == (0,)
    assert not outcome.activity.any()


def codes(error):
    return [d.code for d in error.value.diagnostics]


@pytest.mark.parametrize("shape", [(2, 11), (2, 13), (2, 20, 12)])
def test_samples_that_do_not_fit(chain, kernels, samples_of, grid_weights, shape):
    simulator = CpuSimulator(chain, grid_weights(chain, 5), SEED, 1, kernels)
    with pytest.raises(CompileError) as error:
        simulator.run(samples_of(np.zeros(shape, np.float32)))
    assert codes(error) == ["E062"]


def test_spike_trains_that_do_not_fit(compiled, kernels, samples_of, grid_weights):
    graph = compiled(DYADIC).graph
    simulator = CpuSimulator(graph, grid_weights(graph, 5), SEED, 1, kernels)
    for shape in [(1, 12), (1, 9, 12), (1, 10, 13)]:
        with pytest.raises(CompileError) as error:
            simulator.run(samples_of(np.zeros(shape, np.uint8)))
        assert codes(error) == ["E062"]


def test_weights_that_do_not_fit(chain, kernels, grid_weights):
    weights = grid_weights(chain, 5)
    for wrong in ({}, {**weights, "x->a": np.zeros((9, 12), np.float32)}):
        with pytest.raises(CompileError) as error:
            CpuSimulator(chain, wrong, SEED, 1, kernels)
        assert codes(error) == ["E060"]
        assert "x->a" in error.value.diagnostics[0].message


def test_steps_and_graph(chain, kernels, grid_weights):
    simulator = CpuSimulator(chain, grid_weights(chain, 5), SEED, None, kernels)
    assert simulator.steps == 20
    assert isinstance(simulator.graph, Graph)
    assert simulator.threads >= 1
