"""Gradients through time against finite differences of the smooth network."""

from __future__ import annotations

import numpy as np
import pytest
from backend_cases import grid_model
from compiled_texts import compiled_text
from smooth import SmoothBackward, smooth_model

from snncc.backends.reference.network import simulate
from snncc.backends.rules.through_time.oracle import gradients_through_time
from snncc.ir.adjoint.curves import CURVES
from snncc.ir.adjoint.step import Surrogate, adjoint_of
from snncc.ir.model import draw_model
from snncc.ir.passes.pipeline import run_model_passes

STEPS, BATCH = 14, 2
NETWORK = """
neuron leaky {{  # several ports, a product of states, a function
  param tau: ms = 6 ms
  state v: mV = 0 mV
  state g: 1 = 0.2
  input i: mV
  input m: mV
  on input {{ v = v + i + 0.5 * m * tanh(g) }}
  dv/dt = -v / tau
  dg/dt = -g / (3 ms) + abs(v) / 20 mV / 1 ms
  spike when v * (1 + g) >= 2 mV
  on spike {{ v = v - 1.5 mV  g = g * 0.5 }}
}}
neuron cell {{  # lif without a refractory time
  param v_th: mV = 1 mV
  state v: mV = 0 mV
  state c: mV = 0 mV
  on input {{ c = c + i }}
  dv/dt = (c - v) / 8 ms
  dc/dt = -c / 3 ms
  spike when v > v_th
  on spike {{ v = 0 mV }}
}}
neuron tuned {{  # all that can be learnt
  param tau: ms = 6 ms trainable
  param tau_syn: ms = 3 ms trainable(shared = true, low = 2 ms, high = 5 ms)
  param v_th: mV = 1 mV trainable(shared = true)
  param rest: mV = 0.25 mV trainable
  param b: mV/ms = 0.0625 mV / 1 ms trainable
  state v: mV = 2 * rest
  state c: mV = 0 mV
  on input {{ c = c + i }}
  dv/dt = (rest - v) / tau + c / tau_syn + b
  dc/dt = -c / tau_syn
  spike when v > v_th - exp(-tau / tau_syn) * 1 mV
  on spike {{ v = rest }}
}}
neuron readout {{
  state u: mV = 0 mV
  on input {{ u = u + i }}
  du/dt = -u / 5 ms
  emit u
}}
network net {{
  dt = 1 ms
  delay = 1 ms
  input x[5] encode spikes(duration = 14 ms)
  {body}
}}
"""
BODIES = {
    "layers": """
  population h[4] : cell(v_th = 0.5 mV)
  output y[3] : alif(v_th = 1.5 mV)
  x -> h : dense  delay 0 ms
  h -> y : dense  delay 2 ms""",
    "loop": """
  population a[4] : alif(v_th = 1 mV)
  population b[3] : leaky
  output y[2] : leaky
  x -> a : dense
  a -> b.i : dense  delay 0 ms
  b -> a : sparse(p = 0.7)  delay 3 ms
  b -> b.m : dense  delay 2 ms
  a -> y.m : dense
  b -> y.i : dense  delay 0 ms""",
    "methods": """
  population a[4] : alif(v_th = 0.5 mV) method exponential_euler
  population b[3] : leaky method rk4
  output y[2] : alif(v_th = 1 mV) method forward_euler
  x -> a : dense
  a -> b.i : dense  delay 0 ms
  b -> b.m : dense  delay 2 ms
  b -> y : dense""",
    "readout": """
  population h[6] : if(v_th = 1 mV)
  output y[2] : readout
  x -> h : dense
  h -> h : dense
  h -> y : dense  delay 0 ms""",
}


LEARNT = """
  population a[4] : tuned(tau = 8 ms) method {}
  population b[3] : tuned(v_th = 0.75 mV fixed) method {}
  x -> a : dense
  a -> b : dense  delay 0 ms
  a -> a : dense
  b -> a : dense  delay 3 ms"""


