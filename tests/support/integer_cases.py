"""Networks drawn at random, and how they become integers, for the tests of every integer engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import prod
from random import Random

import numpy as np
from compiled_texts import compiled_text
from window_cases import planes_of, windows_text

from snncc.backends.protocols import Samples, Simulator
from snncc.backends.reference.simulator import ReferenceSimulator
from snncc.ir.diagnostics import CompileError
from snncc.ir.integers.precision import BELOW, DECAYS, LEAKS, SCALES, Precision
from snncc.ir.integers.ranges import UNSEEN, Ranges
from snncc.ir.integers.weights import METHODS
from snncc.ir.model import Model, draw_model
from snncc.ir.passes.pipeline import run_model_passes
from snncc.ir.passes.quantize import Quantize
from snncc.runtime.calibration import seen

STEPS, INPUTS = 40, 6
MODELS = {
    "lif": "lif(tau_mem = {a} ms, tau_syn = {b} ms, v_th = {th} mV, refractory = {pause} ms)",
    "exact": "lif(tau_mem = {a} ms, tau_syn = {b} ms, v_th = {th} mV, refractory = {pause} ms)"
    " method exact",
    "if": "if(v_th = {th} mV)",
    "alif": "alif(tau_mem = {a} ms, tau_adapt = 30 ms, beta = 0.3 mV, v_th = {th} mV)",
    "cuba_lif": "cuba_lif(tau_mem = {a} ms, tau_exc = {b} ms, tau_inh = 7 ms, v_rest = -0.2 mV,"
    " v_reset = -0.1 mV, v_th = {th} mV, refractory = {pause} ms)",
    "soft": "soft(tau = {a} ms, v_th = {th} mV)",
}
SOFT = """
neuron soft {
  param tau: ms = 10 ms
  param v_th: mV = 1 mV
  state v: mV = 0.1 mV
  on input { v = v + i }
  dv/dt = -v / tau
  spike when v >= v_th
  on spike { v = v - v_th }
}
"""
PORTS = {"cuba_lif": ("exc", "inh")}


def drawn_model(seed: int) -> Model:
    """A settled network: one to three populations of models drawn from MODELS, loops, delays of up
    to 20 steps, populations of one neuron, projections without a synapse."""
    draw = Random(seed)
    kinds = [draw.choice(list(MODELS)) for _ in range(draw.randint(1, 3))]
    names = ["x", *(f"h{k}" for k in range(len(kinds)))]
    lines = [f"input x[{INPUTS}] encode spikes(duration = {STEPS} ms)"]
    for name, kind in zip(names[1:], kinds, strict=True):
        role = "output" if name == names[-1] else "population"
        text = MODELS[kind].format(
            a=draw.choice([4, 9.5, 20, 64]), b=draw.choice([2, 5, 8]),
            th=draw.choice([0.5, 1, 2.75]), pause=draw.choice([0, 1, 3]),
        )  # fmt: skip
        lines.append(f"{role} {name}[{draw.choice([1, 3, 7])}] : {text}")
    for k, kind in enumerate(kinds):
        lines += _into(draw, names, k + 1, kind)
    text = SOFT + "network n {\n  dt = 1 ms\n  " + "\n  ".join(lines) + "\n}\n"
    model = draw_model(compiled_text(text).graph, seed)
    return run_model_passes(model)


def _into(draw: Random, names: list[str], place: int, kind: str) -> list[str]:
    name = names[place]
    ports = PORTS.get(kind, ("",))
    pres = [names[place - 1], *draw.sample(names[1:], draw.randint(0, len(names) - 1))]
    found = []
    for k, pre in enumerate(pres):
        port = ports[0] if k == 0 else draw.choice(ports)
        end = f"{name}.{port}" if port else name
        wiring = "dense" if k == 0 else draw.choice(["dense", "sparse(p = 0.4)", "sparse(p = 0)"])
        is_back = names.index(pre) >= place
        delay = draw.choice([1, 2, 20]) if is_back else draw.choice([0, 0, 1, 13])
        high = draw.choice([0.5, 2, 8])
        init = f"init = uniform(-{high / 2}, {high})"
        call = wiring.replace(")", f", {init})") if "(" in wiring else f"{wiring}({init})"
        label = f"{pre} -> {end} : {call} delay {delay} ms"
        if label.partition(":")[0] not in "".join(found):
            found.append(label)
    return found


def drawn_precision(seed: int, sums: str = "exact") -> tuple[Precision, str]:
    """What is asked of integers, and how units follow the weights."""
    draw = Random(seed)
    overflow = draw.choice(["prove", "saturate", "wrap"])
    precision = Precision(
        bits=draw.choice([2, 4, 6, 8, 12, 16]),
        scale=draw.choice(list(SCALES)),
        guard=draw.choice([0, 2, 4, 8]),
        state_bits=draw.choice([32, 32, 24, 16]),
        decay=draw.choice(list(DECAYS)),
        decay_bits=draw.choice([8, 12, 16]),
        rounding=draw.choice(["floor", "nearest_even", "toward_zero"]),
        overflow=overflow,
        sums=sums,
    )
    method = draw.choice(list(METHODS))
    precision = replace(precision, floor=draw.choice([None, None, -0.4, 0.0]))
    below, leak = draw.choice(list(BELOW)), draw.choice(["first", "first", *LEAKS])
    delay = draw.choice([0, 0, 0, 1, 3])
    types = draw.choice([0, 0, 0, 2, 4])
    wide = draw.choice(["plain", "plain", "loihi"])
    chosen = {
        "below": below,
        "leak": leak,
        "extra_delay": delay,
        "axon_types": types,
        "registers": wide,
    }
    return replace(precision, **chosen), method


def drawn_integers(seed: int, sums: str = "exact") -> Model:
    """A drawn network in integers; guard bits are fewer where the proof wants it."""
    return in_integers(drawn_model(seed), *drawn_precision(seed, sums))


def drawn_numbers(seed: int, sums: str = "exact") -> Model:
    """A drawn network of numbers in integers: inputs that send them, populations that do, outputs
    whose score is one."""
    precision, method = drawn_precision(seed, sums)
    bits = min(Random(seed).choice([2, 4, 8, 8, 11, 16]), 28 - precision.bits)
    return in_integers(numbered_model(seed, sums), replace(precision, input_bits=bits), method)


NUMBERS = """
network n {{
  dt = 1 ms
  input x[6] encode {x}
  input z[3] encode {z}
  population h[{h}] : {cell}
  {middle}
  output y[{y}] : {output}
  x -> h : dense({init}) delay {d0} ms
  z -> h : {sparse} delay {d1} ms
  z -> h2 : dense({init})
  population h2[4] : if(v_th = 3 mV)
  h2 -> y : dense({init})
  h -> h : dense(init = uniform(-1, 0.5)) delay {d2} ms
  {joined}
}}
"""


def numbered_model(seed: int, sums: str = "exact") -> Model:
    """A network of inputs and populations that send numbers."""
    draw = Random(seed)
    inputs = [
        f"current(duration = {STEPS} ms, mean = {draw.choice([0, 0.3])}, sd = 0.4)",
        f"bernoulli(duration = {STEPS} ms)",
    ]
    draw.shuffle(inputs)
    inputs[1] = draw.choice(inputs)
    init = f"init = uniform(-{draw.choice([0.2, 1])}, {draw.choice([1, 2])})"
    kind = draw.choice(["lif", "exact", "alif", "soft", "cuba_lif"])
    cell = MODELS[kind].format(a=9.5, b=4, th=2.75, pause=draw.choice([0, 2]))
    output = draw.choice(
        [
            *("li(tau_mem = 9 ms)", "li_max(tau_mem = 9 ms)", "li_mean(tau_mem = 9 ms)"),
            "lif(v_th = 1 mV)\n  readout = psc(tau = 4 ms)",
            "lif(v_th = 1 mV)\n  readout = first_spike",
        ]
    )
    unit = "linear" if sums == "exact" else ""  # which reads the sum itself
    between = draw.choice(["", unit, "li(tau_mem = 5 ms)", "li_mean(tau_mem = 5 ms)"])
    delay = draw.choice([0, 1, 7])
    joined = f"h -> y : dense({init}) delay {delay} ms"
    if between:
        joined = f"h -> m : sparse(p = 0.8, {init})\n  m -> y : dense({init}) delay {delay} ms"
    text = SOFT + NUMBERS.format(
        x=inputs[0], z=inputs[1], h=draw.choice([2, 5]), cell=cell,
        middle=f"population m[4] : {between}" if between else "", y=draw.choice([1, 3]),
        output=output, init=init, d0=draw.choice([0, 0, 3]), d1=draw.choice([0, 2]),
        sparse=draw.choice(["dense", "sparse(p = 0.5, "]) , d2=draw.choice([1, 5]), joined=joined,
    )  # fmt: skip
    text = text.replace("sparse(p = 0.5,  ", f"sparse(p = 0.5, {init}) ")
    if seed % 2:  # numbers of their own for each channel
        for name, sds in (("x[6]", "0.4, 0.2, 0.5, 1, 0.4, 0.3"), ("z[3]", "0.3, 0.4, 2")):
            head, own, rest = text.partition(f"input {name}")
            line, end, rest = rest.partition("\n")
            text = head + own + line.replace("sd = 0.4", f"sd = [{sds}]") + end + rest
    if kind == "cuba_lif":
        text = text.replace("-> h :", "-> h.exc :")
    text = text.replace("z -> h : dense ", f"z -> h : dense({init}) ")
    text = text.replace("z -> h.exc : dense ", f"z -> h.inh : dense({init}) ")
    return run_model_passes(draw_model(compiled_text(text).graph, seed))


PRODUCTS = """
neuron square {{
  state v: mV = 0.5 mV
  on input {{ v = v + i }}
  dv/dt = v * (v - 1 mV) / 10 mV / 10 ms - v / 5 ms
  spike when v > 2 mV
  on spike {{ v = 0 mV }}
}}
neuron conductance {{
  state v: mV = -1 mV
  state g: 1/ms = 0 / 1 ms
  input e: 1/ms
  on input {{ g = g + e }}
  dv/dt = -v / 20 ms + g * (3 mV - v)
  dg/dt = -g / 5 ms
  spike when v > 1 mV
  on spike {{ v = -1 mV }}
  refractory 2 ms {{ v = -1 mV }}
}}
neuron curved {{
  state v: mV = 0 mV
  on input {{ v = v + i }}
  dv/dt = exp(v / 2 mV) * 1 mV / 30 ms - tanh(v / 1 mV) * 1 mV / 5 ms
  spike when v > 2 mV
  on spike {{ v = -1 mV }}
}}
neuron smooth {{
  state v: mV = 0 mV
  on input {{ v = v + i }}
  dv/dt = max(v * v, 2 mV * v) / 50 mV / 1 ms - v / 4 ms
  emit v * v / 10 mV
}}
network n {{
  dt = 1 ms
  input x[6] encode bernoulli(duration = {steps} ms)
  input z[3] encode current(duration = {steps} ms)
  population h[4] : {cell}
  population m[3] : {middle}
  output y[2] : lif(v_th = 1 mV)
  x -> h{port} : dense(init = uniform({low}, {high}))
  {loop}
  z -> m : dense(init = uniform(-0.3, 0.5))
  h -> m : dense(init = uniform(-0.3, 0.5)) delay 2 ms
  m -> y : dense(init = uniform(-1, 2))
}}
"""


def drawn_products(seed: int, sums: str = "exact") -> Model:
    """A drawn network of neurons that multiply their states, in integers."""
    draw = Random(seed)
    cell = draw.choice(["izhikevich", "square", "conductance", "curved"])
    port, low, high = {
        "izhikevich": ("", 0, 30), "square": ("", -0.5, 2), "conductance": (".e", 0, 0.3),
        "curved": ("", -0.5, 2),
    }[cell]  # fmt: skip
    loop = draw.choice(["", f"h -> h{port} : dense(init = uniform(0, {high / 8})) delay 1 ms"])
    text = PRODUCTS.format(
        cell=cell, port=port, low=low, high=high, loop=loop, steps=STEPS,
        middle=draw.choice(["smooth", "square", "lif(v_th = 1 mV)"]),
    )  # fmt: skip
    model = run_model_passes(draw_model(compiled_text(text).graph, seed))
    precision, method = drawn_precision(seed, sums)
    precision = replace(precision, state_bits=32, bits=max(4, precision.bits), table=32)
    try:
        ranges = seen(model, drawn_values(seed), "minmax", precision.input_bits)
        return in_integers(model, precision, method, ranges)
    except CompileError as error:
        # A square that grows without end, or whose numbers are too far apart.
        if not {d.code for d in error.diagnostics} <= {"E053", "E080"}:
            raise
        return drawn_products(seed + 1000, sums)


def drawn_values(seed: int, count: int = 2) -> Samples:
    """Samples of the inputs of `drawn_numbers`."""
    return _valued(np.random.default_rng(seed).random((count, 9)))


def _valued(values: np.ndarray) -> Samples:
    order = np.arange(len(values))
    none, ones = np.zeros(len(values), np.int32), np.ones(len(values), np.float32)
    return Samples(values.astype(np.float32), order, order.astype(np.uint64), none, ones)


def in_integers(model: Model, precision: Precision, method: str, ranges: Ranges = UNSEEN) -> Model:
    """The model in integers; guard bits are fewer where the proof wants it."""
    while True:
        try:
            return run_model_passes(model, (Quantize(precision, method, ranges),))
        except CompileError as error:
            codes = {d.code for d in error.diagnostics}
            if "E080" in codes and precision.decay != "multiply":
                precision = replace(precision, decay="multiply")
            elif "E080" in codes and (precision.leak, precision.below) != ("first", "clip"):
                precision = replace(precision, leak="first", below="clip")
            elif codes == {"E083"} and precision.guard > -16:
                precision = replace(precision, guard=precision.guard - 1)
            elif codes <= {"E082", "E084"} and precision.guard < 12:
                precision = replace(precision, guard=precision.guard + 4, overflow="wrap")
            else:
                raise


def drawn_samples(seed: int, count: int = 2) -> Samples:
    """Spike trains, from sparse to dense."""
    rng = np.random.default_rng(seed)
    shares = rng.uniform(0.05, 0.6, (count, 1, 1))
    trains = (rng.random((count, STEPS, INPUTS)) < shares).astype(np.uint8)
    order = np.arange(count)
    none = np.zeros(count, np.int32)
    return Samples(trains, order, order.astype(np.uint64), none, np.ones(count, np.float32))


def drawn_firing(seed: int, sums: str = "exact") -> Model:
    """A drawn network whose neurons may fire several times in a step, and where events come one by
    one after each of them."""
    draw = Random(seed + 1000)
    precision, method = drawn_precision(seed, sums)
    threshold = "step" if sums == "exact" else draw.choice(["step", "event", "event"])
    spikes = draw.choice([1, 2, 5, 31] if threshold == "event" else [2, 3, 31])
    precision = replace(precision, threshold=threshold, spikes=spikes)
    return in_integers(drawn_model(seed), precision, method)


def drawn_windows(seed: int, sums: str = "exact") -> Model:
    """A drawn network of convolutions and pools in integers, whose inputs and pools send spikes or
    numbers."""
    text = SOFT + windows_text(seed, sums, MODELS, STEPS)
    model = run_model_passes(draw_model(compiled_text(text).graph, seed))
    precision, method = drawn_precision(seed, sums)
    fewer = replace(precision, axon_types=0, input_bits=min(8, 28 - precision.bits))
    return in_integers(model, fewer, method)


def drawn_planes(seed: int, count: int = 2) -> Samples:
    """Samples of the input of `drawn_windows`."""
    return _valued(np.random.default_rng(seed).random((count, prod(planes_of(seed)))))


# What is drawn, and its samples, by what it is called.
DRAWN = {
    "spikes": (drawn_integers, drawn_samples),
    "firing": (drawn_firing, drawn_samples),
    "numbers": (drawn_numbers, drawn_values),
    "products": (drawn_products, drawn_values),
    "windows": (drawn_windows, drawn_planes),
}


def check_outcome(
    simulator: Simulator, model: Model, samples: Samples, spikes: Mapping[str, np.ndarray]
) -> int:
    """Counts, scores and classes are the reference's, whose spikes [T, B, N] these are; how many
    there were of all but the input `x`."""
    outcome = simulator.run(samples)
    golden = ReferenceSimulator(model, np.float64).run(samples)
    assert (outcome.scores == golden.scores).all()
    assert (outcome.predictions == golden.predictions).all()
    output = next(p.name for p in model.graph.populations if p.role == "output")
    assert (outcome.counts == spikes[output].sum(axis=0)).all()
    return int(sum(fired.sum() for name, fired in spikes.items() if name != "x"))
