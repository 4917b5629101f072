"""Who takes one synapse of a pair refuses several, and says which projection has them."""

from __future__ import annotations

import pytest
from compiled_texts import compiled_text
from refusal import refusals, refused

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


STATEFUL = """
synapse s {{ state x: 1 = 1  on pre {{ emit weight * x  x = x / 2 }} }}
network n {{
  input x[4] encode poisson(duration = 5 ms)
  output y[3] : lif
  x -> y : dense(init = uniform(0, 1))  via s
}}
train n {{ data digits  rule {0} }}
"""
RULES = (
    *("st_rsbp", "hm2_bp", "eventprop", "tssl_bp"),
    *("surrogate(width = 1)", "e_prop(width = 1)"),
)


@pytest.mark.parametrize("rule", RULES)
def test_no_rule_learns_through_synapses_with_states(rule: str) -> None:
    program = compiled_text(STATEFUL.format(rule))
    assert program.train is not None
    diagnostic = refusals(rule_of, draw_model(program.graph, 0), program.train)[0]
    assert diagnostic.code == "E050"
    assert "`x->y` has synapses with states of their own" in diagnostic.message
    assert "leave `via` out, or run it by the target cpu or reference" in diagnostic.help


def test_integers_and_exports_take_weights_alone() -> None:
    made = draw_model(compiled_text(STATEFUL.format("st_rsbp")).graph, 0)
    integers = Quantize(Precision())
    found = [
        refused("E080", integers.run, run_model_passes(made)),
        refused("E071", EXPORTS["onnx"].require, made),
        refused("E071", EXPORTS["onnx-qdq"].require, made),
    ]
    assert all("states of their own" in diagnostic.message for diagnostic in found)
    for name in ("c", "object", "vectors"):  # written of integers, of which there are none
        refused("E071", EXPORTS[name].require, made)
