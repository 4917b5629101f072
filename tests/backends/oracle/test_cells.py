"""The neurons' constants, in steps, and the neurons that are refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from snncc.backends.oracle.cells import cells_of
from snncc.backends.oracle.spsp import Cell
from snncc.ir.diagnostics import CompileError
from snncc.ir.expr import Const
from snncc.ir.graph import Call, Graph, Population
from snncc.ir.neuron import NeuronModel
from snncc.ir.types import DType

MODEL = NeuronModel("lif", (), (), ("i",), (), (), Const(False, DType.BOOL), ())
PARAMETERS = (("tau_mem", 16.0), ("tau_syn", 4.0), ("v_th", 2.0), ("refractory", 2.0))
OUTPUT = Population("y", (3,), "output", MODEL, PARAMETERS)
RULE = Call("st_rsbp")


def network(output, dt=1.0):
    return Graph("net", dt, (Population("x", (2,), "input"), output), ())


def test_times_are_in_steps():
    assert cells_of(network(OUTPUT, dt=0.5), RULE) == {"y": Cell(32.0, 8.0, 4, 2.0)}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"parameters": PARAMETERS[:1] + PARAMETERS[2:]}, "no `tau_syn`"),
        ({"method": "exact"}, "the method `exact`"),
    ],
)
def test_refuses_neurons_that_are_not_lif(changes, reason):
    with pytest.raises(CompileError) as caught:
        cells_of(network(replace(OUTPUT, **changes)), RULE)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "E050"
    assert reason in diagnostic.message
