from __future__ import annotations

import pytest
from compiled_texts import compiled_text
from refusal import refused

from snncc.ir.verify.dropout import dropout_problem, require_complete

PROGRAM = compiled_text(
    """
network n {
  input x[6] encode bernoulli(duration = 4 ms)
  population h[4] : lif
  population lone[4] : lif
  output y[3] : lif
  x -> h : dense
  x -> lone : dense
  h -> y : dense
}
train n { data digits  rule surrogate(width = 10)  dropout h(p = 0.5) }
"""
)


@pytest.mark.parametrize(
    ("name", "said"),
    [("x", "is an input"), ("h", ""), ("lone", "sends nothing"), ("y", "the loss reads")],
)
def test_what_cannot_be_left_out(name, said):
    found = dropout_problem(PROGRAM.graph, PROGRAM.graph.population(name))
    assert (found is None) == (said == "")
    assert found is None or (f"`{name}`" in found[0] and said in found[0] and found[1])


def test_who_leaves_nothing_out():
    found = refused("E050", require_complete, PROGRAM.train, "a clock", "take a calendar")
    assert found.message == "a clock leaves no units out, and `h` has dropout"
    assert (found.help, found.span) == ("take a calendar", PROGRAM.train.span)
    require_complete(PROGRAM.train.but(dropout=None), "a clock", "")
