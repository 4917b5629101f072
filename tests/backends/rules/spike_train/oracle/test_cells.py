"""The neurons' constants, in steps, and the neurons that are refused."""

from __future__ import annotations

from dataclasses import astuple

import numpy as np
import pytest
from compiled_texts import compiled_text
from refusal import refused

from snncc.backends.rules.spike_train.oracle.cells import cells_of
from snncc.backends.rules.spike_train.oracle.network import network_gradients
from snncc.ir.graph import Call
from snncc.ir.model import draw_model

NET = """
neuron loud {{
  param tau: ms = 8 ms
  state v: mV = 0 mV
  on input {{ v = v + 4 * i }}
  dv/dt = -v / tau
  spike when v > 2 mV
  on spike {{ v = 0 mV }}
}}
network n {{
  dt = 0.5 ms
  input x[2] encode bernoulli(duration = 10 ms)
  output y[3] : {cell}
  x -> y : dense
}}
"""

TWIN = """
neuron twin {{
  state v: mV = 0 mV
  state c: mV = 0 mV
  on input {{ c = c + i }}
  dv/dt = -v / 16 ms + {gain}c / 4 ms
  dc/dt = -c / 4 ms
  spike when v >= {bar} mV
  on spike {{ v = 0 mV }}
}}
network n {{
  delay = 1 ms
  input x[6] encode spikes(duration = 60 ms)
  population h[5] : twin
  output y[4] : twin
  x -> h : dense
  h -> y : dense
}}
"""


def cell(text):
    graph = compiled_text(NET.format(cell=text)).graph
    (found,) = cells_of(graph).values()
    return astuple(found)


def test_times_are_in_steps():
    text = "lif(tau_mem = 16 ms, tau_syn = 4 ms, v_th = 2 mV, refractory = 2 ms)"
    assert cell(text) == pytest.approx((32.0, 8.0, 4, 2.0))


def test_a_potential_is_taken_in_units_of_its_gain():
    assert cell("loud") == pytest.approx((16.0, 1.0, 0, 0.5))


def test_refuses_other_neurons():
    refused("E050", cell, "izhikevich")


@pytest.mark.parametrize("profile", ["reference", "paper", "recommended"])
@pytest.mark.parametrize("kind", ["st_rsbp", "hm2_bp"])
def test_gradients_do_not_depend_on_the_unit_of_the_potential(kind, profile):
    """A neuron whose potential and threshold are 8 times as large fires alike and learns alike."""
    one, two = (
        compiled_text(TWIN.format(gain=gain, bar=bar)).graph
        for gain, bar in (("", 2), ("8 * ", 16))
    )
    generator = np.random.default_rng(3)
    weights = {
        p.name: generator.uniform(
            -0.5, 1, tuple(one.population(n).neurons for n in (p.pre, p.post))
        )
        for p in one.projections
    }
    spikes = {p.name: generator.random((60, p.neurons)) < 0.1 for p in one.populations}
    arguments = {"target": 9.0, "other": 2.0, "margin": 1.0, "profile": profile}
    rule = Call(kind, tuple(arguments.items()))
    found = [
        network_gradients(draw_model(g, 0, weights), spikes, 0, rule).gradients for g in (one, two)
    ]
    for name, gradient in found[0].items():
        assert np.abs(gradient).max() > 0
        np.testing.assert_allclose(found[1][name], gradient, rtol=1e-9)
