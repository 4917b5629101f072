"""Networks drawn at random that Xylo can say, quantized for the chip."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random

import loihi_nets
import numpy as np
from compiled_texts import compiled_text
from integer_cases import INPUTS, STEPS

from snncc.backends.exports.xylo.network import network_of
from snncc.backends.protocols import Samples
from snncc.backends.reference.simulator import ReferenceSimulator
from snncc.backends.trace import Trace
from snncc.ir.deploy.choices import chosen
from snncc.ir.diagnostics import CompileError
from snncc.ir.model import Model, draw_model
from snncc.ir.passes.pipeline import run_model_passes
from snncc.ir.trains import most_given
from snncc.runtime.deploying import quantized_as

CELLS = """
neuron one {
  param tau_mem: ms = 16 ms
  param tau_syn: ms = 8 ms
  param v_th: mV = 4 mV
  param bias: mV/ms = 0 mV / 1 ms
  state v: mV = 0 mV
  state c: mV = 0 mV
  on input { c = c + i }
  dv/dt = -v / tau_mem + c / tau_syn + bias
  dc/dt = -c / tau_syn
  spike when v >= v_th
  on spike { v = v - v_th }
}
neuron two {
  param tau_mem: ms = 16 ms
  param tau_exc: ms = 8 ms
  param tau_inh: ms = 4 ms
  param v_th: mV = 4 mV
  param bias: mV/ms = 0 mV / 1 ms
  state v: mV = 0 mV
  state e: mV = 0 mV
  state g: mV = 0 mV
  input exc: mV
  input inh: mV
  on input {
    e = e + exc
    g = g - inh
  }
  dv/dt = (bias - v / tau_mem + e / tau_exc) + g / tau_inh
  de/dt = -e / tau_exc
  dg/dt = -g / tau_inh
  spike when v >= v_th
  on spike { v = v - v_th }
}
"""
NET = """
network n {
  dt = 1 ms
  input x[6] encode spikes(duration = 40 ms)
  population h[5] : one
  output y[2] : one
  x -> h : dense(init = uniform(-1, 2))
  h -> h : dense(init = uniform(-1, 1)) delay 1 ms
  h -> y : dense(init = uniform(-1, 2))
}
"""
CHIP = {"sums": "each", "spikes": 31, "output_spikes": 1, "leak": "summed", "decay": "shift"}
ONE = "one(tau_mem = {a} ms, tau_syn = {b} ms, v_th = {th} mV, bias = {bias} mV / 1 ms)"
TWO = (
    "two(tau_mem = {a} ms, tau_exc = {b} ms, tau_inh = {c} ms, v_th = {th} mV, "
    "bias = {bias} mV / 1 ms)"
)
INITS = ("uniform(-1, 2)", "uniform(-2, 1)", "uniform(0.1, 2)", "uniform(-9, 9)")

# For these another one is drawn: what the chip's numbers do not hold, and another order of arrival.
REFUSED = {"E071", "E082", "E083", "E084", "E086", "E088"}


def drawn_text(seed: int) -> str:
    """One to three hidden populations and an output, with one current or two: loops, delays such as
    lags make up for, populations of one neuron, projections without a synapse, biases; inputs of
    one spike in a step or of several."""
    draw, most = Random(seed), most_of(seed)
    count = draw.randint(1, 3)
    is_awake = draw.random() < 0.4
    names = ["x", *(f"h{k}" for k in range(count)), "y"]
    kinds = {name: draw.choice([ONE, ONE, TWO]) for name in names[1:]}
    late = {n: 0 if is_awake else draw.choice([0, 0, 1]) for n in names}
    late["x"] = draw.choice([1, 1, 2])
    lines = [f"input x[{INPUTS}] encode spikes(duration = {STEPS} ms, most = {most})"]
    for name, kind in kinds.items():
        cell = kind.format(
            a=draw.choice([2, 4, 9.5, 64, 3000]), b=draw.choice([1.1, 2, 5, 16]),
            c=draw.choice([2, 30]), th=draw.choice([0.1, 0.5, 4]),
            bias=draw.choice([0.02, -0.3, 1]) if is_awake else 0,
        )  # fmt: skip
        role = "output" if name == "y" else "population"
        lines.append(f"{role} {name}[{draw.choice([1, 3, 7])}] : {cell}")
    for place in range(1, len(names)):
        lines += _into(draw, names, place, kinds[names[place]], late)
    return CELLS + "network n {\n  dt = 1 ms\n  " + "\n  ".join(lines) + "\n}\n"


def _into(draw: Random, names: list[str], place: int, kind: str, late: dict[str, int]) -> list[str]:
    """From the input, and from hidden neurons in their order, that itself last."""
    name, hidden, found = names[place], names[1:-1], []
    pres = [h for h in hidden if h != name and draw.random() < 0.6]
    if name == "y":
        pres = pres or [hidden[-1]]
    else:
        own = [name] if draw.random() < 0.7 else []
        pres = ["x", *sorted({*pres, *own})]
    for pre in pres:
        delay = late[pre] - late[name] + (pre != "x")
        is_back = pre != "x" and names.index(pre) >= place
        if delay < int(is_back):
            continue
        wiring = draw.choice(["dense({})", "dense({})", "sparse(p = 0.4, {})", "sparse(p = 0, {})"])
        if pre == pres[0]:
            wiring = "dense({})"
        call = wiring.format(f"init = {draw.choice(INITS)}")
        port = draw.choice([".exc", ".inh"]) if kind is TWO else ""
        found.append(f"{pre} -> {name}{port} : {call} delay {delay} ms")
    return found


def most_of(seed: int) -> int:
    """How many spikes of a neuron of the input a step may have."""
    return (4, 1, 15)[seed % 3]


def spikes_of(seed: int) -> Samples:
    """Spikes of the input, or how many."""
    samples = loihi_nets.drawn_spikes(seed)
    most = most_given(drawn_xylo(seed).graph.population("x"))
    often = np.random.default_rng(seed).integers(1, most + 1, samples.values.shape)
    return replace(samples, values=(samples.values * often).astype(np.uint8))


@cache
def drawn_xylo(seed: int) -> Model:
    """A drawn network in the integers of `quantize --target xylo_audio3`."""
    draw = Random(seed + 1)
    model = run_model_passes(draw_model(compiled_text(drawn_text(seed)).graph, seed))
    scale, bits = draw.choice(["neuron", "population", "pow2"]), draw.choice([3, 5, 8, 8])
    said = {"target": "xylo_audio3", "scale": scale, "bits": bits}
    for guard in (draw.choice([None, 0, 1, 2, 4, 8]), None):
        try:
            options = said if guard is None else {**said, "guard": guard}
            made = quantized_as(model, chosen(None, options)).integers
            network_of(made)
            return made
        except CompileError as error:
            if not {d.code for d in error.diagnostics} <= REFUSED:
                raise
    return drawn_xylo(seed + 1000)


def in_xylo(
    text: str, target: str | None = "xylo_audio3", cells: str = CELLS, **options: object
) -> Model:
    """A network of the CELLS in the integers of a chip; of none: in those that all of them have."""
    model = run_model_passes(draw_model(compiled_text(cells + text).graph, 1))
    own = {"target": target} if target else {**CHIP, "state_bits": 16, "reset": "threshold"}
    return quantized_as(model, chosen(None, {**own, "guard": 2, **options})).integers


@cache
def traced(seed: int) -> Trace:
    """What the reference does."""
    return ReferenceSimulator(drawn_xylo(seed), np.float64).trace(spikes_of(seed), True)


def is_logged(seed: int, log: Path) -> tuple[int, int, int]:
    """A log of xylosim has every spike and state of the reference; how many spikes there were of
    all but the input, how many of them were not alone in their step, and how many states were at
    an end of 16 bits."""
    trace, logged = traced(seed), np.load(log)
    fired, several, ends = 0, 0, 0
    for name, spikes in trace.spikes.items():
        found = np.zeros(spikes.shape, np.int64)
        np.add.at(found, tuple(logged[f"spikes/{name}"].T[[1, 0, 2]]), 1)
        assert (found == spikes).all(), (log, name)
        fired += int(spikes.sum()) if name != "x" else 0
        several += int(spikes[spikes > 1].sum())
    for name, states in trace.moving(drawn_xylo(seed).graph).items():
        for state in states.keys() & {"v", "c", "e", "g"}:
            codes = logged[f"states/{name}/{state}"].transpose(1, 0, 2)
            assert np.array_equal(codes, states[state]), (log, name, state)
            ends += int(((codes >= 32767) | (codes <= -32768)).sum())
    return fired, several, ends
