"""That the rules' gradients point downhill in a real, spiking network on real data.

Its counts are piecewise constant, so finite differences say nothing of them; what can be seen is
the cost of many samples, and how much of the learning the hidden layers do.
"""

from __future__ import annotations

import numpy as np
import pytest
from compiled_texts import compiled_text
from kernel_flags import SPIKE_TRAIN

from snncc.backends.protocols import Samples
from snncc.backends.trainers.cpu import CpuTrainer
from snncc.ir.model import draw_model
from snncc.runtime.datasets.public import load_digits

pytestmark = [
    pytest.mark.slow,
    SPIKE_TRAIN,
    pytest.mark.parametrize("kernels", ["compiled"], indirect=True),
]

NET = """
network net {{
  dt = 1 ms
  delay = 1 ms
  neuron cell = lif(tau_mem = 64 ms, tau_syn = 8 ms, refractory = 2 ms)
  input x[64] encode poisson(duration = 60 ms, rate = 400 Hz)
  population h[60] : cell(v_th = 10 mV)
  output y[10] : cell(v_th = 8 mV)
  x -> h : dense(init = uniform(-1, 1)) {hidden}
  {inside}
  h -> y : dense(init = uniform(-1, 1))
}}
train net {{
  data digits
  rule {rule}(target = 12, other = 2, margin = 1)
  optimizer {optimizer}
}}
"""
INSIDE = "h -> h : sparse(p = 0.1, init = uniform(-1, 1)) {hidden}"
SEED = 5
CASES = pytest.mark.parametrize(
    ("rule", "inside"), [("st_rsbp", INSIDE), ("st_rsbp", ""), ("hm2_bp", "")]
)


@pytest.fixture(scope="module")
def digits():
    """digits(count): the first samples of the training set."""
    data = load_digits("train")

    def make(count):
        return Samples(
            data.values[:count].reshape(count, -1),
            np.arange(count),
            np.arange(count, dtype=np.uint64),
            data.labels[:count],
            np.ones(count, np.float32),
        )

    return make


def trainer(kernels, rule, inside, optimizer, hidden=""):
    text = NET.format(
        rule=rule, inside=inside.format(hidden=hidden), optimizer=optimizer, hidden=hidden
    )
    program = compiled_text(text)
    return CpuTrainer(draw_model(program.graph, SEED), program.train, 1, kernels)


def cost(made, samples):
    """The mean squared error of the counts, silent targets included; without learning."""
    counts = made.train(samples, len(samples.ids), 0.0).counts
    desired = np.where(np.arange(10) == samples.labels[:, None], 12.0, 2.0)
    error = counts - desired
    return float((np.where(np.abs(error) <= 1.0, 0.0, error) ** 2).sum(axis=1).mean())


@CASES
def test_a_step_along_the_gradient_lowers_the_cost(kernels, rule, inside, digits):
    samples = digits(400)
    made = trainer(kernels, rule, inside, "sgd(lr = 1)")
    before, state = cost(made, samples), made.state()
    made.train(samples, 400, 0.03)
    assert cost(made, samples) < 0.995 * before
    made.restore(state)
    made.train(samples, 400, -0.03)
    assert cost(made, samples) > 1.005 * before


@CASES
def test_hidden_layers_do_most_of_the_learning(kernels, rule, inside, digits):
    """An output layer on frozen hidden ones stays far behind."""
    samples = digits(600)
    right = {}
    for hidden in ("", "fixed"):
        made = trainer(kernels, rule, inside, "adam(lr = 0.002)", hidden)
        for _ in range(6):
            outcome = made.train(samples, 1, 0.002)
        right[hidden] = float((outcome.predictions == samples.labels).mean())
    assert right[""] > 0.8
    assert right["fixed"] < right[""] - 0.2
