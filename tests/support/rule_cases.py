"""Networks and rules whose gradients every training backend must find as the oracle does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from compiled_texts import compiled_text

from snncc.backends.protocols import Samples, Trainer
from snncc.backends.reference.simulator import input_spikes
from snncc.backends.rules.table import RULES
from snncc.ir.bounded import slope
from snncc.ir.model import Model, draw_model, value_name

STEPS, INPUTS, SEED, RATE = 120, 20, 3, 1e-3
HEAD = """
neuron own {  # one decay, no refractory time, a potential of its own size
  param tau: ms = 12 ms
  param bar: mV = 40 mV
  state u: mV = 0 mV
  on input { u = u + 20 * i }
  du/dt = -u / tau
  spike when u >= bar
  on spike { u = 0 mV }
}
neuron loud {  # lif, its potential 16 times as large
  param tau_mem: ms = 16 ms
  param tau_syn: ms = 4 ms
  state v: mV = 0 mV
  state c: mV = 0 mV
  on input { c = c + i }
  dv/dt = -v / tau_mem + 16 * c / tau_syn
  dc/dt = -c / tau_syn
  spike when v >= 32 mV
  on spike { v = 0 mV }
  refractory 2 ms { v = 0 mV }
}
network net {
  dt = 1 ms
  delay = 1 ms
  neuron cell = lif(tau_mem = 16 ms, tau_syn = 4 ms, refractory = 2 ms)
  input  x[20] encode spikes(duration = 120 ms)
  output y[5] : cell(v_th = 3 mV)
  y -> y : lateral_inhibition(weight = -1)
"""
DENSE = "dense(init = uniform(-1, 1.5))"
BODIES = {
    "chain": f"""
  population h[12] : cell(v_th = 2 mV)
  x -> h : {DENSE}
  h -> y : {DENSE}""",
    "sparse": f"""
  population h[12] : cell(v_th = 2 mV)
  x -> h : sparse(p = 0.5, init = uniform(-1, 2))
  h -> y : {DENSE}""",
    "inhibited": f"""
  population h[12] : cell(v_th = 2 mV)
  x -> h : {DENSE}
  h -> h : lateral_inhibition(weight = -0.5)
  h -> y : {DENSE}""",
    "delayed": f"""
  population h[12] : cell(v_th = 2 mV)
  x -> h : {DENSE} delay 3 ms
  h -> y : {DENSE} delay 2 ms""",
    "joined": f"""
  population h[12] : cell(v_th = 2 mV)
  x -> h : {DENSE}
  h -> y : {DENSE}
  x -> y : {DENSE} fixed""",
    "recurrent": f"""
  population g[12] : cell(v_th = 2.5 mV)
  population h[12] : cell(v_th = 2 mV)
  x -> g : {DENSE}
  g -> h : {DENSE}
  h -> h : sparse(p = 0.4, init = uniform(-1, 1.5)) delay 2 ms
  h -> y : {DENSE}""",
    "square": f"""
  population h[12] : cell(v_th = 2 mV)
  x -> h : {DENSE}
  h -> h : dense(init = uniform(-0.5, 0.8))
  h -> y : {DENSE}""",
    # All-pairs and listed synapses in one block, which a neuron sends into both ways.
    "mixed": f"""
  population a[12] : cell(v_th = 2.5 mV)
  population b[9] : cell(v_th = 2 mV)
  x -> a : {DENSE}
  a -> b : dense(init = uniform(-0.5, 1))
  b -> a : sparse(p = 0.5, init = uniform(-1, 1.5))
  a -> a : sparse(p = 0.5, init = uniform(-0.5, 0.8))
  b -> b : dense(init = uniform(-0.5, 0.8)) delay 2 ms
  b -> y : {DENSE}
  a -> y : {DENSE} fixed""",
    "loop": f"""
  population a[12] : cell(v_th = 2.5 mV)
  population b[9] : cell(v_th = 2 mV)
  x -> a : {DENSE}
  a -> b : {DENSE}
  b -> a : sparse(p = 0.5, init = uniform(-1, 1.5))
  b -> y : {DENSE}
  a -> y : {DENSE} fixed""",
    "own neurons": f"""
  population g[12] : own
  population h[12] : loud
  x -> g : {DENSE}
  g -> h : {DENSE}
  h -> h : sparse(p = 0.4, init = uniform(-1, 1.5))
  h -> y : {DENSE}""",
    "own layers": f"""
  population g[12] : own
  population h[12] : loud
  x -> g : {DENSE}
  g -> h : {DENSE}
  h -> y : {DENSE}""",
    # The output sends more than its lateral inhibition: a teacher's spikes count there too.
    "answering": f"""
  population h[12] : cell(v_th = 2 mV)
  x -> h : {DENSE}
  h -> y : {DENSE}
  y -> y : sparse(p = 0.6, init = uniform(-1, 1))""",
    "answered": f"""
  population h[12] : cell(v_th = 2 mV)
  x -> h : {DENSE}
  h -> y : {DENSE}
  y -> h : sparse(p = 0.6, init = uniform(-1, 1)) delay 2 ms""",
    # Shared weights that learn, borders, a stride, groups; a fixed pooling that carries errors.
    "windows": f"""
  population m[2, 4, 4] : cell(v_th = 2.5 mV)
  population c : cell(v_th = 1.5 mV)
  population p : cell(v_th = 1 mV)
  population d : cell(v_th = 1 mV)
  x -> m : {DENSE}
  m -> c : conv2d(channels = 4, kernel = 3, padding = 1, init = uniform(-0.5, 1))
  c -> p : pool2d(kernel = 2)
  p -> d : conv2d(channels = 4, kernel = 2, stride = 2, padding = 1, groups = 2,
      init = uniform(-1, 2))
  d -> y : {DENSE}""",
    "circling": f"""
  population h[1, 4, 5] : cell(v_th = 2 mV)
  x -> h : one_to_one(init = uniform(0, 3))
  h -> h : conv2d(channels = 1, kernel = 3, padding = 1, init = uniform(-0.5, 1))
  h -> y : {DENSE}""",
    # A pooling leads into a recurrent block, another one lies within it.
    "pooled": f"""
  population m[2, 4, 4] : cell(v_th = 2 mV)
  population p : cell(v_th = 1 mV)
  population q[2, 2, 2] : cell(v_th = 1 mV)
  population r : cell(v_th = 0.5 mV)
  x -> m : {DENSE}
  m -> p : pool2d(kernel = 2)
  p -> q : {DENSE}
  q -> r : pool2d(kernel = 2)
  r -> p : sparse(p = 0.6, init = uniform(-1, 1.5)) delay 2 ms
  q -> y : {DENSE}""",
    # No error passes a fixed reservoir: it takes part in no system, and any rule can read it out.
    "reservoir": f"""
  population h[12] : cell(v_th = 2 mV)
  x -> h : {DENSE} fixed
  h -> h : sparse(p = 0.4, init = uniform(-1, 1.5)) delay 2 ms fixed
  h -> y : {DENSE}""",
    "at once": f"""
  population h[12] : cell(v_th = 2 mV, refractory = 0 ms)
  population g[12] : cell(v_th = 2 mV)
  x -> h : {DENSE} delay 0 ms
  h -> g : {DENSE} delay 0 ms
  g -> y : {DENSE}""",
}
LOOPS = "mixed", "loop", "answering", "answered", "circling", "pooled"
TRAIN = """
}}
train net {{
  data digits
  rule {kind}(target = 12, other = 3, margin = 1, profile = "{profile}")
  optimizer sgd(lr = 0.001)
  batch 1
}}
"""
ST_RSBP = [
    (body, "st_rsbp", profile)
    for body in BODIES
    for profile in ("reference", "paper", "recommended")
    if profile != "reference"
    or body not in ("mixed", "loop", "answering", "answered", "circling", "pooled")
]
ST_RSBP += [(body, "st_rsbp", "recommended, silent = 0") for body in ("recurrent", "square")]
HM2_BP = [
    (body, "hm2_bp", profile)
    for body in (
        "chain",
        "sparse",
        "inhibited",
        "delayed",
        "joined",
        "at once",
        "own layers",
        "windows",
        "reservoir",
    )
    for profile in ("reference", "paper", "recommended")
]


def sample(label):
    spikes = np.random.default_rng(0).random((1, STEPS, INPUTS)) < 0.12
    return Samples(
        spikes.astype(np.uint8),
        np.zeros(1, np.int64),
        np.zeros(1, np.uint64),
        np.array([label], np.int32),
        np.array([2.0], np.float32),
    )


def check_step(
    make: Callable[..., Trainer], case: tuple[str, str, str], batch: int, labels: Any
) -> None:
    """One step of gradient descent by `make(model, spec)` is the oracle's gradient."""
    body, kind, profile = case
    text = HEAD + BODIES[body] + TRAIN.format(kind=kind, profile=profile)
    text = text.replace('"recommended, silent = 0"', '"recommended", silent = 0')
    check_step_of(make, text, batch, labels)