def loss_of(model, inputs, asked, curve, width):
    smooth = smooth_model(run_model_passes(model), curve, width)
    trace = simulate(smooth, inputs, np.float64, record=True)
    return sum(float((asked[n] * trace.emitted[n]).sum()) for n in asked), trace


@pytest.mark.parametrize("methods", [("euler", "exact"), ("rk4", "exponential_euler")])
def test_parameters_that_learn_have_the_gradient_of_finite_differences(methods):
    generator = np.random.default_rng(3)
    graph = compiled_text(NETWORK.format(body=LEARNT.format(*methods))).graph
    model, curve, width = grid_model(graph, 4, -0.5, 1.0), "sigmoid", 1.5
    varied = {
        name: (v.array * generator.uniform(0.8, 1.25, v.array.shape)).astype(np.float32)
        for name, v in model.values.items()
        if "weights" not in name
    }
    model = model.with_values(varied)
    inputs = {"x": generator.random((STEPS, BATCH, 5)) < 0.4}
    shapes = {"a": 4, "b": 3}
    asked = {n: generator.normal(size=(STEPS, BATCH, k)) for n, k in shapes.items()}
    _, trace = loss_of(model, inputs, asked, curve, width)
    trace.spikes.update({n: trace.emitted[n] for n in asked})
    surrogate, settled = Surrogate(CURVES[curve], width), run_model_passes(model).graph
    adjoints = {n: adjoint_of(settled.population(n).step, surrogate) for n in asked}
    found = SmoothBackward(model, trace, asked, adjoints).gradients().parameters
    assert found.keys() == varied.keys()
    for name, values in varied.items():
        assert found[name].shape == values.shape
        for k in range(values.size):
            losses = []
            for sign in (1, -1):
                moved = np.array(values, np.float64)
                moved.reshape(-1)[k] += sign * 2.0**-7
                losses.append(
                    loss_of(model.with_values({name: moved}), inputs, asked, curve, width)[0]
                )
            wanted = (losses[0] - losses[1]) / 2.0**-6
            assert found[name].ravel()[k] == pytest.approx(wanted, rel=2e-3, abs=2e-4), (name, k)


@pytest.mark.parametrize("curve", ["sigmoid", "fast_sigmoid"])
@pytest.mark.parametrize("body", BODIES)
def test_a_smooth_network_has_the_gradient_of_finite_differences(body, curve):
    generator = np.random.default_rng(3)
    graph = compiled_text(NETWORK.format(body=BODIES[body])).graph
    inputs = {"x": generator.random((STEPS, BATCH, 5)) < 0.4}
    check_differences(graph, inputs, curve, generator)


def check_differences(graph, inputs, curve, generator):
    """The gradients of some weights of each projection, by finite differences of two steps."""
    model, width = grid_model(graph, 4), 1.5
    spiking = [p for p in graph.populations if p.step is not None]
    asked = {p.name: generator.normal(size=(STEPS, BATCH, p.neurons)) for p in spiking}
    _, trace = loss_of(model, inputs, asked, curve, width)
    surrogate = Surrogate(CURVES[curve], width)
    adjoints = {p.name: adjoint_of(p.step, surrogate) for p in spiking}
    trace.spikes.update({p.name: trace.emitted[p.name] for p in spiking})
    found = SmoothBackward(model, trace, asked, adjoints).gradients()
    for name, gradient in found.weights.items():
        flat = model.weights(name).ravel()
        for k in generator.choice(flat.size, min(flat.size, 6), replace=False):
            differences = []
            for step in (2.0**-8, 2.0**-9):
                values = []
                for sign in (1, -1):
                    moved = flat.copy()
                    moved[k] += np.float32(sign * step)
                    weights = {name: moved.reshape(model.weights(name).shape)}
                    loss, _ = loss_of(model.with_weights(weights), inputs, asked, curve, width)
                    values.append(loss)
                differences.append((values[0] - values[1]) / (2 * step))
            wanted = (4 * differences[1] - differences[0]) / 3
            tolerance = 1e-5 if curve == "sigmoid" else 2e-2  # it has a kink
            assert gradient.ravel()[k] == pytest.approx(wanted, rel=tolerance, abs=tolerance), name


