"""What docs/conventions.md says of a step here, each by a network that shows it."""

from __future__ import annotations

import numpy as np
import pytest
from compiled_texts import compiled_text

from snncc.backends.reference.network import simulate
from snncc.ir.model import draw_model
from snncc.ir.philox import encode
from snncc.ir.rules import ENCODINGS
from snncc.ir.schemes import SCHEMES

NET = """
neuron cell {{
  state v: mV = 0 mV
  state n: 1 = 0
  state steps: 1 = 0
  on input {{ v = v + i  n = n + i / 1 mV  steps = steps + 1 }}
  spike when v {compared} 1 mV
  on spike {{ v = 0 mV }}
  {refractory}
}}
network n {{
  dt = 1 ms
  input x[1] encode spikes(duration = 20 ms)
  output y[1] : cell method {method}
  x -> y : dense(weight = {weight} mV)  delay {delay} ms
  x -> y : dense(weight = {weight} mV)  delay {delay} ms
}}
"""


def run(spikes, method="euler", compared=">=", refractory="", weight=1.0, delay=0):
    text = NET.format(
        compared=compared, refractory=refractory, method=method, weight=weight, delay=delay
    )
    x = np.zeros((20, 1, 1), bool)
    x[spikes] = True
    return simulate(draw_model(compiled_text(text).graph, 0), {"x": x}, record=True)


@pytest.mark.parametrize("method", SCHEMES)
@pytest.mark.parametrize("delay", [0, 3])
def test_what_arrives_is_seen_by_the_threshold_of_its_step(method, delay) -> None:
    fired = np.flatnonzero(run([2], method, delay=delay).spikes["y"])
    assert fired.tolist() == [2 + delay]


@pytest.mark.parametrize("steps", [0, 1, 4])
def test_a_refractory_time_of_n_steps_keeps_spikes_n_and_one_apart(steps) -> None:
    held = f"refractory {steps} ms {{ v = 0 mV }}"
    fired = np.flatnonzero(run(slice(None), refractory=held).spikes["y"])
    assert set(np.diff(fired)) == {steps + 1}


@pytest.mark.parametrize(("compared", "fires"), [(">=", True), (">", False)])
def test_a_threshold_is_as_written(compared, fires) -> None:
    assert run([2], compared=compared, weight=0.5).spikes["y"].any() == fires


def test_on_input_is_done_in_every_step_with_the_sum() -> None:
    trace = run([2, 5])
    assert trace.states["y"]["steps"].item() == 20
    assert trace.states["y"]["n"].item() == 4
    assert trace.history["y"]["v"][2, 0, 0] == 0  # recorded after the reset


def test_poisson_is_silent_in_step_0() -> None:
    first = ENCODINGS["poisson"].first
    drawn = encode(np.ones(500), 4, 0, 0, first)
    assert drawn.any(axis=1).tolist() == [False, True, True, True]
