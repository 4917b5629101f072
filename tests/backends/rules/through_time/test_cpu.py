"""Learning through time on the CPU: a step of descent is the oracle's gradient, for any neuron."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from backend_cases import samples_with
from compiled_texts import compiled_text
from rule_cases import check_step_of, sample

from snncc.backends.rules.through_time.cpu import scratch
from snncc.backends.trainers import cpu as trainer_module
from snncc.backends.trainers.cpu import CpuTrainer
from snncc.ir.model import draw_model

HEAD = """
neuron two {  # two ports, a product of states, a function
  param tau: ms = 6 ms
  state v: mV = 0 mV
  state g: 1 = 0.2
  input i: mV
  input m: mV
  on input { v = v + i + 0.5 * m * tanh(g) }
  dv/dt = -v / tau
  dg/dt = -g / 3 ms + abs(v) / 20 mV / 1 ms
  spike when v * (1 + g) >= 2 mV
  on spike { v = v - 1.5 mV  g = g * 0.5 }
  refractory 2 ms { v = 0 mV }
}
neuron tuned {  # parameters that learn, of every kind
  param tau: ms = 6 ms trainable
  param tau_syn: ms = 3 ms trainable(shared = true, low = 2 ms, high = 5 ms)
  param v_th: mV = 1 mV trainable(shared = true, lr_mult = 0.5)
  param rest: mV = 0.25 mV trainable(high = 2 mV)
  param b: mV/ms = 0.125 mV / 1 ms trainable
  state v: mV = 2 * rest
  state c: mV = 0 mV
  on input { c = c + i }
  dv/dt = (rest - v) / tau + c / tau_syn + b
  dc/dt = -c / tau_syn
  spike when v > v_th
  on spike { v = rest }
  refractory 2 ms { v = rest }
}
network net {
  dt = 1 ms
  delay = 1 ms
  neuron cell = lif(tau_mem = 8 ms, tau_syn = 3 ms, v_th = 1 mV, refractory = 1 ms)
  input x[20] encode spikes(duration = 120 ms)
"""
BODIES = {
    "layers": """
  population h[9] : cell
  output y[5] : cell
  x -> h : dense  delay 0 ms
  h -> y : dense  delay 2 ms""",
    "adaptive loop": """
  population a[7] : alif(v_th = 1 mV)
  population b[6] : two
  output y[5] : cuba_lif(v_th = 1 mV)
  x -> a : dense
  a -> b.i : dense  delay 0 ms
  b -> a : sparse(p = 0.6)  delay 3 ms
  b -> b.m : dense  delay 2 ms
  a -> y.exc : dense
  b -> y.inh : dense  delay 0 ms
  y -> y.inh : lateral_inhibition""",
    "learnt": """
  population a[7] : tuned(tau = 8 ms)
  population b[6] : tuned(v_th = 0.75 mV fixed) method exact
  output y[5] : lif(v_th = 1 mV trainable, tau_mem = 8 ms, tau_syn = 3 ms, refractory = 0 ms)
  x -> a : dense  fixed
  a -> b : dense  delay 0 ms
  b -> a : sparse(p = 0.6)  delay 3 ms
  b -> y : dense""",
    "bursts": """
  population h[6] : izhikevich
  output y[5] : if(v_th = 2 mV)
  x -> h : sparse(p = 0.5, init = uniform(0, 12))
  h -> y : dense""",
    "windows": """
  population m[1, 4, 5] : cell
  population c : cell
  output y[5] : cell
  x -> m : one_to_one(weight = 2)  fixed
  m -> c : conv2d(channels = 2, kernel = 3, padding = 1)
  c -> y : dense""",
    "last": """
  population h[9] : cell
  output y[5] : li(tau_mem = 30 ms)
  x -> h : dense
  h -> y : dense  delay 2 ms""",
    "learnt readout": """
  population h[9] : cell(v_th = 1 mV trainable(shared = true))
  output y[5] : li(tau_mem = 30 ms trainable)
  x -> h : dense
  h -> y : dense  delay 2 ms""",
    "highest": """
  population h[9] : cell
  output y[5] : li_max(tau_mem = 10 ms)
  x -> h : dense  delay 0 ms
  h -> h : sparse(p = 0.4)
  h -> y : dense""",
    "mean": """
  population h[9] : alif(v_th = 1 mV)
  output y[5] : li_mean
  x -> h : dense
  h -> y : dense""",
}
# Compiled every night; with every change those without it, one of each kind of synapse and scan.
AT_NIGHT = pytest.mark.compiled_at_night
COUNT = "count(target = 12, other = 3, margin = 1)"
TRAIN = """
}}
train net {{
  data digits
  rule {rule}
  loss {loss}
  optimizer sgd(lr = 0.001)
  batch 1
}}
"""


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize(
    ("body", "arguments", "loss"),
    [
        pytest.param("layers", "width = 2", COUNT, marks=AT_NIGHT),
        pytest.param(
            "layers",
            'curve = "rectangle", reset = "detached", width = 2',
            "count_hinge",
            marks=AT_NIGHT,
        ),
        pytest.param("layers", "width = 1", "cross_entropy(scale = 0.5)", marks=AT_NIGHT),
        ("adaptive loop", 'curve = "sigmoid", width = 1', COUNT),
        pytest.param("adaptive loop", "width = 1, temporal = false", COUNT, marks=AT_NIGHT),
        ("learnt", 'curve = "sigmoid", width = 1', COUNT),
        pytest.param("learnt", "width = 1, temporal = false", COUNT, marks=AT_NIGHT),
        pytest.param("bursts", 'curve = "sigmoid", width = 20', COUNT, marks=AT_NIGHT),
        ("windows", 'curve = "fast_sigmoid", width = 1', COUNT),
        pytest.param("last", "width = 1", "cross_entropy(scale = 0.1)", marks=AT_NIGHT),
        pytest.param(
            "last", "width = 1, temporal = false", "cross_entropy(scale = 0.1)", marks=AT_NIGHT
        ),
        pytest.param("learnt readout", "width = 1", "cross_entropy(scale = 0.1)", marks=AT_NIGHT),
        ("highest", "width = 1", "cross_entropy(scale = 0.1)"),
        pytest.param(
            "mean", 'curve = "sigmoid", width = 1', "cross_entropy(scale = 0.1)", marks=AT_NIGHT
        ),
    ],
)
def test_a_step_is_the_oracles_gradient(kernels, body, arguments, loss, batch):
    def make(model, spec):
        return CpuTrainer(model, spec, 2, kernels)

    text = HEAD + BODIES[body] + TRAIN.format(rule=f"surrogate({arguments})", loss=loss)
    check_step_of(make, text, batch, range(2))


# All-pairs, listed and shared weights that learn from numbers, by delays and beside spikes.
NUMBERS = """
  population m[1, 4, 5] : cell
  population c : cell
  output y[5] : cell
  x -> m : sparse(p = 0.5)  delay 2 ms
  x -> c : conv2d(channels = 2, kernel = 3, padding = 1)
  m -> c : conv2d(channels = 2, kernel = 3, padding = 1)
  x -> y : dense(init = uniform(-0.2, 0.3))  delay 3 ms
  c -> y : dense"""


@pytest.mark.parametrize("batch", [1, 2])
def test_a_step_with_numbers_of_an_input_is_the_oracles_gradient(kernels, batch):
    head = HEAD.replace("x[20]", "x[1, 4, 5]").replace(
        "spikes(duration = 120 ms)", "current(duration = 60 ms, mean = 0.4, sd = 0.8)"
    )

    def image(label):
        values = np.random.default_rng(label).random((1, 20)).astype(np.float32)
        return replace(sample(label), values=values)

    text = head + NUMBERS + TRAIN.format(rule="surrogate(width = 2)", loss=COUNT)
    check_step_of(
        lambda model, spec: CpuTrainer(model, spec, 2, kernels), text, batch, range(2), image
    )


# Spikes that set back, neurons that are silent, a loop with a delay.
SPIKE_TIMES = """
  neuron quick = lif(tau_mem = 8 ms, tau_syn = 3 ms, v_th = 1 mV, refractory = 0 ms)
  population a[9] : quick
  population b[8] : quick(v_th = 2 mV)
  output y[5] : quick
  x -> a : dense  delay 0 ms
  a -> b : sparse(p = 0.6)  delay 0 ms
  b -> a : dense(init = uniform(-0.5, 0.3))  delay 2 ms
  b -> y : dense  delay 0 ms"""


@pytest.mark.parametrize("batch", [1, 2])
def test_a_step_of_tssl_is_the_oracles_gradient(kernels, batch):
    text = HEAD + SPIKE_TIMES + TRAIN.format(rule="tssl_bp(width = 0.3)", loss=COUNT)
    check_step_of(lambda model, spec: CpuTrainer(model, spec, 2, kernels), text, batch, range(2))


# Every kind of synapses, two currents, refractory times, loops with delays, an output that answers.
TIMED = """
  population m[1, 4, 5] : cell
  population c : cell
  population b[8] : cuba_lif(v_th = 1 mV, v_reset = -0.5 mV, tau_mem = 8 ms, refractory = 2 ms)
  output y[5] : lif(tau_mem = 8 ms, tau_syn = 3 ms, v_th = 1 mV, refractory = 0 ms)
  readout = READOUT
  x -> m : one_to_one(weight = 2)
  m -> c : conv2d(channels = 2, kernel = 3, padding = 1)
  c -> b.exc : dense  delay 0 ms
  b -> b.inh : dense  delay 2 ms
  b -> m : sparse(p = 0.6)  delay 3 ms
  c -> y : dense
  y -> b.exc : dense(init = uniform(-0.5, 0.3))"""


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize(
    ("readout", "loss"),
    [
        ("first_spike", "first_spike(tau = 9 ms, early = 0.5)"),
        pytest.param("psc(tau = 4 ms)", "kernel(tau = 3 ms)", marks=AT_NIGHT),
        pytest.param("psc(tau = 4 ms)", "cross_entropy(scale = 2)", marks=AT_NIGHT),
    ],
)
def test_a_step_of_eventprop_is_the_oracles_gradient(kernels, readout, loss, batch):
    train = TRAIN.format(rule="eventprop(bound = 30)", loss=loss)
    text = HEAD + TIMED.replace("READOUT", readout) + train
    check_step_of(lambda model, spec: CpuTrainer(model, spec, 2, kernels), text, batch, range(2))


@AT_NIGHT
def test_a_step_of_eventprop_before_a_readout_is_the_oracles_gradient(kernels):
    body = BODIES["mean"].replace("alif(v_th = 1 mV)", "cell")
    text = HEAD + body + TRAIN.format(rule="eventprop", loss="cross_entropy(scale = 0.1)")
    check_step_of(lambda model, spec: CpuTrainer(model, spec, 2, kernels), text, 1, range(2))


TRAINS = "[[[1, 0], [0], [0], [0, 0, 1], [0]]" + ", [[0], [1], [0, 1], [0], [0]]" * 4 + "]"


@AT_NIGHT
@pytest.mark.parametrize(
    "said", ["target = [0, 0, 1], other = [0, 0, 0, 0, 1]", f"trains = {TRAINS}"]
)
def test_a_step_by_trains_is_the_oracles_gradient(kernels, said):
    train = TRAIN.format(rule="tssl_bp", loss=f"kernel(tau = 3 ms, {said})")
    text = HEAD + SPIKE_TIMES + train
    check_step_of(lambda model, spec: CpuTrainer(model, spec, 2, kernels), text, 1, range(2))


@AT_NIGHT
def test_a_step_of_tssl_before_a_readout_is_the_oracles_gradient(kernels):
    body = SPIKE_TIMES.replace("y[5] : quick", "y[5] : li_mean")
    text = HEAD + body + TRAIN.format(rule="tssl_bp", loss="cross_entropy")
    check_step_of(lambda model, spec: CpuTrainer(model, spec, 2, kernels), text, 1, range(2))


def test_a_step_by_first_spikes_is_the_oracles_gradient(kernels):
    body = SPIKE_TIMES + "\n  readout = first_spike"
    train = TRAIN.format(rule="surrogate(width = 2)", loss="first_spike(tau = 9 ms, early = 0.5)")
    text = HEAD + body + train
    check_step_of(lambda model, spec: CpuTrainer(model, spec, 2, kernels), text, 1, range(2))


@pytest.mark.parametrize("loss", ["cross_entropy(scale = 2)", "kernel(tau = 3 ms)", COUNT])
def test_a_step_of_an_output_read_by_pscs_is_the_oracles_gradient(kernels, loss):
    body = SPIKE_TIMES + "\n  readout = psc(tau = 4 ms)"
    text = HEAD + body + TRAIN.format(rule="surrogate(width = 2)", loss=loss)
    check_step_of(lambda model, spec: CpuTrainer(model, spec, 2, kernels), text, 1, range(2))


TOGETHER = """
  population m[9] : cell
  output y[5] : cell
  x -> m : sparse(p = 0.5)
  x -> y : dense  delay 0 ms
  m -> m : dense(init = uniform(-0.5, 0.4))  delay 2 ms
  m -> y : dense
  y -> y : sparse(p = 0.6)  delay 3 ms"""


@pytest.mark.parametrize("encoding", ["current", "bernoulli"])
def test_samples_are_learnt_together_as_one_by_one(kernels, monkeypatch, encoding):
    """Eight at a time of the ten and eleven of two groups, bit for bit."""
    monkeypatch.setattr(trainer_module, "GROUPS", 2)
    head = HEAD.replace("spikes(duration = 120 ms)", f"{encoding}(duration = 16 ms)")
    program = compiled_text(head + TOGETHER + TRAIN.format(rule="surrogate(width = 2)", loss=COUNT))
    model = draw_model(program.graph, 1)
    values = np.random.default_rng(0).random((21, 20), np.float32)
    samples = samples_with(values, np.arange(21) % 5)
    learnt = []
    for most in (1, 8):
        monkeypatch.setattr(scratch, "MOST", most)
        trainer = CpuTrainer(model, program.train, 1, kernels)
        assert scratch.together(trainer.plan) == most
        trainer.train(samples, 21, 1.0)
        learnt.append(trainer.weights())
    for name, moved in learnt[0].items():
        np.testing.assert_array_equal(moved, learnt[1][name])
        assert np.abs(moved - model.weights(name)).max() > 1e-3
