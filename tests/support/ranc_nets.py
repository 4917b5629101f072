"""Networks drawn at random that cores of RANC can hold, in integers."""

from __future__ import annotations

from random import Random

import numpy as np
from compiled_texts import compiled_text

from snncc.ir.diagnostics import CompileError
from snncc.ir.integers.precision import Precision
from snncc.ir.model import Model, draw_model
from snncc.ir.passes.pipeline import run_model_passes
from snncc.ir.passes.quantize import Quantize

STEPS = 30
NEURON = """
neuron cell {{
  param v_th: mV = 8 mV
  param leak: mV/ms = 0 mV / 1 ms
  state v: mV = {start} mV
  on input {{ v = v + i }}
  dv/dt = -leak
  spike when v {op} v_th
  on spike {{ v = {reset} }}
}}
"""
NET = """
network n {{
  dt = 1 ms
  input x[{x}] encode spikes(duration = {steps} ms)
  {lines}
}}
"""
# How a spike resets, and what goes with it below the floor.
RESETS = (
    ("0 mV", "reset", (0.0, -3.0)),
    ("0 mV", "clip", (0.0,)),
    ("2 mV", "reset", (-6.0, -2.0)),
    ("v - v_th", "subtract", (-3.0, -9.0)),
)


def drawn_ranc(seed: int, widest: int = 300) -> Model:
    """A network of one to three populations in integers: loops, delays, several cores, senders that
    need relays. What does not fit a potential of 9 bits is drawn again."""
    draw = Random(seed)
    for _ in range(200):
        try:
            return _drawn(draw, seed, widest)
        except CompileError as error:
            if not {d.code for d in error.diagnostics} <= {"E082", "E083", "E088"}:
                raise
    raise AssertionError(f"nothing was drawn by {seed}")


def _drawn(draw: Random, seed: int, widest: int) -> Model:
    reset, below, floors = draw.choice(RESETS)
    names = [f"h{k}" for k in range(draw.randint(1, 3))]
    sizes = [draw.choice([1, 5, 20, 60, widest]) for _ in names[:-1]] + [draw.choice([3, 20, 90])]
    x = draw.choice([8, 40, 200])
    lines = []
    for name, size in zip(names, sizes, strict=True):
        role = "output" if name == names[-1] else "population"
        leak = draw.choice([0, 0, 0.3, 1, -0.2])
        cell = f"cell(v_th = {draw.choice([3, 6, 10])} mV, leak = {leak} mV / 1 ms)"
        lines.append(f"{role} {name}[{size}] : {cell}")
    for k, (name, size) in enumerate(zip(names, sizes, strict=True)):
        pre, count = (names[k - 1], sizes[k - 1]) if k else ("x", x)
        lines.append(f"{pre} -> {name} : {_wiring(draw, count)} delay {draw.randint(2, 15)} ms")
        if size > 1 and draw.random() < 0.6:
            lines.append(f"{name} -> {name} : {_wiring(draw, size)} delay {draw.randint(3, 9)} ms")
    if len(names) > 1 and draw.random() < 0.5:
        wiring = _wiring(draw, sizes[-1])
        lines.append(f"{names[-1]} -> {names[0]} : {wiring} delay {draw.randint(3, 9)} ms")
    text = NEURON.format(start=draw.choice([0, 0, 1]), op=draw.choice([">=", ">"]), reset=reset)
    text += NET.format(x=x, steps=STEPS, lines="\n  ".join(lines))
    precision = Precision(
        bits=draw.choice([2, 3, 4, 5]), guard=0, state_bits=9, decay="linear", leak="arrived",
        floor=draw.choice(floors), below=below, axon_types=draw.choice([1, 3, 4]),
        reset="threshold",
    )  # fmt: skip
    model = run_model_passes(draw_model(compiled_text(text).graph, seed))
    return run_model_passes(run_model_passes(model, (Quantize(precision, "minmax"),)))


def _wiring(draw: Random, pre: int) -> str:
    init = f"init = uniform({draw.choice([-1, -2, -0.2])}, {draw.choice([1, 3])})"
    return f"fixed_fan_in(k = {min(pre, draw.choice([1, 4, 12, 25]))}, {init})"


def drawn_spikes(model: Model, seed: int, batch: int = 2) -> dict[str, np.ndarray]:
    """Spikes of the inputs, [T, B, N]."""
    draw = np.random.default_rng(seed)
    (given,) = [p for p in model.graph.populations if p.role == "input"]
    return {given.name: draw.random((STEPS, batch, given.neurons)) < draw.uniform(0.1, 0.5)}
