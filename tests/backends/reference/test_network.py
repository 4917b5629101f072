"""The oracle against the worked example, and against networks simulated by hand."""

import numpy as np
import pytest
from compiled_texts import compiled_text
from hypothesis import given, settings
from hypothesis import strategies as st

from snncc.backends.reference import network as reference
from snncc.ir.graph import Graph
from snncc.ir.model import draw_model
from snncc.ir.passes.pipeline import run_pipeline
from snncc.ir.text import parse_graph
from snncc.ir.wiring import delays_of, wire

LIF = """
model lif {
  parameter tau_mem "ms" 64.0
  parameter tau_syn "ms" 8.0
  parameter v_th "mV" 20.0
  parameter refractory "ms" 2.0
  state v "mV" = 0.0
  state c "mV" = 0.0
  ports (i)
  derivative v = neg(v) / tau_mem + c / tau_syn
  derivative c = neg(c) / tau_syn
  input c = c + i
  spike v > v_th - 1e-06
  reset v = 0.0
  refractory refractory
  hold v = 0.0
}
"""
# An integrator that fires at 1 and starts again from 0; its ports count and discount.
COUNTER = """
model counter {
  state v "1" = 0.0
  ports (up, down)
  input v = v + up - 2.0 * down
  spike v >= 1.0
  reset v = 0.0
}
"""


def network(models: str, *lines: str) -> Graph:
    return run_pipeline(
        parse_graph("\n".join(["snnir 2 network n dt 1.0 threshold step spikes 1", models, *lines]))
    )


def simulate(graph, weights, inputs, real=np.float64, seed=0, record=False) -> reference.Simulation:
    """The trace of a graph wired from a seed, with these weights."""
    return reference.simulate(draw_model(graph, seed, weights), inputs, real, record)


def lif(name: str, neurons: int, tau_mem=4.0, tau_syn=2.0, v_th=1.0, refractory=1.0) -> str:
    values = f"tau_mem={tau_mem}, tau_syn={tau_syn}, v_th={v_th}, refractory={refractory}"
    return f"population {name} hidden ({neurons}) model lif ({values}) method euler"


def projection(name: str, ends: str, delay: int, call: str = "dense()", port: str = "i") -> str:
    init = "init constant(value=1.0)"
    learns = "fixed" if call.startswith("pool2d") else "trainable"
    return f"projection {name} {ends} port {port} delay {delay} {learns} {call} {init}"


def worked(*more: str) -> Graph:
    """tau_m = 4, tau_s = 2, T_ref = 1, threshold 1, two inputs, two neurons."""
    lines = ("population x input (2)", lif("h", 2), projection("w", "x -> h", 1), *more)
    return network(LIF, *lines)


WEIGHTS = {
    "w": np.array([[2.0, 1.0], [1.5, -0.5]], np.float32).T,
}
RECURRENT = {
    **WEIGHTS,
    "r": np.array([[0.0, 0.8], [0.5, 0.0]], np.float32).T,
}


def worked_inputs() -> np.ndarray:
    spikes = np.zeros((8, 1, 2), bool)
    spikes[[1, 2, 4, 5], 0, 0] = True
    spikes[[1, 3, 5], 0, 1] = True
    return spikes


@pytest.mark.parametrize("real", [np.float64, np.float32])
def test_worked_example_without_recurrence(real) -> None:
    trace = simulate(worked(), WEIGHTS, {"x": worked_inputs()}, real, record=True)
    spikes = trace.spikes["h"][:, 0]
    assert spikes.astype(int).tolist() == [
        [0, 0], [0, 0], [1, 0], [0, 1], [1, 0], [0, 0], [1, 1], [0, 0],
    ]  # fmt: skip
    assert spikes.sum(axis=0).tolist() == [3, 2]
    assert trace.history["h"]["c"][:, 0].tolist() == [
        [0, 0], [0, 0], [3, 1], [3.5, 2], [2.75, 0.5], [3.375, 1.75], [4.6875, 1.875],
        [2.34375, 0.9375],
    ]  # fmt: skip
    # v is 0 wherever the neuron fired or rests; the others are as in the table.
    assert trace.history["h"]["v"][:, 0].tolist() == [
        [0, 0], [0, 0], [0, 0.5], [0, 0], [0, 0], [0, 0.875], [0, 0], [0, 0],
    ]  # fmt: skip
    assert trace.states["h"]["v"].dtype == real
    assert trace.states["h"]["refractory_left"].tolist() == [[0, 0]]


