"""Which networks are stepped as whole numbers of float64, and that these are bits of the reference
at the ends of what 32 bits hold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("onnx", reason="pip install onnx")
pytest.importorskip("onnxruntime", reason="pip install onnxruntime")

from compiled_texts import compiled_text
from integer_cases import drawn_integers
from onnx_runs import run_scan

from snncc.backends.exports.onnx.scan import scan_model
from snncc.backends.reference.network import simulate
from snncc.ir.expr import apply
from snncc.ir.integers.precision import Precision
from snncc.ir.model import draw_model
from snncc.ir.passes.pipeline import run_model_passes
from snncc.ir.passes.quantize import Quantize

NET = """
network n {
  dt = 1 ms
  input x[4] encode spikes(duration = 100 ms)
  population h[5] : CELL
  output y[3] : CELL
  x -> h : dense(init = uniform(-1, 2))
  h -> h : dense(init = uniform(-1, 1)) delay 2 ms
  h -> y : dense(init = uniform(-1, 2))
}
"""
LIF = "lif(v_th = 2 mV)"


def integers(cell=LIF, **asked):
    model = run_model_passes(draw_model(compiled_text(NET.replace("CELL", cell)).graph, 0))
    return run_model_passes(model, (Quantize(Precision(**asked)),))


def kinds(model):
    """What the Scans carry, by their number of states."""
    made = scan_model(model, "")
    scans = [n for n in made.graph.node if n.op_type == "Scan"]
    bodies = [
        n.attribute[0].g if n.attribute[0].name == "body" else n.attribute[1].g for n in scans
    ]
    return {each.type.tensor_type.elem_type for g in bodies for each in g.output[:2]}


DOUBLE, INT32 = 11, 6  # of onnx.TensorProto


def runs_alike(model, steps=100):
    rng = np.random.default_rng(1)
    spikes = rng.random((steps, 2, 4)) < np.linspace(0.05, 1, steps)[:, None, None]
    wanted = simulate(model, {"x": spikes}, record=True)
    found = run_scan(
        scan_model(model, "", every_spike=True, every_state=True), spikes.astype(np.uint8)
    )
    for name, states in wanted.history.items():
        assert (found[f"{name}.spikes"] == wanted.spikes[name]).all()
        for state, codes in states.items():
            if f"{name}.{state}" in found:
                assert found[f"{name}.{state}"].dtype == np.int32
                assert (found[f"{name}.{state}"] == codes).all(), (name, state)
    return max(int(np.abs(c).max()) for s in wanted.history.values() for c in s.values())


@pytest.mark.parametrize("rounding", ["floor", "nearest_even"])
@pytest.mark.parametrize("cell", [LIF, "lif(v_th = 2 mV, refractory = 0 ms)", "alif(v_th = 1 mV)"])
def test_neurons_that_leak_are_whole_numbers(cell, rounding):
    model = integers(cell, guard=8, rounding=rounding)
    assert kinds(model) == {DOUBLE}
    runs_alike(model)


@pytest.mark.parametrize(
    ("cell", "asked"),
    [
        ("if(v_th = 2 mV)", {}),  # its sum grows as long as it runs
        (LIF, {"rounding": "toward_zero"}),  # no operator of ONNX rounds so
        (LIF, {"guard": 17, "overflow": "wrap"}),  # sums leave 32 bits
    ],
)
def test_others_stay_integers(cell, asked):
    model = integers(cell, **asked)
    assert DOUBLE not in kinds(model)
    runs_alike(model)


def test_sums_that_wrap_do():
    assert runs_alike(integers(guard=17, overflow="wrap")) > 1 << 30


def test_sums_that_saturate_do():
    model = integers(guard=17, overflow="saturate")
    assert kinds(model) == {DOUBLE}
    assert runs_alike(model) == (1 << 31)


def test_a_threshold_below_what_is_held_is_still_refractory():
    """Neurons that would fire while they are held, but for the counter."""
    model = integers()
    graph = model.graph
    populations = tuple(
        p
        if p.step is None
        else replace(p, step=replace(p.step, threshold=apply("not", p.step.threshold)))
        for p in graph.populations
    )
    other = replace(model, graph=replace(graph, populations=populations))
    runs_alike(other)
    low = tuple(
        p
        if p.step is None
        else replace(
            p,
            step=replace(
                p.step, threshold=apply("ge", p.step.threshold.args[0], p.step.hold[0].value)
            ),
        )
        for p in graph.populations
    )
    runs_alike(replace(model, graph=replace(graph, populations=low)))


def test_a_run_that_is_longer_than_the_proof():
    """Ranges hold for ever: 100 steps of the program, 300 here."""
    model = integers(guard=8)
    assert kinds(model) == {DOUBLE}
    runs_alike(model, 300)


def test_of_drawn_networks_many_are_whole():
    found = [kinds(drawn_integers(seed)) for seed in range(8)]
    assert 2 <= sum(DOUBLE in each for each in found) < 8
