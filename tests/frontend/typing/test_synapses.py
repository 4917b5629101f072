"""Synapse models in the language: both places of parameters, units, what is sent."""

from __future__ import annotations

from compiled_texts import compiled_text

from snncc.ir.synapse import SENT, Synapse

TEXT = """
synapse both(U: 1 = 0.5) {
  param tau: ms = 30 ms
  weight: nS
  state x: 1 = U
  dx/dt = -x / tau
  on pre { x = x + 1  emit weight * clip(x, 0, 2) }
}
network n {
  dt = 1 ms
  delay = 1 ms
  let fast = 5 ms
  input a[2] encode bernoulli(duration = 5 ms)
  output h[2] : driven
  a -> h : dense(weight = 2 nS) via both(tau = 2 * fast)
}
neuron driven { input g: nS  state v: nS = 0 nS  on input { v = v + g }  spike when v > 1 nS }
"""


def synapse() -> Synapse:
    found = compiled_text(TEXT).graph.projections[0].synapse
    assert found is not None
    return found


def test_parameters_stand_in_brackets_and_in_the_block() -> None:
    assert dict(synapse().parameters) == {"U": 0.5, "tau": 10.0}
    assert synapse().model.unit == "nS"


def test_what_is_sent_keeps_its_place() -> None:
    assert [a.target for a in synapse().model.on_pre] == ["x", SENT]
    assert synapse().model.held == ("x",)