def test_worked_example_with_recurrence() -> None:
    graph = worked(projection("r", "h -> h", 1))
    spikes = simulate(graph, RECURRENT, {"x": worked_inputs()}).spikes["h"][:, 0]
    assert np.flatnonzero(spikes[:, 0]).tolist() == [2, 4, 6]
    assert np.flatnonzero(spikes[:, 1]).tolist() == [3, 5]


def test_what_comes_from_other_blocks_is_added_first() -> None:
    """(2^24 - 2^24) + 1 is 1 in single precision, (1 + 2^24) - 2^24 is 0."""
    graph = network(
        COUNTER,
        "population x input (3)",
        "population h hidden (1) model counter () method euler",
        projection("again", "h -> h", 1, port="up"),
        projection("w", "x -> h", 0, port="up"),
    )
    weights = {"again": np.ones((1, 1), np.float32), "w": np.array([[1.0], [2**24], [-(2**24)]])}
    spikes = np.zeros((3, 1, 3), bool)
    spikes[0, 0, 0] = True
    spikes[1, 0, 1:] = True
    fired = simulate(graph, weights, {"x": spikes}, np.float32).spikes["h"]
    assert fired[:, 0, 0].tolist() == [True, True, True]


@pytest.mark.parametrize("delay", [0, 1, 3])
def test_a_delay_is_kept(delay) -> None:
    graph = network(
        COUNTER,
        "population x input (1)",
        "population h hidden (1) model counter () method euler",
        projection("w", "x -> h", delay, port="up"),
    )
    spikes = np.zeros((6, 1, 1), bool)
    spikes[1] = True
    trace = simulate(graph, {"w": np.ones((1, 1), np.float32)}, {"x": spikes})
    assert np.flatnonzero(trace.spikes["h"]).tolist() == [1 + delay]


def test_ports_are_kept_apart_and_projections_of_a_port_add_up() -> None:
    graph = network(
        COUNTER,
        "population x input (3)",
        "population h hidden (3) model counter () method euler",
        projection("a", "x -> h", 0, "one_to_one()", "up"),
        projection("b", "x -> h", 0, "one_to_one()", "up"),
        projection("c", "x -> h", 0, "one_to_one()", "down"),
    )
    weights = {
        "a": np.array([0.5, 0.25, 1.0], np.float32),
        "b": np.array([0.5, 0.25, 1.0], np.float32),
        "c": np.array([0.0, 0.0, 0.75], np.float32),
    }
    trace = simulate(graph, weights, {"x": np.ones((1, 1, 3), bool)})
    assert trace.spikes["h"].tolist() == [[[True, False, False]]]
    assert trace.states["h"]["v"].tolist() == [[0.0, 0.5, 0.5]]


def test_shared_weights_and_samples_of_their_own() -> None:
    graph = network(
        COUNTER,
        "population x input (3, 3)",
        "population h hidden () model counter () method euler",
        projection("w", "x -> h", 0, "conv2d(channels=1, kernel=2, stride=1, padding=0)", "up"),
    )
    kernel = np.array([[[[0.125, 0.25], [0.5, 0.0625]]]], np.float32)
    spikes = np.zeros((1, 2, 9), bool)
    spikes[0, 0, 4] = True
    trace = simulate(graph, {"w": kernel}, {"x": spikes})
    assert trace.states["h"]["v"].tolist() == [[0.0625, 0.5, 0.25, 0.125], [0.0, 0.0, 0.0, 0.0]]


def test_float32_sums_run_by_projection_and_then_by_pre_neuron() -> None:
    """The weights are such that each other order, or a wider type, gives another sum."""
    graph = network(
        COUNTER,
        "population x input (4)",
        "population h hidden (1) model counter () method euler",
        projection("second", "x -> h", 0, port="up"),
        projection("first", "x -> h", 0, port="up"),
    )
    large = float(2**24)
    weights = {
        "second": np.array([[-large], [0], [0], [1]], np.float32),
        "first": np.array([[large], [0.25], [0], [-1]], np.float32),
    }
    inputs = {"x": np.ones((1, 1, 4), bool)}
    trace = simulate(graph, weights, inputs, np.float32)
    # ((-2^24 + 1) + 2^24) + 0.25 - 1
    assert trace.states["h"]["v"].tolist() == [[0.25]]
    assert simulate(graph, weights, inputs).states["h"]["v"].tolist() == [[0.25]]
    # ((2^24 + 0.25) - 1) - 2^24 + 1, where the quarter is lost
    swapped = {"second": weights["first"], "first": weights["second"]}
    assert simulate(graph, swapped, inputs, np.float32).states["h"]["v"].tolist() == [[0.0]]
    assert simulate(graph, swapped, inputs).states["h"]["v"].tolist() == [[0.25]]


