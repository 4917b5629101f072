"""A recurrent network, copies of it with one fault each, and how `diff` is asked about them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from compiled_texts import compiled_text

from snncc.backends.artifact.model import Package, save_model
from snncc.backends.reference.network import simulate
from snncc.backends.reference.simulator import input_spikes
from snncc.backends.trace import Trace
from snncc.ir.integers.precision import Deployment, Precision
from snncc.ir.model import draw_model
from snncc.runtime.diff.agreed import agree
from snncc.runtime.diff.comparison import compare_sides
from snncc.runtime.diff.operands import Opening, open_sides
from snncc.runtime.diff.reason import reason_of
from snncc.runtime.loading import Options
from snncc.runtime.quantization import quantized
from snncc.runtime.record import record_of
from snncc.runtime.samples import Presentation
from snncc.runtime.settings import Settings

SAMPLES, SIDE = 8, 4
NET = """
neuron cell {
  param tau_mem: ms = 16 ms
  param tau_syn: ms = 5 ms
  param v_th: mV = 3 mV
  state v: mV = 0 mV
  state c: mV = 0 mV
  on input { c = c + i }
  dv/dt = -v / tau_mem + c / tau_syn
  dc/dt = -c / tau_syn
  spike when v >= v_th
  on spike { v = 0 mV }
  refractory 2 ms { v = v }
}
network n {
  dt = 1 ms
  input x[4, 4] encode bernoulli(duration = 20 ms)
  population h[12] : cell
  output y[4] : cell(v_th = 2 mV)
  x -> h : dense
  h -> h : dense  delay 2 ms
  h -> y : dense  delay 1 ms
}
"""
# Neurons whose sums meet the threshold exactly, or but for rounding.
SUMS = """
network n {
  dt = 1 ms
  input x[4, 4] encode bernoulli(duration = 20 ms)
  population h[12] : if(v_th = 3 mV)
  output y[4] : if(v_th = 5 mV)
  x -> h : dense
  h -> h : dense  delay 2 ms
  h -> y : dense  delay 1 ms
}
"""


def trained(text=NET, unit=None, seed=1, model_seed=0):
    """A model of a network with drawn weights, multiples of a unit if there is one."""
    graph = compiled_text(text).graph
    model = draw_model(graph, model_seed)
    spread = {"x->h": (-0.6, 1.4), "h->h": (-0.9, 0.7), "h->y": (-1.0, 1.5)}
    weights = {
        p: np.random.default_rng([seed, k]).uniform(*ends, model.wirings[p].weight_shape)
        for k, (p, ends) in enumerate(spread.items())
        if p in model.wirings
    }
    if unit is not None:
        weights = {p: np.round(w / unit) * unit for p, w in weights.items()}
    return model.with_weights({p: w.astype(np.float32) for p, w in weights.items()})


def presentation(count=SAMPLES, seed=4):
    """Samples of numbers, with the ids of a test split."""
    values = np.random.default_rng(seed).random((count, SIDE, SIDE)).astype(np.float32) ** 2
    ids = np.arange(count, dtype=np.uint64) + np.uint64(2**32)
    return Presentation(values.reshape(count, -1) * 0.5, np.arange(count, dtype=np.int32) % 4, ids)


def traced(model, samples, real=np.float64, late=0, order=None):
    """What the reference does with samples, the input late by some steps, samples in an order."""
    everything = samples.pick(np.arange(len(samples)) if order is None else np.array(order))
    steps = round(model.graph.populations[0].encoding["duration"] / model.graph.dt)
    inputs = input_spikes(model.graph, everything, steps, model.seed)
    if late:
        inputs = {n: np.roll(a, late, axis=0) for n, a in inputs.items()}
        for array in inputs.values():
            array[:late] = False
    made = simulate(model, inputs, real, record=True)
    return Trace(made.spikes, made.history)


def write_log(path, model, trace, has_states=False):
    """The trace as a log, by the ending of its name."""
    record = record_of(model, trace if has_states else Trace(trace.spikes, {}))
    if path.suffix == ".npz":
        np.savez(path, **record)
        return
    rows = [
        f"{s},{t},{name},{n}\n"
        for name in record["populations"].tolist()
        for s, t, n in record[f"spikes/{name}"]
    ]
    shuffled = np.random.default_rng(0).permutation(rows)
    path.write_text("sample,step,population,neuron\n" + "".join(shuffled))


def package(path, model, target="reference"):
    save_model(path, Package(model, target))
    return path


def compared(folder, a, b, samples, tolerance=None):
    """The comparison of two sides, and its reason."""
    opening = Opening(
        lambda path, target: Options(target=target),
        1,
        Settings(None, folder / "cache"),
        tolerance is not None,
    )
    sides = open_sides((str(a), str(b)), opening)
    presented = tuple(None if side.presents is None else samples for side in sides)
    agreed = agree(*sides, len(samples), None)
    made = compare_sides(sides, presented, agreed, None, tolerance, lambda done, total: None)
    return made, reason_of(made)


def swapped(model, projection, change):
    """The model with a projection's weights changed."""
    return model.with_weights({projection: change(model.weights(projection).copy())})


