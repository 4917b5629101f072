"""Networks drawn at random that an emulator of Loihi can say, quantized for the chip."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from random import Random

import numpy as np
from compiled_texts import compiled_text
from integer_cases import STEPS

from snncc.backends.exports.chips.flavours import FLAVOURS
from snncc.backends.protocols import Samples
from snncc.backends.reference.simulator import ReferenceSimulator
from snncc.backends.trace import Trace
from snncc.ir.deploy.choices import chosen
from snncc.ir.diagnostics import CompileError
from snncc.ir.model import Model, draw_model
from snncc.ir.passes.pipeline import run_model_passes
from snncc.runtime.deploying import quantized_as

INPUTS = 6
CELLS = """
neuron biased {
  param tau: ms = 10 ms
  param v_th: mV = 1 mV
  param drive: mV = 0.1 mV
  param refractory: ms = 0 ms
  state v: mV = 0 mV
  state c: mV = 0 mV
  on input { c = c + i }
  dv/dt = (drive - v) / tau + c / 4 ms
  dc/dt = -c / 4 ms
  spike when v > v_th
  on spike { v = 0 mV }
  refractory refractory { v = 0 mV }
}
neuron bare {
  param v_th: mV = 1 mV
  param tau: ms = 20 ms
  state v: mV = 0 mV
  on input { v = v + i }
  dv/dt = -v / tau
  spike when v >= v_th
  on spike { v = 0 mV }
}
neuron kept {
  param v_th: mV = 1 mV
  state v: mV = 0 mV
  on input { v = v + i }
  spike when v >= v_th
  on spike { v = 0 mV }
}
"""
LIF = "lif(tau_mem = {a} ms, tau_syn = {b} ms, v_th = {th} mV, refractory = {pause} ms)"
BIASED = "biased(tau = {a} ms, v_th = {th} mV, drive = {drive} mV, refractory = {pause} ms)"
BARE = ("bare(v_th = {th} mV, tau = {a} ms)", "kept(v_th = {th} mV)")
SIGNS = (
    "uniform(-1, 2)",
    "uniform(-2, 1)",
    "uniform(0.1, 2)",
    "uniform(-3, -0.1)",
    "uniform(-9, 9)",
)


def drawn_text(seed: int, flavour: str) -> str:
    """One to three populations, loops, delays such as the flavour has, populations of one
    neuron, projections without a synapse."""
    row, draw = FLAVOURS[flavour], Random(seed)
    kinds = [LIF, LIF, *BARE, *([BIASED] if row.has_bias else [])]
    cells = [draw.choice(kinds) for _ in range(draw.randint(1, 3))]
    is_awake = BIASED in cells
    names = ["x", *(f"h{k}" for k in range(len(cells)))]
    # Where all spikes take a step, populations may run late: that gives their delays.
    late = {
        name: 0 if is_awake or k == 0 else draw.choice([0, 0, 1, 2]) for k, name in enumerate(names)
    }
    lines = [f"input x[{INPUTS}] encode spikes(duration = {STEPS} ms)"]
    for name, cell in zip(names[1:], cells, strict=True):
        role = "output" if name == names[-1] else "population"
        pause = draw.choice([0, 1, 3]) if row.has_refractory else 0
        text = cell.format(
            a=draw.choice([4, 9.5, 20, 64]), b=draw.choice([2, 5, 8]), pause=pause,
            th=draw.choice([0.1, 0.5, 1]), drive=draw.choice([0.3, -2, 9]),
        )  # fmt: skip
        lines.append(f"{role} {name}[{draw.choice([1, 3, 7])}] : {text}")
    for k in range(1, len(names)):
        lines += _into(draw, names, k, flavour, is_awake, late)
    return CELLS + "network n {\n  dt = 1 ms\n  " + "\n  ".join(lines) + "\n}\n"


def _into(draw, names, place, flavour, is_awake, late) -> list[str]:
    row, name, found = FLAVOURS[flavour], names[place], {}
    for pre in ("x", names[place - 1], *draw.sample(names[1:], draw.randint(0, len(names) - 1))):
        is_back = pre != "x" and names.index(pre) >= place
        least = max(int(is_awake), names.index(pre) - place + 1 if is_back else 0)
        delay = max(least, draw.choice([0, 0, 1, 2, 13]))
        if row.delays.high == 1 and pre != "x":
            delay = 1 + late[pre] - late[name]
            if delay < least:
                continue
        wiring = draw.choice(["dense({})", "dense({})", "sparse(p = 0.4, {})", "sparse(p = 0, {})"])
        if pre == "x":
            wiring = "dense({})"
        call = wiring.format(f"init = {draw.choice(SIGNS)}")
        found[pre] = f"{pre} -> {name} : {call} delay {delay} ms"
    return list(found.values())


@cache
def drawn_loihi(seed: int, flavour: str) -> Model:
    """A drawn network in the integers of `quantize --target loihi`."""
    row, draw = FLAVOURS[flavour], Random(seed + 1)
    model = run_model_passes(draw_model(compiled_text(drawn_text(seed, flavour)).graph, seed))
    scales = ["population", "shared_exponent"] + (
        [] if row.is_uniform else ["neuron", "exponent", "pow2"]
    )
    options = {"target": "loihi", "scale": draw.choice(scales), "bits": draw.choice([3, 5, 8, 8])}
    guard = draw.choice([None, None, 6, 10] if row.clips else [6, 7, 8])
    for fewer in (guard, None):
        said = options if fewer is None else {**options, "guard": fewer}
        try:
            made = quantized_as(model, chosen(None, said)).integers
        except CompileError as error:
            if not {d.code for d in error.diagnostics} <= {"E082", "E083", "E086", "E088"}:
                raise
            continue
        if row.clips or not any(is_clipped(made, seed)):
            return made
    return drawn_loihi(seed + 1000, flavour)


def is_clipped(model: Model, seed: int) -> Iterator[bool]:
    """Whether a voltage of a population comes to an end of 24 bits."""
    for states in traced(model, seed).states.values():
        yield bool((abs(states["v"]) >= (1 << 23) - 1).any())


def drawn_spikes(seed: int, count: int = 2) -> Samples:
    """Spike trains of the input, from sparse to dense."""
    rng = np.random.default_rng(seed)
    shares = rng.uniform(0.05, 0.7, (count, 1, 1))
    trains = (rng.random((count, STEPS, INPUTS)) < shares).astype(np.uint8)
    order = np.arange(count)
    none, ones = np.zeros(count, np.int32), np.ones(count, np.float32)
    return Samples(trains, order, order.astype(np.uint64), none, ones)


def traced(model: Model, seed: int) -> Trace:
    """What the reference does."""
    return ReferenceSimulator(model, np.float64).trace(drawn_spikes(seed), True)


def is_logged(model: Model, trace: Trace, log: Path) -> int:
    """A log of an emulator has every spike, u and v of a trace; how many spikes there were of all
    but the input."""
    logged, fired = np.load(log), 0
    for name, spikes in trace.spikes.items():
        found = np.zeros(spikes.shape, bool)
        found[tuple(logged[f"spikes/{name}"].T[[1, 0, 2]])] = True
        assert (found == spikes).all(), (log, name)
        fired += int(spikes.sum()) if name != "x" else 0
    for name, states in trace.moving(model.graph).items():
        for state in states.keys() & {"u", "v", "c"}:
            codes = logged[f"states/{name}/{state}"].transpose(1, 0, 2)
            assert np.array_equal(codes, states[state]), (log, name, state)
    return fired