PAIR = (
    "population x input (6)",
    lif("a", 5, 8.0, 4.0, 0.75, 2.0),
    lif("b", 4, 16.0, 2.0, 0.5, 0.0),
    projection("xa", "x -> a", 1, "sparse(p=0.5)"),
    projection("ab", "a -> b", 0),
    projection("ba", "b -> a", 2, "fixed_fan_in(k=2)"),
    projection("bb", "b -> b", 1, "lateral_inhibition()"),
)


@given(st.integers(0, 10_000), st.sampled_from([np.float64, np.float32]))
@settings(max_examples=20, deadline=None)
def test_recurrence_through_two_populations(seed, real) -> None:
    """By hand, with matrices. Everything is dyadic, so both types give the same spikes."""
    graph = network(LIF, *PAIR)
    draw = np.random.default_rng(seed)
    inputs = draw.random((12, 3, 6)) < 0.4
    weights, matrix = {}, {}
    for p in graph.projections:
        pre, post = graph.population(p.pre), graph.population(p.post)
        wiring = wire(p, pre.shape, post.shape, seed)
        weights[p.name] = draw.integers(-64, 129, wiring.weight_shape).astype(np.float32) / 64
        matrix[p.name] = np.zeros((pre.neurons, post.neurons))
        matrix[p.name][wiring.pairs()] = weights[p.name].ravel()
    trace = simulate(graph, weights, {"x": inputs}, real, seed)
    spikes = by_hand(inputs, matrix)
    assert np.array_equal(trace.spikes["a"], spikes["a"])
    assert np.array_equal(trace.spikes["b"], spikes["b"])


def by_hand(inputs, matrix) -> dict[str, np.ndarray]:
    steps, batch, _ = inputs.shape
    spikes = {
        "x": inputs,
        "a": np.zeros((steps, batch, 5), bool),
        "b": np.zeros((steps, batch, 4), bool),
    }
    state = {n: [np.zeros((batch, k)) for _ in range(3)] for n, k in (("a", 5), ("b", 4))}

    def arriving(name, pre, t, delay):
        if t < delay:
            return 0.0
        return spikes[pre][t - delay].astype(float) @ matrix[name]

    for t in range(steps):
        drive = arriving("xa", "x", t, 1) + arriving("ba", "b", t, 2)
        spikes["a"][t] = lif_step(state["a"], drive, 8.0, 4.0, 0.75, 2)
        drive = arriving("ab", "a", t, 0) + arriving("bb", "b", t, 1)
        spikes["b"][t] = lif_step(state["b"], drive, 16.0, 2.0, 0.5, 0)
    return spikes


def lif_step(state, drive, tau_mem, tau_syn, v_th, refractory) -> np.ndarray:
    v, c, left = state
    v = v - v / tau_mem
    c = c - c / tau_syn + drive
    v = v + c / tau_syn
    v[left > 0] = 0.0
    fired = v > v_th - 1e-6
    left = np.where(fired, refractory, np.maximum(left - 1, 0))
    state[:] = [np.where(fired, 0.0, v), c, left]
    return fired


def test_odes_that_read_each_other() -> None:
    """Izhikevich's neuron: both equations read the values from before the step."""
    model = """
    model izhikevich {
      state v "mV" = -65.0
      state u "mV" = -13.0
      ports (i)
      derivative v = 0.04 * v * v + 5.0 * v + 140.0 - u + i
      derivative u = 0.02 * (0.2 * v - u)
      spike v >= 30.0
      reset v = -65.0
      reset u = u + 8.0
    }"""
    graph = network(
        model,
        "population x input (1)",
        "population h hidden (1) model izhikevich () method euler",
        projection("w", "x -> h", 0),
    )
    trace = simulate(
        graph, {"w": np.full((1, 1), 10.0)}, {"x": np.ones((300, 1, 1), bool)}, record=True
    )
    v, u, fired = -65.0, -13.0, []
    for t in range(300):
        u = u - 0.02 * u
        v, u = v + (0.04 * v * v + 5 * v + 140 - u + 10.0), u + 0.02 * 0.2 * v
        fired.append(v >= 30.0)
        if fired[-1]:
            v, u = -65.0, u + 8.0
        assert trace.history["h"]["v"][t, 0, 0] == pytest.approx(v, rel=1e-6, abs=1e-6)
    assert trace.spikes["h"][:, 0, 0].tolist() == fired
    assert sum(fired) > 5


