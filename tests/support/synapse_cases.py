"""Networks whose synapses have states: kinds of synapses, wirings, delays, sources, loops."""

from __future__ import annotations

from compiled_texts import compiled_text

from snncc.ir.model import Model, draw_model
from snncc.ir.running import Probe, held, of_synapses, with_ends

SYNAPSES = """
synapse stp(U: 1 = 0.4, tau: ms = 30 ms) {
  state u: 1 = 0
  state x: 1 = 1
  du/dt = -u / 9 ms
  dx/dt = (1 - x) / tau
  on pre { u = u + U * (1 - u)  emit weight * u * x  x = x - u * x }
}
synapse stdp {
  state a: 1 = 0
  state b: 1 = 0
  da/dt = -a / 12 ms
  db/dt = -b / 15 ms
  on pre { emit weight  a = a + 0.2  weight = clip(weight + b * 1 mV, 0 mV, 5 mV) }
  on post { b = b - 0.3  weight = clip(weight + a * 1 mV, 0 mV, 5 mV) }
}
synapse turning(rate: kHz = 0.3 kHz) {  # two states that turn, a weight that falls
  state p: 1 = rate * 2 ms
  state q: 1 = 0
  dp/dt = -q * rate
  dq/dt = p * rate
  dweight/dt = -(weight - 1 mV) / 40 ms
  on pre { emit weight * (1 + p)  p = p + select(q > 0.5, 1 / (1 + abs(q)), 1) }
  on post { q = 0 }
}
synapse counting {                         # without equations; what it sends is a weight that stays
  state n: 1 = 0
  on pre { emit weight * min(n, 3) }
  on post { n = n + weight / 1 mV }
}
synapse scaled(gain: 1) { on pre { emit gain * weight } }
"""
NETWORK = """
network stateful {
  dt = 1 ms
  delay = 1 ms
  input image[12] encode bernoulli(duration = 16 ms)
  source burst[3] : poisson(rate = 1.2 kHz)
  population a[6] : lif(tau_mem = 6 ms, tau_syn = 2 ms, v_th = 2 mV)
  population b[5] : lif(tau_mem = 4 ms, tau_syn = 2 ms, v_th = 3 mV, refractory = 0 ms)
  output y[4] : lif(tau_mem = 4 ms, v_th = 1 mV)
  image -> a : dense(init = uniform(0, 3))                                   via stp(U = 0.7)
  image -> a : fixed_total(n = 40, multapses = true, init = uniform(0, 3))   via stdp
  image -> a : dense(init = uniform(-0.5, 0.5))
  burst -> a : dense(init = uniform(0, 2))                                   via stdp
  burst -> b : sparse(p = 0.7, weight = 2)  delay uniform(1 ms, 5 ms)        via turning
  a -> a : sparse(p = 0.6, self = true, init = uniform(0, 2))  delay uniform(1 ms, 4 ms)  via stdp
  a -> b : dense(init = uniform(2, 4))  delay 0 ms                      via counting
  b -> a : fixed_fan_in(k = 3, init = uniform(-2, 2))  delay 3 ms  via turning(rate = 0.1 kHz)
  b -> y : list(synapses = [[0, 1, 2, 1 ms], [0, 2, 1, 3 ms], [4, 0, 2, 2 ms]])  via stdp
  a -> y : expression(where = i != j, weight = 1)  delay 0 ms                via scaled(gain = 1.5)
}
"""


def network() -> Model:
    """All of them in one."""
    text = SYNAPSES + NETWORK
    return draw_model(compiled_text(text).graph, 3)


def probes_of(model: Model, every: int = 0) -> tuple[Probe, ...]:
    """What all synapses hold, every so many steps or in the end."""
    found = [of_synapses(s, p.name, every) for p in model.graph.projections for s in held(p)]
    return with_ends(found, model)
