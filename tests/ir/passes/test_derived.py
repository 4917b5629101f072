"""The numbers of a step by its learnt parameters: as the passes work them out, and their slopes."""

from __future__ import annotations

import numpy as np
import pytest
from compiled_texts import compiled_text

from snncc.ir.model import draw_model
from snncc.ir.passes.derived import derived
from snncc.ir.passes.pipeline import run_model_passes
from snncc.ir.tensors import numbers

NET = """
neuron cell {{
  param tau: ms = 6 ms trainable
  param tau_syn: ms = 2 ms trainable(shared = true)
  param rest: mV = 0.25 mV trainable
  param v_th: mV = 1 mV trainable
  param gain: 1 = 2 trainable
  param quiet: mV = 3 mV
  state v: mV = rest * 2 + quiet
  state c: mV = 0 mV
  on input {{ c = c + gain * i }}
  dv/dt = (rest - v) / tau + c / tau_syn
  dc/dt = -c / tau_syn
  spike when v > max(v_th, rest) - exp(-tau / tau_syn) * 1 mV
  on spike {{ v = rest ^ 2 / v_th }}
}}
network n {{ dt = 0.5 ms  method = {method}
  input x[2] encode spikes(duration = 2 ms)  output y[4] : cell  x -> y : dense }}
"""
PARAMETERS = {
    "tau": np.array([6.0, 3.0, 12.0, 1.0]),
    "tau_syn": np.array(2.0),
    "rest": np.array([0.25, -1.0, 2.0, 0.5]),
    "v_th": np.array([1.0, 1.5, 0.5, 1.0]),
    "gain": np.array([2.0, 1.0, -1.0, 3.0]),
}


def graph(method):
    return compiled_text(NET.format(method=method)).graph


@pytest.mark.parametrize("method", ["euler", "exact"])
def test_they_are_those_of_the_passes(method):
    made = graph(method)
    model = draw_model(made, 1).with_values(
        {f"y/{name}": value.astype(np.float32) for name, value in PARAMETERS.items()}
    )
    found = derived(made.population("y"), made.dt).values(PARAMETERS)
    settled = run_model_passes(model)
    starts = {n.partition("/")[2]: numbers(t) for n, t in settled.values.items() if n[:2] == "y/"}
    assert starts.keys() == found.keys()
    for name, values in found.items():
        array = np.broadcast_to(values, 4).astype(np.float32)
        np.testing.assert_array_equal(array, starts[name], err_msg=name)


@pytest.mark.parametrize("method", ["euler", "exact"])
def test_gradients_are_differences(method):
    made = derived(graph(method).population("y"), 0.5)
    generator = np.random.default_rng(1)
    asked = {name: generator.normal(size=4) for name in made.numbers}

    def cost(parameters):
        return sum(asked[n] * v for n, v in made.values(parameters).items())

    found = made.gradients(PARAMETERS, asked)
    assert found.keys() == PARAMETERS.keys()
    for name, values in PARAMETERS.items():
        h = 1e-6
        up, down = (cost({**PARAMETERS, name: values + s * h}) for s in (1, -1))
        np.testing.assert_allclose(found[name], (up - down) / (2 * h), rtol=1e-6, atol=1e-8)
        assert np.abs(found[name]).min() > 0, name


def test_what_does_not_follow_stays_a_constant():
    text = """
network n { input x[2] encode spikes(duration = 2 ms)
  output y[4] : lif(tau_mem = 20 ms trainable) method exact  x -> y : dense }
"""
    made = compiled_text(text).graph
    step = run_model_passes(draw_model(made, 1)).graph.population("y").step
    own = derived(made.population("y"), made.dt).scheme.own.reads
    assert own["exact.c.c"] == {"tau_syn"}
    assert own["exact.v.c"] == {"tau_mem", "tau_syn"}
    assert len(step.constants) == len(own) - 2 + 2  # v.v and v.c are states now; v_th, refractory
    assert len(step.states) == 3 + 2
