"""Errors through poolings, by hand: the algorithm's own words against the oracle."""

from __future__ import annotations

import numpy as np
import pytest
from compiled_texts import compiled_text

from snncc.backends.rules.spike_train.oracle.network import network_gradients
from snncc.ir.model import draw_model

KEEP_V, KEEP_C, REFRACTORY, BAR = 1 - 1 / 16, 1 - 1 / 4, 2, 4.0
TEXT = """
network net {{
  dt = 1 ms
  delay = 1 ms
  neuron cell = lif(tau_mem = 16 ms, tau_syn = 4 ms, refractory = 2 ms)
  input x[1, 5, 4] encode spikes(duration = 60 ms)
  population c : cell(v_th = 1 mV)
  population p : cell(v_th = {bar} mV)
  output y[2] : cell(v_th = 1 mV)
  x -> c : conv2d(channels = 2, kernel = 2, padding = 1)
  c -> p : pool2d(kernel = 2)
  p -> y : dense
}}
train net {{
  data digits
  rule {rule}(target = 6, other = 2, margin = 0, profile = "{profile}")
  optimizer sgd(lr = 1)
}}
"""


def trains(generator, neurons, rate):
    """bool [60, neurons] with a refractory time; some neurons are silent, none fires at first."""
    drawn = generator.random((60, neurons)) < rate
    drawn[:, generator.random(neurons) < 0.3] = False
    drawn[0] = False
    for t in range(1, 60):
        drawn[t] &= ~drawn[max(0, t - REFRACTORY) : t].any(axis=0)
    return drawn


def response(pre, post):
    """e of two trains: the scan of a single synapse of weight 1."""
    p = q = total = 0.0
    rest = 0
    for t in range(len(pre)):
        p = KEEP_C * p + (t > 0 and pre[t - 1])
        q = KEEP_V * q + p / 4
        if rest:
            q, rest = 0.0, rest - 1
        if post[t]:
            total, q, rest = total + q, 0.0, REFRACTORY
    return total


@pytest.mark.parametrize(
    ("rule", "profile", "silent"),
    [
        ("st_rsbp", "reference", 0.0),
        ("st_rsbp", "paper", 0.0),
        ("hm2_bp", "recommended", 1.0),
    ],
)
@pytest.mark.parametrize("bar", [2, 4])
def test_what_a_pool_asks_of_its_square(rule, profile, silent, bar):
    """As the authors have it, and where a threshold of kernel^2 makes both the same."""
    program = compiled_text(TEXT.format(rule=rule, profile=profile, bar=bar))
    model, generator = draw_model(program.graph, 1), np.random.default_rng(bar)
    sizes = {p.name: p.neurons for p in program.graph.populations}
    spikes = {name: trains(generator, n, 0.1) for name, n in sizes.items()}
    found = network_gradients(model, spikes, 1, program.train.call("rule"), has_window=False)
    planes, squares = sizes["c"] // 2, sizes["p"] // 2
    assert (planes, squares) == (30, 6)
    wanted = np.zeros(sizes["c"])
    for i in range(sizes["p"]):
        plane, row, column = i // squares, i % squares // 2, i % 2
        for a in range(2):
            for b in range(2):
                j = plane * planes + (2 * row + a) * 5 + 2 * column + b
                u, o = spikes["c"][:, j].sum(), spikes["p"][:, i].sum()
                e = response(spikes["c"][:, j], spikes["p"][:, i])
                share = 1 / 4 if profile == "reference" else 1 / bar
                wanted[j] += found.deltas["p"][i] * share * (e / u if u and o else silent)
    if rule == "st_rsbp" and profile == "paper":  # Omega has a part in it
        still = np.flatnonzero(spikes["c"].sum(axis=0) == 0)
        assert len(still)
        assert not found.deltas["c"][still].any()
    else:
        np.testing.assert_allclose(found.deltas["c"], wanted, rtol=1e-12, atol=1e-15)