def rounded(model, bits):
    """The model with all weights rounded, one unit a projection."""
    most = 2 ** (bits - 1) - 1
    made = {}
    for projection in model.wirings:
        weights = model.weights(projection).astype(np.float64)
        unit = np.abs(weights).max() / most
        made[projection] = np.float32(np.round(weights / unit) * unit)
    return model.with_weights(made)


def seeded(model, seed):
    return replace(model, seed=seed)


CELLS = {
    "lif(tau_mem = 12 ms, tau_syn = 4 ms, v_th = 1.5 mV)": ("i",),
    "alif(tau_mem = 10 ms, tau_adapt = 30 ms, beta = 0.7 mV, v_th = 2.5 mV)": ("i",),
    "cuba_lif(tau_mem = 8 ms, tau_exc = 4 ms, tau_inh = 6 ms, v_th = 1 mV)": ("exc", "inh"),
    "lif(tau_mem = 9 ms, tau_syn = 3 ms, v_th = 1.2 mV, refractory = 0 ms) method exact": ("i",),
    "if(v_th = 2.5 mV)": ("i",),
}


def random_network(seed):
    """A network of several kinds of neurons and ports, delays of 0 to 20 steps, a population of one
    neuron and often a projection without a synapse."""
    draw = np.random.default_rng(seed)
    cells = draw.permutation(list(CELLS))
    sizes = [int(n) for n in draw.permutation([1, 5, 8])]
    lines = [f"  population p{k}[{n}] : {cells[k]}" for k, n in enumerate(sizes)]
    names = ["x", "p0", "p1", "p2"]
    number = 0
    for post in range(1, 4):
        ports = CELLS[str(cells[post - 1])]
        for pre in range(4):
            if pre and draw.random() < 0.4:
                continue
            port = str(draw.choice(ports)) if pre else ports[0]
            delay = int(draw.integers(0, 21)) if pre < post else int(draw.integers(1, 21))
            delay = delay if pre else delay % 4
            kind = "dense" if draw.random() < 0.7 or not pre else "sparse(p = 0.5)"
            kind = "sparse(p = 0)" if number == 5 else kind
            to = f"{names[post]}.{port}" if len(ports) > 1 else names[post]
            lines.append(f"  {names[pre]} -> {to} : {kind}  delay {delay} ms")
            number += 1
    head = "network n {\n  dt = 1 ms\n  input x[4, 4] encode bernoulli(duration = 30 ms)\n"
    model = draw_model(compiled_text(head + "\n".join(lines) + "\n}\n").graph, seed)
    weights = {p: draw.uniform(-0.7, 1.3, w.weight_shape) for p, w in model.wirings.items()}
    return model.with_weights({p: w.astype(np.float32) for p, w in weights.items()})


def in_integers(model, guard=0, **asked):
    """The model in integers; with few guard bits what is rounded shows."""
    return quantized(model, Deployment(Precision(**asked), guard)).integers
