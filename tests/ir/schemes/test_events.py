"""Synapses between events: equations solved in closed form, looked up by steps."""

from __future__ import annotations

import numpy as np
from compiled_texts import compiled_text
from refusal import refused

from snncc.ir.graph import Projection
from snncc.ir.schemes.events import constants_of, starts_of, synapse_step, terms_of
from snncc.ir.synapse import Synapse

NETWORK = """
synapse s(a: kHz = 0.2 kHz, tau: ms = 30 ms) {{
  {0}
  on pre {{ emit weight * (x + y + z) }}
}}
network n {{
  dt = 0.5 ms
  delay = 1 ms
  input x[2] encode bernoulli(duration = 5 ms)
  output h[2] : lif
  x -> h : dense via s
}}
"""
STATES = "state x: 1 = 1 state y: 1 = tau / 10 ms state z: 1 = 0"


def synapse(equations: str) -> Synapse:
    graph = compiled_text(NETWORK.format(f"{STATES} {equations}")).graph
    (projection,) = graph.projections
    assert isinstance(projection, Projection)
    assert projection.synapse is not None
    return projection.synapse


def test_states_by_themselves_are_solved_to_the_last_digits() -> None:
    found = synapse("dx/dt = (1 - x) / tau  dz/dt = 3 / 1 ms")
    step, t = synapse_step(found.model), np.arange(101) * 0.5
    terms = dict(zip(step.terms, terms_of(found, 0.5, 100).T, strict=True))
    assert set(terms) == {"exact.x.x", "exact.x.1", "exact.z.1"}
    np.testing.assert_allclose(terms["exact.x.x"], np.exp(-t / 30), rtol=1e-15)
    np.testing.assert_allclose(terms["exact.x.1"], -np.expm1(-t / 30), rtol=1e-15)
    np.testing.assert_allclose(terms["exact.z.1"], 3 * t, rtol=1e-15)
    assert starts_of(found).tolist() == [1.0, 3.0, 0.0]
    assert dict(zip(step.constants, constants_of(found), strict=True)) == {"a": 0.2, "tau": 30.0}


def test_states_that_read_each_other() -> None:
    found = synapse("dx/dt = -a * y  dy/dt = a * x  dz/dt = (x - z) / tau")
    step, t = synapse_step(found.model), np.arange(101) * 0.5
    terms = dict(zip(step.terms, terms_of(found, 0.5, 100).T, strict=True))
    np.testing.assert_allclose(terms["exact.x.x"], np.cos(0.2 * t), atol=1e-12)
    np.testing.assert_allclose(terms["exact.y.x"], np.sin(0.2 * t), atol=1e-12)
    assert step.kept  # what is read before it is changed
    assert [row[0] for row in terms.values()] == [
        float(name.split(".")[1] == name.split(".")[2]) for name in terms
    ]


def test_what_is_not_linear_is_refused() -> None:
    found = refused("E031", synapse, "dx/dt = -x * y / tau")
    assert "`s` cannot be carried from event to event: dx/dt" in found.message
    assert "on pre" in found.help
