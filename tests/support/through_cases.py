"""Networks whose gradients through time every training backend must find as the oracle does."""

from __future__ import annotations

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
neuron ramp {  # sends how far it got, and fires too
  param tau: ms = 6 ms
  state v: mV = 0 mV
  on input { v = v + i }
  dv/dt = -v / tau
  spike when v > 2 mV
  on spike { v = v - 2 mV }
  emit v / 4 + 1 mV * tanh(i / 1 mV)
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
  population a[7] : tuned(tau = uniform(6 ms, 10 ms))
  population b[6] : tuned(v_th = uniform(0.6 mV, 0.9 mV) fixed, c = 0.1 mV * i) method exact
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
  population d : cell
  output y[5] : cell
  x -> m : one_to_one(weight = 2)  fixed
  m -> c : conv2d(channels = 4, kernel = 3, padding = 1)
  c -> d : conv2d(channels = 6, kernel = 2, groups = 2)
  c -> y : dense
  d -> y : dense""",
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
# Numbers that populations emit, which learn through every kind of synapses: within a step, in a
# loop, beside spikes, later than the last step; of a neuron that fires too, and to the output.
EMITTED = """
  population m : linear
  population c : cell
  population r[7] : ramp(tau = 4 ms trainable)
  population s[7] : li(tau_mem = 4 ms)
  population b[6] : cell
  population g : linear
  population d : cell
  output y[5] : cell
  x -> m : pool2d(kernel = 2, init = constant(0.25))
  x -> g : conv2d(channels = 4, kernel = 2, stride = 2)
  g -> d : conv2d(channels = 4, kernel = 2, padding = 1, groups = 4)
  d -> y : dense
  m -> c : conv2d(channels = 2, kernel = 2, padding = 1)
  x -> r : dense
  r -> s : one_to_one(init = uniform(-0.5, 0.5))  delay 0 ms
  s -> r : sparse(p = 0.4, init = uniform(-0.5, 0.5))  delay 2 ms
  r -> b : dense  delay 0 ms
  b -> r : dense(init = uniform(-0.5, 0.3))  delay 3 ms
  s -> b : sparse(p = 0.5)  delay 300 ms
  c -> y : dense
  s -> y : dense(init = uniform(-0.2, 0.3))
  b -> y : dense"""
# Sources of every kind through every kind of synapses, which do not learn, and noise.
SOURCED = """
  source p[9] : poisson(rate = 300 Hz)
  source q[1, 4, 5] : poisson(rate = 1.5 kHz, start = 10 ms)
  source r[3] : times([20 ms, 50 ms, 50 ms])
  population h[9] : hot
  population c : cell
  output y[5] : cell
  x -> h : dense  delay 0 ms
  p -> h : one_to_one(weight = 0.5)  fixed
  q -> c : conv2d(channels = 2, kernel = 3, init = uniform(-0.1, 0.2))  fixed
  h -> h : sparse(p = 0.4)
  r -> y : dense(weight = 0.5)  delay 2 ms  fixed
  h -> c : dense  delay 0 ms
  c -> y : dense
  h -> y : dense"""
HOT = """
neuron hot {
  param tau: ms = 6 ms trainable
  param sigma: mV = 0.5 mV trainable
  state v: mV = 0 mV
  on input { v = v + i }
  dv/dt = -v / tau + sigma * sqrt(2 / tau) * noise
  spike when v > 1 mV
  on spike { v = 0 mV }
}
"""
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

TRAINS = "[[[1, 0], [0], [0], [0, 0, 1], [0]]" + ", [[0], [1], [0, 1], [0], [0]]" * 4 + "]"
