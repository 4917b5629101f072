"""Which states a step may lose, as the author writes them."""

from __future__ import annotations

import pytest
from compiled_texts import compiled_text

NETWORK = """
neuron cell {{
  param tau: ms = 5 ms
  state v: mV = 0 mV
  state w: 1 = 0
  on input {{ v = v + i }}
  dv/dt = {v}
  dw/dt = {w}
  spike when v > 9 mV
}}
network net {{
  input x[1] encode spikes(duration = 4 ms)
  output y[1] : cell
  x -> y : dense
}}
"""


@pytest.mark.parametrize(
    ("v", "w", "watched"),
    [
        ("-v / tau", "-w / tau + v / 1 mV / tau", []),
        ("v * v / 1 mV / tau + 3 * v / tau", "w ^ 3 / tau", []),
        ("(1 mV) * exp(v / 1 mV) / tau", "-w / tau", ["v.lost"]),
        ("-v / (tau * w)", "sqrt(v / 1 mV) / tau", ["v.lost", "w.lost"]),
        ("-v / tau", "w ^ 0.5 / tau", ["w.lost"]),
        ("-v / tau", "(log(w) + exp(tau / 1 ms)) / tau", ["w.lost"]),
        ("-exp(-tau / 1 ms) * v / tau", "2 ^ w / tau", ["w.lost"]),
    ],
)
def test_states_that_may_be_lost_are_watched(v, w, watched):
    step = compiled_text(NETWORK.format(v=v, w=w)).graph.population("y").step
    assert [s.name for s in step.states if s.name.endswith(".lost")] == watched


@pytest.mark.parametrize(
    ("emitted", "watched"),
    [("log(v / 1 mV)", ["emitted.last.lost"]), ("tanh(v / 1 mV)", [])],
)
def test_a_number_that_is_sent_is_watched_too(emitted, watched):
    text = NETWORK.format(v="-v / tau", w="-w / tau").replace(
        "v > 9 mV", f"v > 9 mV\n  emit {emitted}"
    )
    heard = text.replace(
        "  output", "  population h[1] : cell\n  x -> h : dense\n  h -> y : dense\n  output"
    )
    graph = compiled_text(heard).graph
    found = [
        [s.name for s in graph.population(p).step.states if s.name.endswith(".lost")] for p in "hy"
    ]
    assert found == [watched, []]  # of an output the last one counts, which is looked at


@pytest.mark.parametrize(
    ("threshold", "rest", "watched"),
    [
        ("v > sqrt(v * 1 mV)", "", ["spiked.lost"]),
        ("v > 9 mV and log(w) > 1", "", ["spiked.lost"]),
        ("v > 9 mV", "", []),
        ("v > 9 mV", "on spike { v = log(w) * 1 mV }", ["v.lost"]),
        ("v > 9 mV", "refractory 1 ms { w = sqrt(w) }", ["w.lost"]),
        ("v > 9 mV", "on spike { v = select(log(w) > 1, 0 mV, 1 mV) }", ["v.lost"]),
        ("v > 9 mV", "on spike { v = select(w > 1, 0 mV, 1 mV) }", []),
    ],
)
def test_what_is_compared_and_what_a_reset_computes_is_watched(threshold, rest, watched):
    text = NETWORK.format(v="-v / tau", w="-w / tau").replace("v > 9 mV", f"{threshold} {rest}")
    step = compiled_text(text).graph.population("y").step
    assert [s.name for s in step.states if s.name.endswith(".lost")] == watched