READOUT = """
model readout {
  parameter tau "ms" 4.0
  state u "1" = 0.0
  ports (i)
  derivative u = neg(u) / tau
  input u = u + i
  emit 0.5 * u
}"""


@pytest.mark.parametrize("real", [np.float64, np.float32])
def test_a_readout_that_emits_its_membrane(real) -> None:
    """Spikes into a leaky integrator, half of its state, weighted, into the next neurons."""
    graph = network(
        LIF + READOUT,
        "population x input (6)",
        "population r hidden (3) model readout (tau=4.0) method euler",
        lif("h", 4),
        projection("xr", "x -> r", 1),
        projection("rh", "r -> h", 2),
    )
    draw = np.random.default_rng(5)
    spikes = draw.random((40, 2, 6)) < 0.4
    weights = {n: draw.integers(-32, 65, s).astype(np.float32) / 64 for n, s in SIZES.items()}
    trace = simulate(graph, weights, {"x": spikes}, real, record=True)
    u, emitted, fired = np.zeros((2, 3)), np.zeros((40, 2, 3)), np.zeros((40, 2, 4), bool)
    state = [np.zeros((2, 4)) for _ in range(3)]
    for t in range(40):
        u = u - u / 4 + (spikes[t - 1] @ weights["xr"] if t >= 1 else 0.0)
        emitted[t] = u / 2
        drive = emitted[t - 2] @ weights["rh"].astype(float) if t >= 2 else np.zeros((2, 4))
        fired[t] = lif_step(state, drive, 4.0, 2.0, 1.0, 1)
    np.testing.assert_allclose(trace.emitted["r"], emitted, rtol=1e-5)
    np.testing.assert_allclose(trace.history["r"]["u"], 2 * emitted, rtol=1e-5)
    assert not trace.spikes["r"].any()
    assert np.array_equal(trace.spikes["h"], fired)
    assert fired.sum() > 10
    assert trace.emitted["h"] is trace.spikes["h"]


SIZES = {"xr": (6, 3), "rh": (3, 4)}


def test_any_network_runs() -> None:
    """Convolution, pool, the exact method, several ports: the spikes are reproducible."""
    graph = network(
        COUNTER + LIF,
        "population x input (6, 6)",
        "population c hidden () model counter () method euler",
        "population p hidden () model counter () method exact",
        lif("h", 8).replace("euler", "exact"),
        projection("xc", "x -> c", 0, "conv2d(channels=2, kernel=3, stride=1, padding=0)", "up"),
        projection("cp", "c -> p", 1, "pool2d(kernel=2, stride=0)", "up"),
        projection("ph", "p -> h", 0),
        projection("hp", "h -> p", 1, "one_to_one()", "down"),
    )
    weights = {
        "xc": np.full((2, 1, 3, 3), 0.5, np.float32),
        "cp": np.ones(1, np.float32),
        "ph": np.full((8, 8), 0.5, np.float32),
        "hp": np.full(8, 0.5, np.float32),
    }
    inputs = {"x": np.random.default_rng(3).random((20, 2, 36)) < 0.3}
    first, second = (simulate(graph, weights, inputs) for _ in range(2))
    counts = {name: int(spikes.sum()) for name, spikes in first.spikes.items()}
    assert min(counts.values()) > 0
    assert all(np.array_equal(first.spikes[n], second.spikes[n]) for n in counts)


def test_every_synapse_brings_its_spike_by_its_own_delay() -> None:
    """A spike of neuron 1 in step 3 makes y[j] fire in the step in which it arrives there."""
    text = """
      network n {
        input x[2] encode spikes(duration = 20 ms)
        output y[30] : if(v_th = 1 mV)
        x -> y : dense(weight = 1)  delay normal(4 ms, 3 ms, min = 2 ms)
      }
    """
    model = draw_model(compiled_text(text).graph, 4)
    trains = np.zeros((20, 1, 2), bool)
    trains[3, 0, 1] = True
    (projection,) = model.graph.projections
    delays = delays_of(projection, model.wirings["x->y"]).reshape(2, 30)[1]
    wanted = np.arange(20)[:, None] == 3 + delays
    assert len(set(delays.tolist())) > 5
    fired = reference.simulate(model, {"x": trains}).spikes["y"][:, 0]
    np.testing.assert_array_equal(fired, wanted)
