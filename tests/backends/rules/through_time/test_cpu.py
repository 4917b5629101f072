"""Learning through time on the CPU: a step of descent is the oracle's gradient, for any neuron."""

from __future__ import annotations

import pytest
from rule_cases import check_step_of

from snncc.backends.trainers.cpu import CpuTrainer

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
}
TRAIN = """
}}
train net {{
  data digits
  rule surrogate({arguments})
  loss count(target = 12, other = 3, margin = 1)
  optimizer sgd(lr = 0.001)
  batch 1
}}
"""


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize(
    ("body", "arguments"),
    [
        ("layers", "width = 2"),
        ("layers", 'curve = "rectangle", reset = "detached", width = 2'),
        ("adaptive loop", 'curve = "sigmoid", width = 1'),
        ("adaptive loop", "width = 1, temporal = false"),
        ("bursts", 'curve = "sigmoid", width = 20'),
        ("windows", 'curve = "fast_sigmoid", width = 1'),
    ],
)
def test_a_step_is_the_oracles_gradient(kernels, body, arguments, batch):
    def make(model, spec):
        return CpuTrainer(model, spec, 2, kernels)

    text = HEAD + BODIES[body] + TRAIN.format(arguments=arguments)
    check_step_of(make, text, batch, range(2))
