"""Several spikes of a neuron in a step: the margin of each, and what the sweep makes of them."""

import numpy as np
import pytest
from compiled_texts import compiled_text
from integer_cases import SOFT
from refusal import refused

from snncc.ir.adjoint.curves import CURVES
from snncc.ir.adjoint.often import margins, resets
from snncc.ir.adjoint.step import MARGIN, SPIKE, Surrogate, adjoint_of
from snncc.ir.expr import evaluate
from snncc.ir.neuron import SPIKED, NeuronStep, margin

MOST, WIDTH = 5, 0.6


def step_of(model: str, text: str = "") -> tuple[NeuronStep, dict[str, float]]:
    net = f"""
    network n {{
      dt = 1 ms
      input x[2] encode spikes(duration = 5 ms)
      output y[2] : {model}
      x -> y : dense
    }}
    """
    population = compiled_text(SOFT + text + net).graph.population("y")
    assert population.step is not None
    constants = dict(zip(population.step.constants, population.constants, strict=True))
    return population.step, constants


@pytest.mark.parametrize("is_through", [True, False])
@pytest.mark.parametrize("v", [-0.4, 0.3, 1.4, 3.3, 9.0])
def test_the_sweep_is_that_of_a_staircase(v: float, is_through: bool) -> None:
    """Of n(m) = sum over k of H(m - k theta) and v' = keep v + i - theta n, by hand."""
    step, constants = step_of("soft(tau = 8 ms, v_th = 1.5 mV)")
    surrogate = Surrogate(CURVES["sigmoid"], WIDTH, is_through, spikes=MOST)
    adjoint = adjoint_of(step, surrogate)
    arrived, asked, later = 0.7, 0.9, -1.3
    keep, theta = 1 - 1 / 8, 1.5
    values = {**constants, "v": v, "i": arrived, SPIKE: asked, "v~next": later}
    for assign in adjoint.forward:
        values[assign.target] = evaluate(assign.value, values, np.float64)
    u = keep * v + arrived
    fired = min(MOST, max(0, int(np.floor(u / theta))))
    assert values[SPIKED] == fired
    assert values["v:3" if "v:3" in values else max(n for n in values if n.startswith("v:"))] == (
        pytest.approx(u - theta * fired)
    )
    for assign in adjoint.backward:
        values[assign.target] = evaluate(assign.value, values, np.float64)
    places = u - theta - theta * np.arange(MOST)
    e = np.exp(-np.abs(places) / WIDTH)
    slope = (e / (WIDTH * (1 + e) ** 2)).sum()
    of_u = later + slope * (asked - (theta * later if is_through else 0.0))
    assert values[adjoint.ports["i"]] == pytest.approx(of_u)
    assert values[adjoint.states["v"]] == pytest.approx(keep * of_u)
    assert sum(a.target.startswith(MARGIN) for a in adjoint.backward) == MOST + 1


def test_margins_fall_by_what_a_reset_takes() -> None:
    step, constants = step_of("soft(v_th = 2 mV)")
    found = margin(step.threshold)
    each = list(margins(found.value, resets(step, None), 3))
    told = [evaluate(m, {**constants, "v": 5.0}, np.float64) for m in each]
    assert told == pytest.approx([3.0, 1.0, -1.0])


RESTS = """
neuron rests {
  state v: mV = 0 mV
  on input { v = v + i }
  dv/dt = -v / 10 ms
  spike when v >= 1 mV
  on spike { v = v - 1 mV }
  refractory 2 ms { v = 0 mV }
}
"""
HALVES = (
    RESTS.replace("rests", "halves")
    .replace("v - 1 mV", "v / 2")
    .replace("  refractory 2 ms { v = 0 mV }\n", "")
)


@pytest.mark.parametrize(
    ("model", "why"),
    [("stbp", "a reset to a value"), ("rests", "fires once in a step"), ("halves", "adds to `v`")],
)
def test_resets_that_are_no_sum_are_refused(model: str, why: str) -> None:
    step, _ = step_of(model, RESTS + HALVES)
    surrogate = Surrogate(CURVES["sigmoid"], WIDTH, spikes=2)
    assert why in refused("E050", adjoint_of, step, surrogate).message
