"""Every method against an integration in plain NumPy that knows nothing of phases."""

from __future__ import annotations

import numpy as np
import pytest
from compiled_texts import compiled_text

from snncc.backends.reference.network import simulate
from snncc.ir.expr import evaluate
from snncc.ir.model import draw_model
from snncc.ir.schemes import SCHEMES
from snncc.ir.text import parse_graph

DT, STEPS = 0.25, 400
NET = f"""
neuron cell {{
  param tau: ms = 6 ms
  state v: mV = -1 mV
  state w: mV = 0.5 mV
  state s: 1 = 0
  on input {{ v = v + i  s = s + 0.2 * i / 1 mV }}
  dv/dt = (v - v ^ 3 / 3 / 1 mV^2 - w + 0.5 mV) / 1 ms - s * v / 4 ms
  dw/dt = (v + 0.7 mV - 0.8 * w) / tau
  ds/dt = -s / 2 ms
  spike when v > 0.25 mV
  on spike {{ v = v - 1.5 mV  w = w + 0.25 mV }}
}}
network n {{
  dt = {DT} ms
  method = METHOD
  input x[3] encode spikes(duration = {STEPS * DT} ms)
  output y[2] : cell
  x -> y : dense
}}
"""
LINEAR = NET.replace("v - v ^ 3 / 3 / 1 mV^2", "v * 0.3 - tanh(w / 1 mV) * v")


def slopes(x, linear: bool):
    v, w, s = x
    cube = v * 0.3 - np.tanh(w) * v if linear else v - v**3 / 3
    return np.array([cube - w + 0.5 - s * v / 4, (v + 0.7 - 0.8 * w) / 6, -s / 2])


def plain(x, f):
    return x + DT * f(x)


def runge_kutta(x, f):
    a = f(x)
    b = f(x + DT / 2 * a)
    c = f(x + DT / 2 * b)
    return x + DT / 6 * (a + 2 * b + 2 * c + f(x + DT * c))


def exponential(x, f):
    """x exp(a dt) + b (exp(a dt) - 1) / a, a and b of each equation found by two values of f."""
    found = x.copy()
    for k in range(len(x)):
        at_zero, at_one = x.copy(), x.copy()
        at_zero[k], at_one[k] = 0.0, 1.0
        b = f(at_zero)[k]
        a = f(at_one)[k] - b
        found[k] = x[k] * np.exp(a * DT) + b / a * np.expm1(a * DT)
    return found


@pytest.mark.parametrize(
    ("method", "text", "step"),
    [
        ("forward_euler", NET, plain),
        ("rk4", NET, runge_kutta),
        ("exponential_euler", LINEAR, exponential),
    ],
)
def test_a_network_is_an_independent_integration(method, text, step) -> None:
    generator = np.random.default_rng(4)
    spikes = generator.random((STEPS, 1, 3)) < 0.05
    weights = generator.normal(0.3, 0.3, (3, 2)).astype(np.float32)
    graph = compiled_text(text.replace("METHOD", method)).graph
    found = simulate(draw_model(graph, 0, {"x->y": weights}), {"x": spikes}, record=True)
    state, fired = np.array([[-1.0, -1.0], [0.5, 0.5], [0.0, 0.0]]), []
    for t in range(STEPS):
        arrived = spikes[t, 0] @ weights.astype(np.float64)
        state[0] += arrived
        state[2] += 0.2 * arrived
        for n in range(2):
            state[:, n] = step(state[:, n], lambda x: slopes(x, text is LINEAR))
        fired.append(state[0] > 0.25)
        state[0] -= 1.5 * fired[-1]
        state[1] += 0.25 * fired[-1]
        for name, values in zip("vws", state, strict=True):
            np.testing.assert_allclose(found.history["y"][name][t, 0], values, rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(found.spikes["y"][:, 0], fired)
    assert 5 < np.sum(fired) < 200


MODEL = """snnir 2 network n dt 1.0 threshold step spikes 1
model m {{ parameter a "1" 1.0 state x "1" = 0.0 derivative x = a * x ports (i)
  spike x > 1.0 }}
population p hidden (1) model m (a=1.0) method euler
"""


@pytest.mark.parametrize("method", SCHEMES)
@pytest.mark.parametrize("z", [-2.5, -1.0, -1e-3, 0.0, 0.5, 3.0])
def test_the_factor_is_what_a_step_makes_of_a_state(method, z) -> None:
    model = parse_graph(MODEL.format()).populations[0].model
    assert model is not None
    row, dt = SCHEMES[method], 0.5
    made = row.scheme(model, dt)
    values = {"a": z / dt, "x": 3.0}
    values |= dict(zip(made.constants, made.own.values(values), strict=True))
    for assign in (*made.decay, *made.deliver, *made.integrate):
        values[assign.target] = evaluate(assign.value, values, np.float64)
    assert values["x"] == pytest.approx(3.0 * row.factor(z), rel=1e-13)


@pytest.mark.parametrize("method", SCHEMES)
def test_beyond_what_it_may_fall_by_it_swings_or_grows(method) -> None:
    row = SCHEMES[method]
    most = min(row.falls, 50.0)
    assert all(0.0 <= row.factor(-z) <= 1.0 + 1e-9 for z in np.linspace(0.0, most, 101))
    if row.falls < 50.0:
        assert not 0.0 <= row.factor(-1.01 * row.falls) <= 1.0
