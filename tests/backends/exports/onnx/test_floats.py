"""Networks of floats as ONNX models: float32, in the order of the expressions."""

from __future__ import annotations

import json

import numpy as np
import pytest

pytest.importorskip("onnx", reason="pip install onnx")
pytest.importorskip("onnxruntime", reason="pip install onnxruntime")

import onnx
from compiled_texts import compiled_text
from integer_cases import drawn_integers, drawn_model, drawn_samples
from onnx_runs import run_scan, run_steps
from refusal import refused

from snncc.backends.exports.onnx.form import NEWEST, OLD
from snncc.backends.exports.onnx.scan import scan_model
from snncc.backends.exports.onnx.step import step_model
from snncc.backends.exports.table import EXPORTS
from snncc.backends.reference.network import simulate
from snncc.backends.reference.simulator import ReferenceSimulator
from snncc.ir.model import draw_model
from snncc.ir.passes.pipeline import run_model_passes

NEAR = 2e-6  # of a state's largest value
QUICK, MANY = range(6), range(6, 206)


def dyadic(model):
    """Weights whose sums are exact in float32, whatever their order."""
    drawn = {name: np.round(model.weights(name) * 64) / 64 for name in model.wirings}
    return model.with_weights({name: array.astype(np.float32) for name, array in drawn.items()})


def check(seed, model, real, near):
    samples = drawn_samples(seed, 3)
    wanted = ReferenceSimulator(model, real).trace(samples, True)
    spikes = np.ascontiguousarray(samples.values[samples.rows].transpose(1, 0, 2))
    pair = NEWEST if seed % 2 else OLD
    whole = run_scan(scan_model(model, "", every_spike=True, every_state=True, pair=pair), spikes)
    single = run_steps(step_model(model, "", every_spike=True, pair=pair), spikes)
    for name, fired in wanted.spikes.items():
        assert (whole[f"{name}.spikes"] == fired).all(), (seed, name)
        assert (single[f"{name}.spikes"] == fired).all(), (seed, name)
    for name, states in wanted.states.items():
        still = model.graph.population(name).step.still
        for state, values in states.items():
            if state not in still:
                most = near * float(np.abs(values).max())
                for found in (whole[f"{name}.{state}"], single[f"{name}.{state}.next"]):
                    assert np.abs(found - values).max() <= most, (seed, name, state)


@pytest.mark.parametrize("seed", QUICK)
def test_where_sums_are_exact_every_bit_is_that_of_float32(seed):
    check(seed, dyadic(drawn_model(seed)), np.float32, 0.0)


@pytest.mark.parametrize("seed", QUICK)
def test_drawn_networks_fire_as_in_float64_and_hold_nearly_the_same(seed):
    check(seed, drawn_model(seed), np.float64, NEAR)


@pytest.mark.slow
@pytest.mark.nightly
def test_many_drawn_networks():
    for seed in MANY:
        check(seed, dyadic(drawn_model(seed)), np.float32, 0.0)
        check(seed, drawn_model(seed), np.float64, NEAR)


WINDOWS = """
network n {
  dt = 1 ms
  input x[1, 3, 2] encode spikes(duration = 40 ms)
  population a : lif(tau_mem = 8 ms, v_th = 1 mV)
  population p : lif(tau_mem = 4 ms, v_th = 1 mV)
  output y[3] : lif(v_th = 1 mV)
  x -> a : conv2d(channels = 2, kernel = 2, padding = 1, init = uniform(-1, 4))
  a -> p : pool2d(2, stride = 1, init = constant(1.5)) delay 2 ms
  p -> a : conv2d(channels = 2, kernel = 2, padding = 1, init = uniform(-2, 1)) delay 1 ms
  p -> y : dense(init = uniform(-1, 3))
}
"""


def test_windows():
    model = run_model_passes(draw_model(compiled_text(WINDOWS).graph, 1))
    check(1, dyadic(model), np.float32, 0.0)
    check(1, model, np.float64, NEAR)
    trace = ReferenceSimulator(model, np.float64).trace(drawn_samples(1, 3), True)
    assert all(trace.spikes[name].any() for name in "apy")


def test_windows_of_int8_with_a_scale_a_channel():
    model = run_model_passes(draw_model(compiled_text(WINDOWS).graph, 1))
    close = {}
    for name in model.wirings:
        weights = model.weights(name)
        axes = tuple(range(1, weights.ndim)) if weights.ndim == 4 else 0
        scales = abs(weights).max(axis=axes, keepdims=True) / np.float32(127)
        close[name] = np.rint(weights / scales) * scales
    samples = drawn_samples(1, 3)
    trace = ReferenceSimulator(model.with_weights(close), np.float32).trace(samples, True)
    spikes = np.ascontiguousarray(samples.values[samples.rows].transpose(1, 0, 2))
    found = run_scan(scan_model(model, "", every_spike=True, is_coded=True), spikes)
    for name, fired in trace.spikes.items():
        assert (found[f"{name}.spikes"] == fired).all(), name