@pytest.mark.parametrize("body", ["layers", "loop"])
def test_counts_of_an_input_have_the_gradient_of_finite_differences(body):
    generator = np.random.default_rng(5)
    text = NETWORK.replace("= 14 ms)", "= 14 ms, most = 4)")
    graph = compiled_text(text.format(body=BODIES[body])).graph
    counts = generator.integers(0, 5, (STEPS, BATCH, 5)) * (
        generator.random((STEPS, BATCH, 5)) < 0.3
    )
    check_differences(graph, {"x": counts.astype(np.uint8)}, "sigmoid", generator)


@pytest.mark.parametrize("delay", [STEPS - 1, STEPS, STEPS + 3, 3 * STEPS])
def test_what_arrives_after_the_last_step_teaches_nothing(delay):
    text = NETWORK.format(body="output y[3] : readout  x -> y : dense  x -> y : dense")
    graph = compiled_text(text.replace("dense\n", f"dense  delay {delay} ms\n")).graph
    model, inputs = grid_model(graph, 4), {"x": np.ones((STEPS, BATCH, 5), bool)}
    asked = {"y": np.ones((STEPS, BATCH, 3))}
    trace = simulate(model, inputs, np.float64, record=True)
    adjoints = {"y": adjoint_of(graph.population("y").step, Surrogate(CURVES["sigmoid"], 1.0))}
    found = SmoothBackward(model, trace, asked, adjoints).gradients().weights
    assert found["x->y"].all()
    assert found["x->y#2"].any() == (delay < STEPS)


STBP = """
network net {
  dt = 1 ms
  input x[2] encode spikes(duration = 5 ms)
  population y0[1] : stbp(bias = 0.05 mV / 1 ms trainable)
  population y1[1] : stbp(bias = 0 mV / 1 ms trainable)
  x -> y0 : list(synapses = [[0, 0, 0.6], [1, 0, 0.3]]) trainable
  x -> y1 : list(synapses = [[0, 0, 0.2], [1, 0, 0.55]]) trainable
}
"""


def test_stbps_example_by_hand():
    """One layer, tau 0.2, V_th 0.5, T 5, the curve h1 of width 1; loss half the squared distance of
    the rates from (1, 0). The numbers follow from eqs. 9 to 18 of Wu et al. 2018 with the reset's
    whole contribution (dL/du of the next step in place of its direct part)."""
    model = draw_model(compiled_text(STBP).graph, 0)
    x = np.array([[1, 0], [0, 1], [1, 1], [0, 0], [1, 0]], bool)[:, None]
    trace = simulate(model, {"x": x}, np.float64)
    fired = [trace.spikes[y][:, 0, 0].astype(int).tolist() for y in ("y0", "y1")]
    assert fired == [[1, 0, 1, 0, 1], [0, 1, 1, 0, 0]]
    asked = {"y0": np.full((5, 1, 1), -0.4 / 5), "y1": np.full((5, 1, 1), 0.4 / 5)}
    surrogate = Surrogate(CURVES["rectangle"], 1.0)
    found = gradients_through_time(model, {"x": x}, asked, dict.fromkeys(asked, surrogate))
    np.testing.assert_allclose(found.weights["x->y0"], [-0.1496, -0.08], rtol=1e-6)
    np.testing.assert_allclose(found.weights["x->y1"], [0.248934912, 0.1484432], rtol=1e-6)
    biases = [found.parameters[f"{y}/bias"][0] for y in asked]
    np.testing.assert_allclose(biases, [-0.3248, 0.335778112], rtol=1e-6)
