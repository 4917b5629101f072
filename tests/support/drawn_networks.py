"""Networks that are simulated against the reference: drawn by hypothesis, and some by hand."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from snncc.frontend.program import compile_text
from snncc.ir.diagnostics import Source
from snncc.ir.graph import Call, Graph, Projection

# Every drawn network has these populations, so that one compilation of neuron steps serves all.
POOL = """
neuron gate {
  param tau: ms = 2 ms
  param v_th: mV = 3 mV
  param floor: mV = -4 mV
  state v: mV = 0 mV
  state n: 1 = 0
  input up: mV
  input down: mV
  on input {
    v = max(floor, v + min(up, 6 mV) - abs(down))
    n = n + sqrt(n * n)
  }
  dv/dt = -v / tau
  dn/dt = -n / (2 * tau)
  spike when v >= v_th and not (n > 5) or v > 2 * v_th
  on spike {
    v = v - v_th
    n = n + 1
  }
  refractory 1 ms { n = n }
}
neuron watch {
  param tau: ms = 4 ms
  state v: mV = 0 mV
  on input { v = v + i }
  dv/dt = -v / tau
  emit v
}
network pool {
  dt = 1 ms
  input image[5, 5] encode ENCODING
  input side[6] encode ENCODING
  population plain[7] : lif(tau_mem = 4 ms, tau_syn = 2 ms, v_th = 1.5 mV, refractory = 2 ms)
  population quick[5] : lif(tau_mem = 2 ms, tau_syn = 1 ms, v_th = 1 mV, refractory = 0 ms)
  population sharp[6] : if(v_th = 2 mV)
  population tired[6] : alif(tau_mem = 4 ms, tau_adapt = 8 ms, beta = 0.5 mV, v_th = 2 mV)
  population pair[4] : cuba_lif(tau_mem = 4 ms, tau_exc = 2 ms, tau_inh = 4 ms, v_th = 1 mV)
  population cortex[5] : izhikevich(drive = 8 mV / 1 ms)
  population gated[6] : gate
  population watching[3] : watch
  population solved[5] : lif(tau_mem = 4 ms, tau_syn = 2 ms, v_th = 1 mV) method exact
  output answer[4] : lif(tau_mem = 4 ms, tau_syn = 2 ms, v_th = 2 mV, refractory = 1 ms)
}
"""
ENCODINGS = {
    "poisson": "poisson(duration = 24 ms, rate = 400 Hz)",
    "bernoulli": "bernoulli(duration = 24 ms)",
    "spikes": "spikes(duration = 24 ms)",
    "current": "current(duration = 24 ms, mean = 0.5, sd = 0.25)",
}
STEPS, INPUTS = 24, 31
PORTS = {"pair": ("exc", "inh"), "gated": ("up", "down")}
CONSTANT = Call("constant", (("value", 1.0),))


# Of the first input, where it differs: numbers of its own for each of five channels.
CHANNELS = {
    "current": "current(duration = 24 ms, mean = [0.5, 0, 1, 0.25, -1], sd = [0.25, 1, 0.5, 2, 4])",
}


def pool(encoding):
    text = POOL.replace("ENCODING", CHANNELS.get(encoding, ENCODINGS[encoding]), 1)
    text = text.replace("ENCODING", ENCODINGS[encoding])
    return compile_text(Source("pool.snn", text)).graph


POOLS = {kind: pool(kind) for kind in ENCODINGS}


@st.composite
def connectivities(draw, pre, post):
    """A call that can join these populations."""
    kinds = ["dense", "sparse", "list"]
    kinds += ["one_to_one"] if pre.neurons == post.neurons else []
    kinds += ["lateral_inhibition"] if pre.name == post.name else []
    kinds += ["liquid"] if post.neurons == pre.neurons == 6 and pre.role != "input" else []
    kind = draw(st.sampled_from(kinds))
    if kind == "sparse":
        return Call(kind, (("p", draw(st.sampled_from([0.0, 0.3, 0.7, 1.0]))),))
    if kind == "list":
        pairs = st.tuples(st.integers(0, pre.neurons - 1), st.integers(0, post.neurons - 1))
        return Call(kind, (("synapses", tuple(draw(st.lists(pairs, unique=True, max_size=8)))),))
    if kind == "liquid":
        arguments = {"grid": (1, 2, 3), "lambda": 2.0, "wiring": "symmetric"}
        return Call(kind, (*arguments.items(), ("inhibitory", 0.2), ("density", 1.5)))
    return Call(kind)


@dataclass(frozen=True)
class Drawn:
    """The pool joined at random; shown by what joins it."""

    graph: Graph = field(repr=False)
    values: Any  # of two samples
    seed: int  # of the weights

    def __repr__(self):
        lines = (
            f"{p.pre}->{p.post}.{p.port} {p.connectivity} {p.delay}" for p in self.graph.projections
        )
        return "\n".join([f"{self.graph.populations[0].encoding} seed {self.seed}", *lines])


@st.composite
def networks(draw, encodings):
    """A network of the pool with inputs and weights."""
    encoding = draw(st.sampled_from(encodings))
    graph = POOLS[encoding]
    order = draw(st.permutations([p.name for p in graph.populations if p.role != "input"]))
    place = {name: k for k, name in enumerate(order)}
    projections = []
    for number in range(draw(st.integers(3, 16))):
        pre = draw(st.sampled_from(graph.populations))
        post = draw(st.sampled_from([p for p in graph.populations if p.role != "input"]))
        # Without delay only forward in some order, so that there is no cycle without delay.
        forward = place.get(pre.name, -1) < place[post.name]
        delay = draw(st.integers(0 if forward else 1, 4))
        port = draw(st.sampled_from(PORTS.get(post.name, ("i",))))
        call = draw(connectivities(pre, post))
        ends = (f"p{number}", pre.name, post.name)
        projections.append(Projection(*ends, call, CONSTANT, port, delay))
    generator = np.random.default_rng(draw(st.integers(0, 2**32)))
    if encoding == "spikes":
        values = (generator.random((2, STEPS, INPUTS)) < 0.3).astype(np.uint8)
    else:
        values = generator.integers(0, 5, (2, INPUTS)).astype(np.float32) / np.float32(4)
    return Drawn(
        replace(graph, projections=tuple(projections)), values, draw(st.integers(0, 2**20))
    )


def drawn_networks(examples, encodings=tuple(ENCODINGS)):
    """The decorators of a property of drawn networks."""

    def decorate(test):
        quietly = settings(
            max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck)
        )
        return quietly(given(drawn=networks(encodings))(test))

    return decorate


DYADIC = """
network n {
  dt = 1 ms
  input x[12] encode spikes(duration = 10 ms)
  population a[9] : lif(tau_mem = 2 ms, tau_syn = 2 ms, v_th = 1 mV, refractory = 1 ms)
  population b[8] : lif(tau_mem = 4 ms, tau_syn = 2 ms, v_th = 1 mV, refractory = 0 ms)
  population c[7] : if(v_th = 1 mV)
  output y[5] : lif(tau_mem = 2 ms, tau_syn = 1 ms, v_th = 1 mV, refractory = 0 ms)
  x -> a : dense
  a -> b : dense
  b -> a : sparse(p = 0.5) delay 2 ms
  a -> c : dense
  c -> c : lateral_inhibition delay 1 ms
  b -> y : dense delay 3 ms
  c -> y : dense
}
"""
# Sources of every kind, through synapses of every kind; a neuron may fire several times in a step.
SOURCED = """
network n {
  dt = 1 ms
  input x[12] encode spikes(duration = 40 ms)
  source p[9] : poisson(rate = 900 Hz)
  source q[1, 3, 3] : poisson(rate = 2.5 kHz, start = 3 ms, stop = 30 ms)
  source r[3] : regular(period = 4 ms, offset = 2 ms)
  source s[4] : times([5 ms, 7 ms, 7 ms])
  population a[9] : if(v_th = 1 mV)
  population b[9] : if(v_th = 5 mV)
  population c    : if(v_th = 2 mV)
  output y[5] : if(v_th = 9 mV)
  x -> a : sparse(p = 0.2)
  p -> a : one_to_one
  p -> b : fixed_fan_in(k = 3)  delay 2 ms
  p -> b : fixed_fan_in(k = 4)  delay uniform(1 ms, 4 ms)
  q -> c : conv2d(channels = 2, kernel = 2)
  q -> y : dense  delay 1 ms
  r -> a : dense
  s -> b : sparse(p = 0.6)
  s -> y : dense
  a -> b : one_to_one
  b -> a : sparse(p = 0.5)  delay 1 ms
  b -> y : dense
}
"""
COUNTING = """
network n {
  dt = 1 ms
  input x[12] encode spikes(duration = 40 ms)
  population a[9] : if(v_th = 1 mV)
  population b[9] : if(v_th = 2 mV)
  output y[5] : if(v_th = 1 mV)
  x -> a : dense
  a -> b : one_to_one
  b -> b : lateral_inhibition delay 1 ms
  b -> a : sparse(p = 0.5) delay 4 ms
  a -> y : dense delay 1 ms
  b -> y : dense
}
"""
# Pairs that are joined several times.
REPEATED = COUNTING.replace(
    "a -> b : one_to_one", "a -> b : fixed_total(n = 90, multapses = true) delay 2 ms"
).replace("sparse(p = 0.5)", "fixed_fan_in(k = 9, multapses = true)")
# Synapses that have delays of their own, in a loop, of pairs that are joined several times too.
LATE = COUNTING.replace("a -> b : one_to_one", "a -> b : dense delay uniform(1 ms, 5 ms)").replace(
    "sparse(p = 0.5) delay 4 ms",
    "fixed_fan_in(k = 9, multapses = true) delay normal(3 ms, 2 ms, min = 2 ms)",
)


ECHO = """
network n {
  dt = 1 ms
  input x[3] encode spikes(duration = 3 ms)
  output h[1] : if(v_th = 1 mV)
  h -> h : one_to_one(weight = 1) delay 1 ms
  x -> h : list(synapses = [[0, 0, 1], [1, 0, 16777216], [2, 0, -16777216]])
}
"""


# Numbers through every kind of synapses, within a step, in a loop; of a neuron that fires too.
GRADED = """
neuron ramp {
  state v: mV = 0 mV
  on input { v = v + i }
  dv/dt = -v / 4 ms
  spike when v > 2 mV
  on spike { v = v - 2 mV }
  emit v / 2 + i / 4
}
neuron gate { spike when i > 0.25 mV }  # has no state
network n {
  dt = 1 ms
  neuron cell = lif(tau_mem = 4 ms, tau_syn = 2 ms, v_th = 2 mV, refractory = 1 ms)
  input x[1, 4, 4] encode spikes(duration = 50 ms)
  population r[7] : ramp
  population s[7] : li(tau_mem = 4 ms)
  population m : linear
  population c : cell(v_th = 0.5 mV)
  population b[6] : cell
  population g[9] : gate
  output y[5] : cell
  x -> r : dense
  s -> g : dense
  g -> y : dense  delay 1 ms
  r -> s : one_to_one
  s -> r : sparse(p = 0.3)  delay 2 ms
  r -> b : dense  delay 1 ms
  b -> r : dense  delay 3 ms
  s -> b : sparse(p = 0.5)  delay 60 ms
  s -> y : sparse(p = 0.5)  delay 7 ms
  x -> m : pool2d(kernel = 2)
  m -> c : conv2d(channels = 2, kernel = 2, padding = 1)
  c -> y : dense
  b -> y : dense
}
"""
PLANES = """
network n {{
  dt = 1 ms
  input image[2, 6, 6] encode bernoulli(duration = 12 ms)
  population maps : lif(tau_mem = 4 ms, tau_syn = 2 ms, v_th = 1 mV)
  population small : if(v_th = 1.5 mV)
  output y[3] : if(v_th = 1 mV)
  image -> maps : conv2d(channels = 3, kernel = 3, stride = {stride}, padding = {padding})
      delay {delay} ms
  maps -> small : pool2d(kernel = 2, stride = {step}) delay {delay} ms
  maps -> maps : sparse(p = 0.05) delay 1 ms
  small -> y : dense
}}
"""


TRANSCENDENT = """
neuron odd {
  param tau: ms = 5 ms
  param v_th: mV = 2 mV
  param unit: mV = 1 mV
  state v: mV = 0 mV
  state w: 1 = 0.5
  on input { v = v + i }
  dv/dt = (unit * exp(-w) + unit * tanh(v / unit) - v) / tau
  dw/dt = (sin(v / unit) + cos(w) * log(1.5 + w * w) - w) / tau
  spike when v >= v_th + unit * floor(w) + unit * (w * w) ^ 0.75
  on spike { v = 0 mV }
}
network n {
  dt = 1 ms
  input x[10] encode bernoulli(duration = 50 ms)
  output y[20] : odd
  x -> y : dense
  y -> y : sparse(p = 0.2) delay 2 ms
}
"""


# A neuron by every method; of its equations each is linear in its own state, and both together.
METHODS = """
neuron cell {
  state v: mV = 0.25 mV
  state w: mV = 0 mV
  on input { v = v + i }
  dv/dt = (w - v) / 4 ms + 0.125 mV / 1 ms
  dw/dt = (v - 2 * w) / 8 ms
  spike when v > 1 mV
  on spike { v = 0 mV  w = w - 0.5 mV }
  refractory 2 ms { v = 0 mV }
}
network n {
  dt = 1 ms
  delay = 1 ms
  input x[8] encode spikes(duration = 60 ms)
  population a[3] : cell method euler
  population b[3] : cell method exact
  population c[3] : cell method forward_euler
  population d[3] : cell method exponential_euler
  output y[3] : cell method rk4
  x -> a : dense
  x -> b : dense
  x -> c : dense
  x -> d : dense
  x -> y : dense
  c -> d : dense  delay 2 ms
  d -> y : dense  delay 0 ms
}
"""
