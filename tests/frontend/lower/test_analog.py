"""Inputs whose numbers have a unit."""

from __future__ import annotations

import pytest
from compiled_texts import compiled_text
from refusal import refused

TEXT = """
neuron cell {{
  input I: pA
  state v: mV = 0 mV
  dv/dt = -v / 10 ms + I / 200 pF
  spike when v > 15 mV
  on spike {{ v = 0 mV }}
}}
network n {{
  input x[2] : {0} encode current(duration = 5 ms{1})
  output y[2] : cell
  x -> y : one_to_one({2})
}}
"""


@pytest.mark.parametrize(
    ("unit", "more", "sd"),
    [
        ("nA", "", 1e-3),
        ("pA", "", 1.0),
        ("nA", ", sd = 2", 2e-3),
        ("uA", ", sd = [1, 2]", (1e-6, 2e-6)),
    ],
)
def test_numbers_are_sent_in_the_coherent_unit(unit, more, sd):
    graph = compiled_text(TEXT.format(unit, more, "weight = 2")).graph
    encoding = graph.population("x").encoding
    assert encoding is not None
    assert encoding["sd"] == sd


def test_weights_to_them_are_plain_numbers():
    found = refused("E021", compiled_text, TEXT.format("nA", "", "weight = 2 pA"))
    assert "plain number" in found.message
    found = refused("E021", compiled_text, TEXT.format("mV", "", "weight = 2"))
    assert "sends a voltage" in found.message
