"""A rate beyond one spike a step is warned of."""

from __future__ import annotations

from dataclasses import replace

import pytest

from snncc.ir.expr import Const
from snncc.ir.graph import Call, Graph, Population
from snncc.ir.neuron import NeuronModel
from snncc.ir.types import DType
from snncc.ir.verify.rates import rate_warnings


def graph(kind: str, dt: float, **arguments: float) -> Graph:
    encoding = Call(kind, (("duration", 10.0), *arguments.items()))
    inputs = Population("x", (4,), "input", encoding=encoding)
    return Graph("n", dt, (inputs, Population("y", (3,), "output")), ())


def test_a_rate_beyond_one_spike_a_step() -> None:
    (warning,) = rate_warnings(graph("poisson", 0.5, rate=5000.0))
    assert warning.code == "W040"
    assert "for 2.5 spikes a step" in warning.message
    assert "all values above 0.4 fire" in warning.message
    assert "at most 2000 Hz" in warning.help


def test_an_output_that_never_fires() -> None:
    model = NeuronModel("m", (), (), (), (), (), None, (), emit=Const(1.0))
    outputs = [Population(name, (3,), "output", model) for name in "yz"]
    fires = replace(outputs[1], model=replace(model, spike=Const(True, DType.BOOL)))
    (warning,) = rate_warnings(Graph("n", 1.0, (outputs[0], fires), ()))
    assert (warning.code, "`y` never fires" in warning.message) == ("W041", True)


@pytest.mark.parametrize("net", [graph("poisson", 0.1, rate=10_000.0), graph("bernoulli", 7.0)])
def test_one_spike_a_step_is_possible(net: Graph) -> None:
    assert rate_warnings(net) == ()
