"""Shared weights in the oracle: their gradient is the sum of those of their synapses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from compiled_texts import compiled_text

from snncc.backends.rules.spike_train.oracle.network import network_gradients
from snncc.ir.model import draw_model
from snncc.ir.wiring import AllPairs

NET = """
network net {
  input  x[2, 3] encode spikes(duration = 60 ms)
  population h[2, 1, 2] : lif(v_th = 2 mV)
  output y[3] : lif(v_th = 2 mV)
  x -> h : conv2d(channels = 2, kernel = 2, init = uniform(-0.5, 1))
  h -> y : dense
}
train net { data digits  rule st_rsbp(target = 9, other = 2, margin = 0) }
"""


def test_a_shared_weights_gradient_is_the_sum_of_its_synapses() -> None:
    program = compiled_text(NET)
    assert program.train is not None
    tied = draw_model(program.graph, 1)
    windows = tied.wirings["x->h"]
    matrix = np.zeros((6, 4), np.float32)
    matrix[windows.pairs()] = tied.weights("x->h").ravel()[windows.places()]
    free = replace(tied, wirings={**tied.wirings, "x->h": AllPairs(6, 4)})
    free = free.with_weights({"x->h": matrix, "h->y": tied.weights("h->y")})
    generator = np.random.default_rng(1)
    spikes = {p.name: generator.random((60, p.neurons)) < 0.1 for p in program.graph.populations}
    rule = program.train.call("rule")
    ours, theirs = (
        network_gradients(model, spikes, 0, rule, 1.0).gradients["x->h"] for model in (tied, free)
    )
    wanted = np.zeros(8)
    np.add.at(wanted, windows.places(), theirs[windows.pairs()])
    np.testing.assert_allclose(ours.ravel(), wanted)
    assert np.abs(wanted).max() > 0
