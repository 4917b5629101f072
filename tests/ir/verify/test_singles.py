"""Who takes one synapse of a pair refuses several, and says which projection has them."""

from __future__ import annotations

import pytest
from compiled_texts import compiled_text
from refusal import refused

from snncc.backends.exports.table import EXPORTS
from snncc.backends.rules.table import rule_of
from snncc.ir.integers.precision import Precision
from snncc.ir.model import Model, draw_model
from snncc.ir.passes.pipeline import run_model_passes
from snncc.ir.passes.quantize import Quantize
from snncc.ir.verify import GraphError
from snncc.ir.verify.singles import require_single

NET = """
network n {{
  input x[4] encode poisson(duration = 5 ms)
  output y[3] : lif
  x -> y : dense
  x -> y : fixed_fan_in({0}) as several
}}
train n {{ data digits rule st_rsbp }}
"""


def model(more: str = "k = 5, multapses = true") -> Model:
    return draw_model(compiled_text(NET.format(more)).graph, 0)


def test_rules_integers_and_onnx_take_one() -> None:
    spec = compiled_text(NET.format("k = 5, multapses = true")).train
    assert spec is not None
    integers = Quantize(Precision())
    found = [
        refused("E050", rule_of, model(), spec),
        refused("E080", integers.run, run_model_passes(model())),
        refused("E071", EXPORTS["onnx"].require, model()),
    ]
    for diagnostic in found:
        assert "`several` joins pairs several times" in diagnostic.message
        assert "multapses" in diagnostic.help


def test_delays_of_synapses_are_refused_as_well() -> None:
    text = NET.format("k = 2").replace("as several", "delay uniform(1 ms, 3 ms) as several")
    diagnostic = refused("E050", require_single, compiled_text(text).graph, "E050", "it learns")
    assert "`several` has synapses of different delays, and it learns one" in diagnostic.message
    assert "give it one delay" in diagnostic.help


@pytest.mark.parametrize("more", ["k = 2", "k = 2, multapses = false"])
def test_others_have_one(more: str) -> None:
    require_single(model(more).graph, "E050", "nobody takes")


def test_a_pair_stands_twice_where_the_projection_says_so() -> None:
    made, other = model(), model("k = 2")
    twice = made.wirings["several"]
    assert len(set(zip(*twice.pairs(), strict=True))) < twice.synapses
    run_model_passes(made)
    with pytest.raises(GraphError, match="out of order, or twice"):
        run_model_passes(
            Model(other.graph, {**other.wirings, "several": twice}, other.values, other.seed)
        )
