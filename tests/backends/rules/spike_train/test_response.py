"""What the rules read off a neuron's step, and which neurons they refuse."""

from __future__ import annotations

import math

import pytest
from compiled_texts import population
from refusal import refused

from snncc.backends.rules.spike_train.response import spike_response

RENAMED = """
neuron mine {
  param memory: ms = 10 ms
  param slow: ms = 5 ms
  param bar: mV = 7 mV
  state charge: mV = 0 mV
  state tail: mV = 0 mV
  input volley: mV
  on input { tail = tail + volley }
  dcharge/dt = (tail / slow) - charge * (1 / memory)
  dtail/dt = -tail / slow
  spike when bar <= charge
  on spike { charge = 0 mV }
  refractory 3 ms { charge = 0 mV }
}
"""
DIRECT = """
neuron direct {
  param tau: ms = 8 ms
  state v: mV = 0 mV
  on input { v = v + 2 * i }
  dv/dt = -v / tau
  spike when v > 3 mV
  on spike { v = 0 mV }
}
"""


PERFECT = """
neuron perfect {
  param v_th: mV = 1 mV
  state v: mV = 0 mV
  on input { v = v + i }
  spike when v >= v_th
  on spike { v = 0 mV }
}
"""


def numbers(response):
    return (
        response.keep_v, response.keep_c, response.gain, response.threshold, response.refractory
    )  # fmt: skip


LIF = "lif(tau_mem = 16 ms, tau_syn = 4 ms, v_th = 5 mV, refractory = 2 ms)"


@pytest.mark.parametrize(
    ("cell", "model", "dt", "expected"),
    [
        (LIF, "", 1, (1 - 1 / 16, 1 - 1 / 4, 1 / 4, 5.0, 2)),
        (LIF, "", 0.5, (1 - 1 / 32, 1 - 1 / 8, 1 / 8, 5.0, 4)),
        ("lif(refractory = 0 ms)", "", 1, (1 - 1 / 64, 1 - 1 / 8, 1 / 8, 20.0, 0)),
        ("perfect(v_th = 2.5 mV)", PERFECT, 1, (1.0, 0.0, 1.0, 2.5, 0)),
        ("mine", RENAMED, 1, (0.9, 0.8, 0.2, 7.0, 3)),
        ("mine(memory = 20 ms, bar = 0.25 mV)", RENAMED, 1, (0.95, 0.8, 0.2, 0.25, 3)),
        ("direct", DIRECT, 1, (1 - 1 / 8, 0.0, 1.0, 1.5, 0)),
    ],
)
def test_numbers(cell, model, dt, expected):
    response = spike_response(population(cell, model, dt=dt))
    assert numbers(response) == pytest.approx(expected)
    assert response.scale == pytest.approx(2.0 if cell == "direct" else 1.0)


def test_time_constants():
    response = spike_response(population(LIF, dt=1))
    assert (response.tau_mem, response.tau_syn) == pytest.approx((16.0, 4.0))
    response = spike_response(population("perfect", PERFECT))
    assert (response.tau_mem, response.tau_syn) == (math.inf, 1.0)


def test_a_louder_potential_is_the_same_neuron():
    louder = RENAMED.replace("(tail / slow)", "16 * (tail / slow)")
    quiet, loud = population("mine", RENAMED), population("mine(bar = 112 mV)", louder)
    assert numbers(spike_response(loud)) == pytest.approx(numbers(spike_response(quiet)))
    assert spike_response(loud).scale == pytest.approx(16.0)


@pytest.mark.parametrize("v_th", [1e-5, 0.12345678, 40.0, 1000.0])
def test_the_slack_of_lif_does_not_change_its_threshold(v_th):
    response = spike_response(population(f"lif(v_th = {v_th:.8f} mV)"))
    assert response.threshold == pytest.approx(v_th, rel=1e-12)


NEVER = DIRECT.replace("v > 3 mV", "v > 2 * v and v < -1 mV")
ALWAYS = DIRECT.replace("v > 3 mV", "v > -3 mV")
SQUARE = DIRECT.replace("-v / tau", "-v * v / (tau * 1 mV)")
HALVED = RENAMED.replace("tail + volley", "tail + 0.5 * volley")
SPLIT = HALVED.replace("volley }", "volley  charge = charge + 0.1 * volley }")
KEPT = PERFECT.replace("v = 0 mV }", "v = v - v_th }")
RAISED = PERFECT.replace("v = 0 mV }", "v = -1 mV }")
BOTH = RENAMED.rstrip().removesuffix("}") + "  emit charge\n}\n"
FREE = RENAMED.replace("{ charge = 0 mV }\n}", "{ }\n}")
LIFTED = RENAMED.replace("{ charge = 0 mV }\n}", "{ charge = 1 mV }\n}")
EMPTIED = RENAMED.replace("{ charge = 0 mV }\n}", "{ charge = 0 mV  tail = 0 mV }\n}")
CROSSED = RENAMED.replace("-tail / slow", "(charge - tail) / slow")


@pytest.mark.parametrize(
    ("cell", "model", "port"),
    [
        ("izhikevich", "", ""),
        ("alif", "", ""),
        ("cuba_lif", "", ".exc"),
        ("direct", NEVER, ""),
        ("direct", ALWAYS, ""),
        ("direct", SQUARE, ""),
        ("mine", HALVED, ""),
        ("mine", SPLIT, ""),
        ("mine", CROSSED, ""),
    ],
)
def test_refused(cell, model, port):
    diagnostic = refused("E050", spike_response, population(cell, model, port=port))
    assert "`y`" in diagnostic.message
    assert diagnostic.help
    assert diagnostic.span is not None


@pytest.mark.parametrize(
    ("cell", "model", "why", "way_out"),
    [
        ("if", "", "does not reset `v` to 0", "write `v = 0 mV` in `on spike`"),
        ("perfect", KEPT, "does not reset `v` to 0", "write `v = 0 mV` in `on spike`"),
        ("perfect", RAISED, "does not reset `v` to 0", "write `v = 0 mV` in `on spike`"),
        ("lif(tau_syn = 1e38 ms)", "", "loses nothing in a step", "make its time constant shorter"),
        ("lif method rk4", "", "not a leaky integral", "write `method euler`"),
        ("mine", BOTH, "learn by spike trains", "such as `lif`"),
        ("li", "", "`y` sends what it emits", "let `y` be a neuron that spikes"),
        ("linear", "", "`y` sends what it emits", "or learn by `rule surrogate`"),
        ("mine", FREE, "not `charge` alone", "write `charge = 0 mV`"),
        ("mine", LIFTED, "not `charge` alone", "write `charge = 0 mV`"),
        ("mine", EMPTIED, "not `charge` alone", "write `charge = 0 mV`"),
    ],
)
def test_a_rest_that_the_response_does_not_know_is_refused(cell, model, why, way_out):
    diagnostic = refused("E050", spike_response, population(cell, model))
    assert why in diagnostic.message
    assert way_out in diagnostic.help
    assert diagnostic.span is not None
