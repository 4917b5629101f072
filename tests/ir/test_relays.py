from __future__ import annotations

import pytest
from compiled_texts import compiled_text
from refusal import refusals, refused

from snncc.backends.rules.spike_train.response import spike_response
from snncc.backends.rules.through_time.tables import require_learnable
from snncc.ir.relays import relays, spiking_instead, written_ends

NET = """
module part {
  population pool2d[1, 4, 4] : lif
  population linear : linear
  pool2d -> linear : pool2d(kernel = 2)
  port in i = pool2d
  port out o = linear
}
network n {
  delay = 1 ms
  input x[1, 4, 4] encode poisson(duration = 5 ms)
  instance c : part
  output y[2] : cuba_lif
  x -> c.i : one_to_one then one_to_one
  c.o -> y.inh : one_to_one then pool2d(kernel = 2) then dense
  x -> y.exc : pool2d(kernel = 2) then dense
  x -> y.exc : pool2d(kernel = 4) then dense
}
train n {
  data digits
  rule eventprop
}
"""
RELAYS = {
    "x.one_to_one": "x",
    "c.linear.one_to_one": "c.linear",
    "c.linear.pool2d": "c.linear",
    "x.pool2d": "x",
    "x.pool2d#2": "x",
}


def test_relays_are_told_from_populations_of_instances() -> None:
    assert relays(compiled_text(NET).graph) == RELAYS


def test_the_ends_that_are_written() -> None:
    ends = written_ends(compiled_text(NET).graph)
    assert ends["c.linear->c.linear.one_to_one"] == ("c.linear", "y", "inh")
    assert ends["c.linear.one_to_one->c.linear.pool2d"] == ("c.linear", "y", "inh")
    assert ends["x.pool2d#2->y.exc"] == ("x", "y", "exc")
    assert ends["c.pool2d->c.linear"] == ("c.pool2d", "c.linear", "i")


@pytest.mark.parametrize("name", ["x.pool2d", "x.pool2d#2"])
def test_what_to_write_in_place_of_a_relay(name: str) -> None:
    population = compiled_text(NET).graph.population(name)
    diagnostic = refused("E050", spike_response, population)
    assert "population p : lif" in diagnostic.help
    assert "`x -> p : pool2d(…)`" in diagnostic.help
    assert diagnostic.span is not None


def test_a_rule_of_spike_times_says_it_too() -> None:
    program = compiled_text(NET)
    assert program.train is not None
    helps = [d.help for d in refusals(require_learnable, program.graph, program.train)]
    assert any("`x -> p : pool2d(…)`" in way_out for way_out in helps)
    assert spiking_instead(program.graph.population("c.linear")).startswith("let `c.linear` be")
