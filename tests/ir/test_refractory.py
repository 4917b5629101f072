from __future__ import annotations

from dataclasses import replace

from snncc.ir.expr import Const, Ref, apply
from snncc.ir.graph import Population
from snncc.ir.neuron import NeuronModel, Parameter, Refractory
from snncc.ir.refractory import refractory_steps

NEVER = apply("gt", Const(1.0), Const(2.0))
TWICE = Refractory(apply("mul", Ref("rest"), Const(2.0)), ())
MODEL = NeuronModel("n", (Parameter("rest", "ms", 2.0),), (), (), (), (), NEVER, (), TWICE)
NEURONS = Population("h", (4,), "hidden", MODEL, (("rest", 1.5),))


def test_refractoriness_is_counted_in_steps_of_dt() -> None:
    assert refractory_steps(NEURONS, 0.5) == 6
    assert refractory_steps(NEURONS, 1.0) == 3


def test_inputs_and_models_without_one_have_none() -> None:
    assert refractory_steps(Population("x", (2,), "input"), 0.5) == 0
    assert refractory_steps(replace(NEURONS, model=replace(MODEL, refractory=None)), 0.5) == 0