ALL_OPERATORS = """
neuron odd {
  param tau: ms = 3 ms
  param v_th: mV = 3 mV
  state v: mV = 0.25 mV
  state n: 1 = 1
  on input { v = max(-4 mV, v + min(i, 6 mV) - abs(i) / 8) }
  dv/dt = -v / tau
  dn/dt = (1 - n) / tau + sin(v / 1 mV) / tau
  spike when v >= v_th and not (n > 5) or v > 2 * v_th
  on spike { v = v - v_th * exp(-abs(n)) n = n + sqrt(n * n) + tanh(v / 1 mV) }
  refractory 1 ms { n = n }
}
network n {
  dt = 1 ms
  input x[6] encode spikes(duration = 40 ms)
  population h[7] : odd
  population w[5] : izhikevich(drive = 8 mV / 1 ms)
  output y[3] : li
  x -> h : dense(init = uniform(-2, 4))
  x -> w : dense(init = uniform(-2, 9)) delay 2 ms
  h -> h : sparse(p = 0.5, init = uniform(-1, 1)) delay 1 ms
  h -> y : dense(init = uniform(-1, 1))
  w -> y : dense(init = uniform(-1, 1))
}
"""


def test_operators_that_integers_lack():
    """The same expressions; libraries of exp, sin and tanh differ in their last bits."""
    model = dyadic(draw_model(compiled_text(ALL_OPERATORS).graph, 2))
    trains = drawn_samples(3).values.transpose(1, 0, 2)
    wanted = simulate(model, {"x": trains}, np.float32, record=True)
    made = scan_model(model, "", every_spike=True, every_state=True)
    found = run_scan(made, np.ascontiguousarray(trains))
    for name, fired in wanted.spikes.items():
        assert (found[f"{name}.spikes"] == fired).all(), name
        assert fired.any() or name == "y"
    for name, states in wanted.history.items():
        for state, values in states.items():
            if f"{name}.{state}" in found:
                np.testing.assert_allclose(found[f"{name}.{state}"], values, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found["scores"], wanted.states["y"]["emitted.last"], rtol=1e-5)
    assert found["scores"].dtype == np.float32


def said(model):
    return {p.key: p.value for p in model.metadata_props}


def test_a_model_says_with_what_it_computes():
    floats, integers = drawn_model(3), drawn_integers(3)
    assert said(scan_model(floats, "d"))["snncc.numbers"] == "float32, not bit exact"
    assert said(step_model(floats, "d"))["snncc.numbers"] == "float32, not bit exact"
    assert said(scan_model(integers, "d"))["snncc.numbers"] == "integers, bit exact"
    coded = said(scan_model(floats, "d", is_coded=True))
    assert coded["snncc.numbers"] == "float32 with weights of int8, not bit exact"
    assert coded["snncc.semantics"] == "0"
    rows = json.loads(coded["snncc.populations"])
    assert rows == [[p.name, p.neurons, p.role] for p in floats.graph.populations]


def test_weights_of_int8_with_a_scale_a_neuron():
    """Each within half a scale, which is the largest of its neuron over 127; what the model does
    is what float32 does with them."""
    model = drawn_model(6)
    made = EXPORTS["onnx-qdq"].write(model, "d", None)
    assert made.facts["numbers"].endswith("not bit exact")
    graph = onnx.load_from_string(made.files["model.onnx"]).graph
    held = {each.name: onnx.numpy_helper.to_array(each) for each in graph.initializer}
    found = {}
    nodes = [*graph.node, *(n for s in graph.node for a in s.attribute for n in a.g.node)]
    for node in (n for n in nodes if n.op_type == "DequantizeLinear"):
        if node.input[0] in held:
            codes, scales = held[node.input[0]], held[node.input[1]]
            assert codes.dtype == np.int8
            # onnxruntime joins both nodes to one, which takes a scale a column, whatever this says.
            assert {a.name: a.i for a in node.attribute} == {"axis": 1}
            found[codes.shape] = codes * scales
    close = {}
    for name, wiring in model.wirings.items():
        pre, post = wiring.pairs()
        weights = np.zeros((wiring.pre_neurons, wiring.post_neurons), np.float32)
        weights[pre, post] = model.weights(name).ravel()[wiring.places()]
        if weights.any():
            kept = found[weights.shape]
            assert (abs(kept - weights) <= 0.5001 * abs(weights).max(axis=0) / 127).all()
            close[name] = kept[pre, post].reshape(model.weights(name).shape)
    near = model.with_weights(close)
    samples = drawn_samples(6, 3)
    wanted = ReferenceSimulator(near, np.float32).trace(samples, True)
    spikes = np.ascontiguousarray(samples.values[samples.rows].transpose(1, 0, 2))
    made = run_scan(
        scan_model(model, "d", every_spike=True, every_state=True, is_coded=True), spikes
    )
    for name, fired in wanted.spikes.items():
        assert (made[f"{name}.spikes"] == fired).all(), name
    assert wanted.spikes["h2"].any()
    for name, states in wanted.states.items():
        for state, values in states.items():
            if f"{name}.{state}" in made:
                most = NEAR * float(np.abs(values).max())
                assert np.abs(made[f"{name}.{state}"] - values).max() <= most, (name, state)


def test_integers_have_a_better_form():
    found = refused("E071", EXPORTS["onnx-qdq"].write, drawn_integers(3), "d", None)
    assert "--target onnx" in found.help


SENT = "input x[6] encode current(duration = 40 ms)"


def test_inputs_that_send_numbers_are_refused():
    text = ALL_OPERATORS.replace("input x[6] encode spikes(duration = 40 ms)", SENT)
    model = draw_model(compiled_text(text).graph, 0)
    for write in (scan_model, step_model):
        assert "`x` sends numbers" in refused("E071", write, model, "d").message
