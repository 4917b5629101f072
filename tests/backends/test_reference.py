"""The oracle against the worked example of the LIF neuron, by hand-built graphs."""

import numpy as np
import pytest

from snncc.backends.reference import simulate
from snncc.ir.expr import Const, Expr, Ref, apply
from snncc.ir.graph import Call, Graph, Population, Projection
from snncc.ir.neuron import Assign, NeuronModel, Parameter, Refractory, State
from snncc.ir.passes.pipeline import run_pipeline


def neg(x: Expr) -> Expr:
    return apply("neg", x)


def lif() -> NeuronModel:
    """The neuron of HM2-BP and ST-RSBP, as the prelude writes it."""
    v, c, i, tau_mem, tau_syn = (Ref(n) for n in ("v", "c", "i", "tau_mem", "tau_syn"))
    leak = apply("div", neg(v), tau_mem)
    return NeuronModel(
        "lif",
        tuple(
            Parameter(name, unit, default)
            for name, unit, default in (
                ("tau_mem", "ms", 64.0),
                ("tau_syn", "ms", 8.0),
                ("v_th", "mV", 20.0),
                ("refractory", "ms", 2.0),
            )
        ),
        (State("v", "mV", Const(0.0)), State("c", "mV", Const(0.0))),
        ("i",),
        (
            Assign("v", apply("add", leak, apply("div", c, tau_syn))),
            Assign("c", apply("div", neg(c), tau_syn)),
        ),
        (Assign("c", apply("add", c, i)),),
        apply("gt", v, apply("sub", Ref("v_th"), Const(1e-6))),
        (Assign("v", Const(0.0)),),
        Refractory(Ref("refractory"), (Assign("v", Const(0.0)),)),
    )


def example(recurrent: bool) -> Graph:
    """algorithms: tau_m = 4, tau_s = 2, T_ref = 1, threshold 1, two inputs, two neurons."""
    given = Call("given", (("tensor", "w"),))
    populations = (
        Population("x", (2,), "input"),
        Population(
            "h",
            (2,),
            "output",
            lif(),
            (("tau_mem", 4.0), ("tau_syn", 2.0), ("v_th", 1.0), ("refractory", 1.0)),
        ),
    )
    projections = [Projection("w", "x", "h", Call("dense"), given, delay=1)]
    if recurrent:
        projections.append(Projection("r", "h", "h", Call("dense"), given, delay=1))
    return run_pipeline(Graph("example", 1.0, populations, tuple(projections)))


WEIGHTS = {
    "w": np.array([[2.0, 1.0], [1.5, -0.5]], np.float32).T,
    "r": np.array([[0.0, 0.8], [0.5, 0.0]], np.float32).T,
}


def inputs() -> np.ndarray:
    spikes = np.zeros((8, 1, 2), bool)
    spikes[[1, 2, 4, 5], 0, 0] = True
    spikes[[1, 3, 5], 0, 1] = True
    return spikes


@pytest.mark.parametrize("real", [np.float64, np.float32])
def test_worked_example_without_recurrence(real) -> None:
    trace = simulate(example(False), WEIGHTS, {"x": inputs()}, real, record=True)
    spikes = trace.spikes["h"][:, 0]
    assert spikes.astype(int).tolist() == [
        [0, 0], [0, 0], [1, 0], [0, 1], [1, 0], [0, 0], [1, 1], [0, 0],
    ]  # fmt: skip
    assert spikes.sum(axis=0).tolist() == [3, 2]
    assert trace.history["h"]["c"][:, 0].tolist() == [
        [0, 0], [0, 0], [3, 1], [3.5, 2], [2.75, 0.5], [3.375, 1.75], [4.6875, 1.875],
        [2.34375, 0.9375],
    ]  # fmt: skip
    # v is 0 wherever the neuron fired or rests; the others are as in the table.
    assert trace.history["h"]["v"][:, 0].tolist() == [
        [0, 0], [0, 0], [0, 0.5], [0, 0], [0, 0], [0, 0.875], [0, 0], [0, 0],
    ]  # fmt: skip
    assert trace.states["h"]["v"].dtype == real


def test_worked_example_with_recurrence() -> None:
    spikes = simulate(example(True), WEIGHTS, {"x": inputs()}).spikes["h"][:, 0]
    assert np.flatnonzero(spikes[:, 0]).tolist() == [2, 4, 6]
    assert np.flatnonzero(spikes[:, 1]).tolist() == [3, 5]
