"""What the rule refuses, and what it remembers."""

from __future__ import annotations

from compiled_texts import compiled_text
from refusal import refused

from snncc.backends.rules.table import on_gpu
from snncc.backends.rules.through_time.row import check
from snncc.backends.rules.through_time.tables import adjoints, sample_bytes
from snncc.ir.model import draw_model

TEXT = """
neuron burst {
  state v: mV = 0 mV
  on input { v = v + i }
  dv/dt = -v / 5 ms
  spike when CONDITION
  on spike { v = 0 mV }
}
network net {
  dt = 1 ms
  input x[2] encode spikes(duration = 50 ms)
  population h[3] : lif
  output y[4] : burst
  MORE
  x -> h : dense
  h -> y : dense  delay 1 ms
}
train net {
  data digits
  rule surrogate(width = 2)
}
"""


def program(condition="v > 1 mV", more=""):
    return compiled_text(TEXT.replace("CONDITION", condition).replace("MORE", more))


def mistakes(made):
    return check(draw_model(made.graph, 0), made.train)


def test_a_threshold_without_a_margin():
    (found,) = mistakes(program("v > 1 mV and v < 9 mV"))
    assert found.code == "E050"
    assert "no single comparison" in found.message
    assert found.span is not None
    assert mistakes(program("max(v, 2 * v) > 1 mV")) == ()


def test_several_outputs():
    (found,) = mistakes(program(more="output z[2] : lif  h -> z : dense"))
    assert (found.code, "not 2" in found.message) == ("E050", True)


def test_a_gpu():
    assert "`surrogate` does not train" in refused("E071", on_gpu, program().train).message


def test_what_is_remembered_of_a_step():
    made = program()
    lif, burst = adjoints(made.graph, made.train.call("rule"))
    assert lif.kept == ("refractory_left", "spiked", "v:3")
    assert burst.kept == ("spiked", "v:2")
    assert sample_bytes(made.graph, made.train) == {"h": 4 * 50 * 3 * 6, "y": 4 * 50 * 4 * 5}
