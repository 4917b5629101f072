"""Steps of an update that read all weights of a neuron, where the weights lie by their senders."""

from __future__ import annotations

import numpy as np
import pytest
from compiled_texts import compiled_text
from kernel_flags import THROUGH_TIME
from rule_cases import RATE, SEED, sample

from snncc.backends.trainers.cpu import CpuTrainer
from snncc.ir.model import draw_model

pytestmark = THROUGH_TIME

TEXT = """
network net {
  dt = 1 ms
  delay = 1 ms
  neuron cell = lif(tau_mem = 8 ms, tau_syn = 3 ms, v_th = 1 mV, refractory = 1 ms)
  input x[20] encode spikes(duration = 120 ms)
  population h[18] : cell
  output y[5] : cell
  x -> h : dense
  h -> h : dense(init = uniform(-0.4, 0.4))
  h -> y : dense
}
train net {
  data digits
  rule surrogate(width = 2)
  loss count(target = 12, other = 3, margin = 1)
  REGULARIZER
  optimizer sgd(lr = 0.001, momentum = 0.5)
}
"""
LIMIT, BETA, STRENGTH = 0.5, 0.9, 40.0
PULL = f"regularizer exponential(strength = {STRENGTH}, beta = {BETA}, limit = {LIMIT})"


def trained(kernels, regularizer, batch):
    program = compiled_text(TEXT.replace("REGULARIZER", regularizer))
    model = draw_model(program.graph, SEED)
    trainer = CpuTrainer(model, program.train, 1, kernels)
    trainer.train(sample(1), batch, RATE)
    return model, trainer


@pytest.mark.compiled_at_night
@pytest.mark.parametrize("batch", [1, 2])
def test_the_pull_of_a_neurons_weights_together(kernels, batch):
    model, plain = trained(kernels, "", batch)
    _, pulled = trained(kernels, PULL, batch)
    for name in ("x->h", "h->h", "h->y"):
        w = model.weights(name).astype(np.float64)
        k = STRENGTH * BETA / LIMIT * np.exp(BETA * (((w / LIMIT) ** 2).mean(axis=0) - 1))
        moved = plain.weights()[name].astype(np.float64) - pulled.weights()[name]
        np.testing.assert_allclose(moved / RATE, k * w, rtol=2e-3, atol=2e-3)
        moments = [t.state()[f"optimizer/first/{name}"].astype(np.float64) for t in (plain, pulled)]
        np.testing.assert_allclose(moments[1] - moments[0], k * w, rtol=2e-3, atol=2e-3)


def test_errors_go_down_by_the_weights_that_were_updated(kernels):
    """A second sample learns as from a trainer that begins with the weights of the first."""
    _, one = trained(kernels, PULL, 1)
    program = compiled_text(TEXT.replace("REGULARIZER", PULL))
    fresh = CpuTrainer(draw_model(program.graph, SEED), program.train, 1, kernels)
    fresh.restore(one.state())
    for trainer in (one, fresh):
        trainer.train(sample(2), 1, RATE)
    for name, weights in one.weights().items():
        np.testing.assert_array_equal(weights, fresh.weights()[name])
