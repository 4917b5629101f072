"""The plain Euler step, by hand."""

from __future__ import annotations

import numpy as np
from compiled_texts import population

from snncc.ir.expr import evaluate
from snncc.ir.schemes.forward_euler import forward_euler

CELL = """
neuron cell {
  param tau: ms = 4 ms
  state v: mV = 0 mV
  state c: mV = 0 mV
  on input { c = c + i }
  dv/dt = (c - v) / tau
  dc/dt = -c / 2 ms
  spike when v > 1 mV
  on spike { v = 0 mV }
}
"""


def test_everything_is_integrated_from_the_values_after_what_arrives() -> None:
    model = population("cell", CELL).model
    assert model is not None
    made = forward_euler(model, 1.0)
    assert made.decay == ()
    assert [a.target for a in made.deliver] == ["c"]
    values = {"tau": 4.0, "v": 8.0, "c": 2.0, "i": 4.0}
    for assign in (*made.deliver, *made.integrate):
        values[assign.target] = evaluate(assign.value, values, np.float64)
    assert (values["c"], values["v"]) == (6 - 3, 8 + (6 - 8) / 4)