def check_step_of(
    make: Callable[..., Trainer], text: str, batch: int, labels: Any, sample: Any = sample
) -> None:
    """The same of any program on these samples."""
    program = compiled_text(text)
    graph, spec = program.graph, program.train
    model = draw_model(graph, SEED)
    for label in labels:
        trainer = make(model, spec)
        before = trainer.state()
        raster = trainer.raster(sample(label), 0)
        bounds = np.cumsum([0, *(p.neurons for p in graph.populations)])
        emitted = {
            p.name: raster[:, lo:hi]
            for p, lo, hi in zip(graph.populations, bounds[:-1], bounds[1:], strict=True)
        }
        sent = input_spikes(graph, sample(label), trainer.steps, model.seed)
        emitted |= {name: array[:, 0] for name, array in sent.items()}
        outcome = trainer.train(sample(label), batch, RATE)
        oracle = RULES[spec.call("rule").kind].oracle(model, emitted, label, spec, 2.0)
        assert outcome.cost[0] == pytest.approx(oracle.cost)
        moved = trainer.weights()
        for name, gradient in oracle.gradients.items():
            step = (model.weights(name).astype(np.float64) - moved[name]) / RATE
            slack = np.abs(gradient).max() * 5e-5 + 1e-3
            np.testing.assert_allclose(step, gradient, atol=slack, rtol=0, err_msg=name)
        for name, gradient in getattr(oracle, "parameters", {}).items():
            step = (before[f"values/{name}"] - trainer.state()[f"values/{name}"]) / RATE
            wanted = gradient * slopes(model)[name]
            slack = np.abs(wanted).max() * 5e-5 + 1e-3
            np.testing.assert_allclose(step, wanted, atol=slack, rtol=0, err_msg=name)


def slopes(model: Model) -> dict[str, Any]:
    """dp/dx of every parameter that learns, at its values, times the factor of its rate."""
    return {
        name: k.lr_mult * slope(k, model.values[name].array.astype(np.float64))
        for p in model.graph.populations
        for k in p.learnt
        for name in [value_name(p.name, k.name)]
    }
